"""What decisions about renewals change in the bridge's own store."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from bridge.domain.messaging import Template
from bridge.domain.names import ChannelName, EmployeeId
from bridge.domain.renewing import Renewal, RenewalId
from bridge.domain.renewing_policy import RenewalDefault


class StepOutcome(StrEnum):
    SENT = "sent"  # to the partner's point of contact
    LOGGED = "logged"  # the vendor sends it
    FLAGGED = "flagged"  # nobody could get it; managers know
    WARNED = "warned"  # managers know that nobody has reacted
    REACTED = "reacted"  # somebody had, so that nobody had to be warned


@dataclass(frozen=True, slots=True, kw_only=True)
class PutRenewal:
    renewal: Renewal


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteStep:
    """A step of the schedule is done with, for the renewal of this date."""

    renewal: RenewalId
    renews_on: date
    step: str
    outcome: StepOutcome
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteDefault:
    """The default that holds from now on; None: there is none any more."""

    tenant: str
    default: RenewalDefault | None
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueChat:
    """A notice that leaves as a chat message, by the same desk as every other. `key` keeps it from
    leaving twice."""

    key: str
    renewal: RenewalId
    step: str
    employee: EmployeeId
    channel: ChannelName
    phone: str
    template: Template
    at: datetime


RenewalChange = PutRenewal | NoteStep | NoteDefault | QueueChat
