"""A question in words, such as `country=MX channel=wa-sales`, to what a trial takes."""

from collections.abc import Mapping

from bridge.domain.policy import Policy
from bridge.policy.checks.checked import Checked
from bridge.policy.checks.tests import given_names_what_exists
from bridge.policy.findings import ConfigInvalid
from bridge.policy.kinds import Reading, Refused
from bridge.policy.nodes import Entries, Entry, Scalar
from bridge.policy.options.tests import GIVEN
from bridge.policy.routing_tests import Given


def given_of(words: Mapping[str, str], policy: Policy) -> Given:
    """The `given` of a test from its keys and values; raises ConfigInvalid as a file would."""
    reading = Reading()
    entries = (
        Entry(key=Scalar(text=key, place=""), value=Scalar(text=value, place=""))
        for key, value in words.items()
    )
    try:
        given = GIVEN.kind.read(Entries(entries=tuple(entries), place=""), reading)
    except Refused as refused:
        raise ConfigInvalid(reading.findings) from refused
    if findings := tuple(given_names_what_exists(Checked(policy=policy), given, "")):
        raise ConfigInvalid(findings)
    return given
