"""What is withheld at the last moment: mails and posts to somebody who may not know any more, and
corrections of the CRM's timeline that a later one has overtaken."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from bridge.domain.access import access
from bridge.domain.effects import PostNotification, SendEmail
from bridge.domain.facts import ChatFacts
from bridge.domain.names import ConversationId
from bridge.domain.people import Directory, MailWish, Role
from bridge.domain.policy import Policy
from bridge.domain.reasons import ReasonCode
from bridge.pipeline.partnering.telling import against_reader
from bridge.pipeline.parts import Parts
from bridge.store import chats, mirror, outgoing
from bridge.store.outgoing import Row

_Personal = SendEmail | PostNotification
_OVERTAKEN = (
    f"{ReasonCode.MESSAGE_UPDATED}: a newer state of this message has gone to the CRM meanwhile; "
    "the older one would undo it"
)


def still_meant(parts: Parts, db: Connection, rows: list[Row]) -> list[Row]:
    """The rows without those that are not to be done any more; they are dropped, with the reason.
    Costs nothing where nobody is told anything and nothing is corrected."""
    withheld = {**_untold(parts, db, rows), **_overtaken(db, rows)}
    for row_id, why in withheld.items():
        outgoing.withhold(db, row_id, why, parts.now())
    return [row for row in rows if row.id not in withheld]


def _overtaken(db: Connection, rows: Sequence[Row]) -> Mapping[int, str]:
    """A dead letter may be replayed when its message has been edited once more, or deleted."""
    return dict.fromkeys(outgoing.overtaken_updates(db, rows), _OVERTAKEN)


def _untold(parts: Parts, db: Connection, rows: Sequence[Row]) -> Mapping[int, str]:
    """Whose reader has lost the chat or his role since they were decided."""
    personal = {row.id: row.effect for row in rows if isinstance(row.effect, _Personal)}
    if not personal:
        return {}
    withheld = _withheld(parts, db, personal)
    return {row_id: f"{ReasonCode.NOTIFY_NO_MORE}: {why}" for row_id, why in withheld.items()}


def _withheld(parts: Parts, db: Connection, personal: Mapping[int, _Personal]) -> Mapping[int, str]:
    policy = parts.active().policy
    facts = chats.chat_facts(db, _conversations(list(personal.values())))
    people = mirror.directory(db, policy.crm)
    reasons = {
        n: _against(parts, e, facts, people, policy) or against_reader(db, e, policy)
        for n, e in personal.items()
    }
    return {row_id: why for row_id, why in reasons.items() if why}


def _conversations(effects: Sequence[_Personal]) -> tuple[ConversationId, ...]:
    return tuple({e.conversation for e in effects if e.conversation is not None})


def _against(
    parts: Parts,
    effect: _Personal,
    facts: Mapping[ConversationId, ChatFacts],
    people: Directory,
    policy: Policy,
) -> str:
    """What keeps its reader from it; empty when nothing does."""
    if isinstance(effect, SendEmail) and effect.tenant:
        is_his = policy.is_user(effect.recipient, effect.tenant)
        return "" if is_his else "is no user of that company any more"
    if effect.employee is None:
        return ""
    employee = policy.employee(effect.employee)
    if employee.role is Role.NONE:
        return "has no role any more"
    if isinstance(effect, SendEmail) and employee.mail is MailWish.NONE:
        return "wants no mails any more"
    if effect.conversation is None:
        return ""
    chat = facts.get(effect.conversation)
    if chat is None:
        return "the conversation is gone"
    granted = access(employee, chat, people, policy, parts.now())
    return "" if granted.can_read else granted.reason.detail
