"""Somebody signs in as a reseller's client, to help him: events of our own, see `events`."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bridge.domain.names import HOUSE, AccountName, ClientId, EventKey
from bridge.domain.principals import Person


class HelpEnd(StrEnum):
    """Why somebody is not signed in as a client any more."""

    HIMSELF = "himself"  # he ended it, signed out, or began anew
    TIME = "time"
    LOST = "lost"  # the client is archived, or he is not the client's any more


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInAsStarted:
    """`help` names this time that he is signed in as the client, and no other."""

    event_key: EventKey
    occurred_at: datetime
    account: AccountName = HOUSE
    raw: str = ""
    by: Person
    client: ClientId
    help: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInAsEnded:
    """`by` is who was signed in as the client."""

    event_key: EventKey
    occurred_at: datetime
    account: AccountName = HOUSE
    raw: str = ""
    by: str
    client: ClientId
    help: str
    why: HelpEnd


HelpingEvent = SignInAsStarted | SignInAsEnded
