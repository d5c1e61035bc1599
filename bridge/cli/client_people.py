"""In whose name a command looks at clients, and in whose it changes them."""

import click

from bridge.cli.answers import Failed
from bridge.cli.whom import somebody
from bridge.domain.principals import Person, PersonKind
from bridge.pipeline.parts import Parts

_KINDS = (PersonKind.EMPLOYEE, PersonKind.RESELLER_USER)
BY = click.option("--by", help="Who does it, by e-mail; the first manager when not given.")
AS = click.option(
    "--as", "kind", type=click.Choice(_KINDS), help="As what, where an address is several."
)


def reader() -> Person:
    """Who sits at the machine itself: reads all, and tells of use."""
    return Person(kind=PersonKind.SERVICE, id="command")


def actor(parts: Parts, by: str | None, kind: str | None) -> Person:
    policy = parts.active().policy
    if by is not None:
        return somebody(policy, by, kind)
    if not policy.managers:
        raise Failed("nobody is a manager", "say who does it: --by EMAIL")
    return Person(kind=PersonKind.EMPLOYEE, id=policy.managers[0])
