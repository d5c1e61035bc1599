"""Digests: when the next one is due, and what it says of somebody's chats, without a client."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

from bridge.domain.effects import SendEmail
from bridge.domain.names import EmployeeId, digest_id
from bridge.domain.policy import Digest, DigestEvery


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What somebody is told by a digest; `more`: there are more than were counted."""

    red: int = 0
    grey: int = 0
    told: int = 0  # notifications since his last digest that he has not read
    more: bool = False

    @property
    def is_worth_a_mail(self) -> bool:
        """Grey marks alone are for who looks for them."""
        return self.red > 0 or self.told > 0


def latest_due(digest: Digest, now: datetime, zone: tzinfo) -> datetime:
    """The moment of the latest digest that is due. A time that summer time leaves out is due as
    much later, one that it repeats is due once, at the first of the two."""
    at = time.fromisoformat(digest.at)
    if digest.every is DigestEvery.HOUR:
        past = (now.astimezone(zone).minute - at.minute) % 60
        return now.replace(second=0, microsecond=0) - timedelta(minutes=past)
    today = now.astimezone(zone).date()
    days = (today - timedelta(days=back) for back in range(3))
    due = (datetime.combine(day, at, tzinfo=zone).astimezone(UTC) for day in days)
    return next(moment for moment in due if moment <= now)


def digest_mail(
    employee: EmployeeId, waiting: Waiting, period: datetime, public_url: str
) -> SendEmail:
    lines = [_line("Clients who wait for your answer", waiting.red, more=waiting.more)]
    if waiting.grey:
        lines.append(_line("Unanswered chats of others", waiting.grey, more=waiting.more))
    lines.append(f"New notifications that you have not read: {waiting.told}")
    links = f"{public_url}/conversations?unanswered=1\n{public_url}/notifications"
    return SendEmail(
        key=digest_id("dg", employee, period.isoformat()),
        recipient=employee,
        subject=_subject(waiting),
        text="\n".join(lines) + f"\n\n{links}",
        employee=employee,
    )


def _subject(waiting: Waiting) -> str:
    if waiting.red == 0:
        return "What is new in your conversations"
    return "A client waits for your answer" if waiting.red == 1 else "Clients wait for your answer"


def _line(words: str, number: int, *, more: bool) -> str:
    return f"{words}: {'more than ' if more else ''}{number}"
