"""What a comparison has found: one line each, whether it is mended, and what a person does."""

from dataclasses import dataclass
from enum import StrEnum


class About(StrEnum):
    MESSAGE = "message"  # the vendor has it, and we never heard of it
    ENTRY = "entry"  # of a message on the CRM's timeline
    RECORD = "record"  # a contact, deal, lead or owner that we were to write
    SEND = "send"  # a message of ours whose outcome is not known
    WEBHOOKS = "webhooks"  # what a vendor has to tell us by itself, and what that needs
    VENDOR = "vendor"  # could not be asked


class State(StrEnum):
    MENDED = "mended"
    WOULD_MEND = "would be mended"  # of a dry run
    UNDER_WAY = "under way"  # ordered, and not done within the time we waited
    LEFT = "left"  # as somebody has decided, or nothing can be known here
    OPEN = "open"  # a person has to do something


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`subject` names a row or a setting, `todo` what a person does. Nothing here is of a client
    but our own ids."""

    about: About
    account: str
    subject: str
    state: State
    detail: str
    todo: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`looked_at`: how many of each kind were compared."""

    findings: tuple[Finding, ...]
    looked_at: dict[About, int]

    @property
    def ok(self) -> bool:
        return all(finding.state is not State.OPEN for finding in self.findings)

    def count(self, state: State) -> int:
        return sum(finding.state is state for finding in self.findings)
