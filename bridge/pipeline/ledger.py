"""Decision records: what was decided and why, as bytes that re-evaluation gives again."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from typing import get_args

from bridge import __version__, codec
from bridge.domain import events
from bridge.domain.decisions import Candidate, Decision, FactUsed, RuleTried, Wait
from bridge.domain.events import Event
from bridge.domain.facts import Facts
from bridge.domain.names import AccountName, ConversationId, EmployeeId, EventKey, RecordId
from bridge.domain.people import Directory
from bridge.domain.policy import Policy
from bridge.domain.reasons import Reason
from bridge.domain.routing import route

_KINDS: dict[str, type[Event]] = {kind.__name__: kind for kind in get_args(events.Event)}
_UNTOLD_OF_EVENTS = {"raw": ""}
_UNTOLD_OF_FACTS = {"directory": Directory()}


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectPlanned:
    """An effect as the record shows it: its kind, who carries it out, a digest of its content."""

    kind: str
    account: AccountName
    idempotency_key: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What `bridge explain` shows; holds no message text and no phone number."""

    account: AccountName
    event_key: EventKey
    kind: str
    verdict: str
    reasons: tuple[Reason, ...]
    occurred_at: datetime
    decided_at: datetime
    target: EmployeeId | None
    conversation: ConversationId | None
    contact: RecordId | None
    rules: tuple[RuleTried, ...]
    candidates: tuple[Candidate, ...]
    facts: tuple[FactUsed, ...]
    effects: tuple[EffectPlanned, ...]
    changes: tuple[str, ...]
    config_hash: str
    directory_hash: str
    code_version: str


def record_of(decision: Decision, config_hash: str, directory_hash: str) -> Record:
    return Record(
        account=decision.account,
        event_key=decision.event_key,
        kind=decision.kind,
        verdict=decision.verdict,
        reasons=decision.reasons,
        occurred_at=decision.occurred_at,
        decided_at=decision.decided_at,
        target=decision.target,
        conversation=decision.conversation,
        contact=decision.contact,
        rules=decision.rules,
        candidates=decision.candidates,
        facts=decision.facts,
        effects=tuple(
            EffectPlanned(
                kind=type(planned.effect).__name__,
                account=planned.account,
                idempotency_key=idempotency_key(decision, n),
                digest=hashlib.sha256(codec.encode(planned.effect)).hexdigest(),
            )
            for n, planned in enumerate(decision.effects)
        ),
        changes=tuple(type(change).__name__ for change in decision.changes),
        config_hash=config_hash,
        directory_hash=directory_hash,
        code_version=__version__,
    )


def idempotency_key(decision: Decision, place: int) -> str:
    """The key of the decision's effect at this place: replaying gives the same one."""
    parts = f"{decision.account}\x1f{decision.event_key}\x1f{place}".encode()
    return hashlib.sha256(parts).hexdigest()[:32]


def stored_event(event: Event) -> bytes:
    """The event without the vendor's raw item, which the inbox keeps."""
    return codec.encode_told(event, _UNTOLD_OF_EVENTS)


def stored_facts(facts: Facts) -> bytes:
    """The facts without the directory, which the decision names by its hash."""
    return codec.encode_told(facts, _UNTOLD_OF_FACTS)


def evaluate_again(
    kind: str,
    event: bytes,
    facts: bytes,
    policy: Policy,
    config_hash: str,
    directory: Directory,
    directory_hash: str,
) -> bytes:
    """The record that the stored input gives now; equal to the stored one unless the rules in
    this code have changed. Raises LookupError for a kind of event this version does not know."""
    given = replace(codec.decode(Facts, facts), directory=directory)
    decided = route(event_of(kind, event), given, policy)
    if isinstance(decided, Wait):
        raise LookupError("the stored input waits for something; it was never decided")
    return codec.encode(record_of(decided, config_hash, directory_hash))


def event_of(kind: str, stored: bytes) -> Event:
    """What `stored_event` kept; raises LookupError for a kind that this version does not know."""
    return codec.decode(_kind(kind), stored)


def _kind(name: str) -> type[Event]:
    try:
        return _KINDS[name]
    except KeyError:
        raise LookupError(f"this version knows no event {name}") from None
