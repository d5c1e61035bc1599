"""Questions of the command line read like the tests in the YAML."""

from pathlib import Path

import pytest

from bridge.domain.messaging import Messenger
from bridge.domain.names import ChannelName, EmployeeId
from bridge.domain.policy import ClientCondition, Policy
from bridge.policy.asking import given_of
from bridge.policy.findings import ConfigInvalid
from bridge.policy.routing_tests import Given
from tests.policy.building import WHOLE, loaded


@pytest.fixture
def policy(tmp_path: Path) -> Policy:
    return loaded(tmp_path, a=WHOLE).policy


@pytest.mark.parametrize(
    ("words", "given"),
    [
        ({}, Given()),
        ({"country": "mx", "channel": "wa"}, Given(country="MX", channel=ChannelName("wa"))),
        ({"messenger": "telegram"}, Given(messenger=Messenger.TELEGRAM)),
        (
            {"owner": "Ana@acme.example", "inactive": "ana@acme.example"},
            Given(
                client=ClientCondition.KNOWN,
                owner=EmployeeId("ana@acme.example"),
                inactive=frozenset({EmployeeId("ana@acme.example")}),
            ),
        ),
    ],
)
def test_words_become_what_is_given(policy: Policy, words: dict[str, str], given: Given) -> None:
    assert given_of(words, policy) == given


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"contry": "MX"}, "contry: unknown key; did you mean country?"),
        ({"country": "Mexico"}, "country: Mexico is not a country"),
        ({"country": ""}, "country: has no value"),
        ({"channel": "wa-nort"}, "channel: wa-nort is not a channel; did you mean wa-north?"),
        ({"turn": "x"}, "turn: is a single value, not a mapping"),
    ],
)
def test_a_wrong_word_is_refused_with_a_suggestion(
    policy: Policy, words: dict[str, str], said: str
) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        given_of(words, policy)
    assert str(caught.value).startswith(said)
