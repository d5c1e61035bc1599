"""What people say of renewals: decided at once, and answered with the reason of a refusal."""

from dataclasses import dataclass
from datetime import date

from bridge.domain.names import HOUSE, EventKey
from bridge.domain.principals import Person
from bridge.domain.reasons import ReasonCode
from bridge.domain.renewing import OwnerChoice, RenewalId, RenewalWord
from bridge.domain.renewing_events import RenewalOwnerSet, RenewalWordGiven
from bridge.pipeline.house import decide_here
from bridge.pipeline.parts import Parts
from bridge.pipeline.refusals import Refusal

_STATUS = {
    ReasonCode.REQUEST_NOT_FOUND: 404,
    ReasonCode.RENEWAL_CHANGED_MEANWHILE: 409,
    ReasonCode.RENEWAL_GONE: 409,
    ReasonCode.ROLE_QUALITY_CONTROL: 403,
    ReasonCode.ROLE_NONE: 403,
    ReasonCode.REQUEST_FORBIDDEN: 403,
    ReasonCode.RENEWAL_NOT_SET_UP: 403,
    ReasonCode.RENEWAL_NO_PARTNER: 403,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """Whose word it is; `seen` is the version that he looked at, `key` tells it from every other,
    so that it counts once."""

    person: Person
    seen: int
    key: str


def set_owner(
    parts: Parts, word: Word, renewal: RenewalId, choice: OwnerChoice, notify: str | None
) -> Refusal | None:
    """Who owns the process of one client (REN-18)."""
    return _decide(
        parts,
        RenewalOwnerSet(
            event_key=EventKey(f"renewal-owner:{word.key}"),
            occurred_at=parts.now(),
            account=HOUSE,
            renewal=renewal,
            choice=choice,
            notify=notify.strip().lower() or None if notify else None,
            seen=word.seen,
            by=word.person,
        ),
    )


def say(
    parts: Parts, word: Word, renewal: RenewalId, said: RenewalWord, renews_on: date
) -> Refusal | None:
    """How far the renewal of this date is."""
    return _decide(
        parts,
        RenewalWordGiven(
            event_key=EventKey(f"renewal-word:{word.key}"),
            occurred_at=parts.now(),
            account=HOUSE,
            renewal=renewal,
            word=said,
            renews_on=renews_on,
            seen=word.seen,
            by=word.person,
        ),
    )


def status_of(code: ReasonCode) -> int:
    """As a web page or the API answers it."""
    return _STATUS.get(code, 422)


def _decide(parts: Parts, event: RenewalOwnerSet | RenewalWordGiven) -> Refusal | None:
    (outcome,) = decide_here(parts, [event])
    refused = outcome.refused
    return None if refused is None else Refusal(reason=refused, status=status_of(refused.code))
