"""Notices of the house itself, which no event brings: decided and on record like everything."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bridge.domain.announcing import Occasion, effects_of
from bridge.domain.changes import Notify
from bridge.domain.decisions import Decision, Verdict
from bridge.domain.names import AccountName, EventKey
from bridge.domain.reasons import Reason
from bridge.domain.telling import active_managers
from bridge.pipeline.commit import Decided, commit
from bridge.pipeline.loaded import Loaded
from bridge.pipeline.parts import Active
from bridge.store import mirror


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What managers are told of an account; `kind` names it among the decisions, `about` whom or
    what of the account it is about, where that is not the whole."""

    account: AccountName
    kind: str
    reason: Reason
    about: str = ""


def tell_managers(
    db: Connection, active: Active, public_url: str, trouble: Trouble, now: datetime
) -> frozenset[str]:
    """Within the caller's transaction, which decides; gives the lanes that have work now.

    Whoever calls it makes sure that it is once.
    """
    directory, directory_hash = mirror.directory_and_hash(db, active.policy.crm)
    moment = f"{int(now.timestamp() * 1_000_000)}{trouble.about and f':{trouble.about}'}"
    key = EventKey(f"house:{trouble.reason.code}:{moment}")
    occasion = Occasion(
        account=trouble.account,
        event_key=key,
        now=now,
        public_url=public_url,
        down=trouble.account,
    )
    told = [
        Notify(
            employee=manager.id,
            conversation=None,
            message=None,
            code=trouble.reason.code,
            about=trouble.about or trouble.account,
        )
        for manager in active_managers(directory, active.policy)
    ]
    decision = Decision(
        event_key=key,
        account=trouble.account,
        kind=trouble.kind,
        verdict=Verdict.APPLIED,
        reasons=(trouble.reason,),
        decided_at=now,
        occurred_at=now,
        changes=tuple(told),
        effects=tuple(e for one in told for e in effects_of(one, occasion, active.policy)),
    )
    decided = [Decided(decision=decision, event=None, facts=None)]
    return commit(db, active, directory_hash, Loaded(notifications=told), decided, now)
