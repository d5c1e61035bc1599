"""What a client is proven to be known by, and where his chat goes on."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bridge.domain.messaging import Chat, ChatKind, Identity, IdentityKind
from bridge.domain.names import AccountName, ConversationId, RecordId, conversation_id
from bridge.domain.phones import canonical

PHONE = f"{IdentityKind.PHONE}:"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownIdentity:
    """A contact is known by this, as learned from a chat of his. `name` tells it from every other;
    `former`: its vendor said that the client moved on from it, so it proves nothing any more."""

    name: str
    contact: RecordId
    conversation: ConversationId
    since: datetime
    former: bool = False


def home_of(account: AccountName, chat: Chat) -> ConversationId:
    """The conversation that a chat belongs to."""
    return chat.home or conversation_id(account, chat.channel_id, chat.chat_id)


def identities_of(account: AccountName, chat: Chat) -> tuple[str, ...]:
    """The names of all that proves who a chat is with. A user name proves nothing: it changes
    hands; of a group there is nobody to know."""
    if chat.kind is ChatKind.GROUP:
        return ()
    names = [_name(account, chat, identity) for identity in chat.identities]
    if chat.phone:
        names.append(phone_name(chat.phone))
    return tuple(dict.fromkeys(names))


def phone_name(phone: str) -> str:
    return f"{PHONE}:{canonical(phone)}"


def is_phone(name: str) -> bool:
    """A number may be shared, in the CRM too; every other identity is one person's."""
    return name.startswith(PHONE)


def replaced(before: Iterable[str], now: Iterable[str]) -> tuple[str, ...]:
    """Those that are no longer his, now that his vendor names others of the same kind."""
    kept = frozenset(now)
    kinds = {_kind(name) for name in kept}
    return tuple(name for name in before if name not in kept and _kind(name) in kinds)


def contradict(mine: Iterable[str], his: Iterable[str]) -> bool:
    """Whether two are known by different ids of which a person has one: they are two persons."""
    ids: dict[str, set[str]] = {}
    for name in mine:
        if not is_phone(name):
            ids.setdefault(_kind(name), set()).add(name)
    others: dict[str, set[str]] = {}
    for name in his:
        others.setdefault(_kind(name), set()).add(name)
    return any(kind in others and not names & others[kind] for kind, names in ids.items())


def _kind(name: str) -> str:
    """The kind and of whom it is: what a client has one of."""
    kind, of, _ = name.split(":", 2)
    return f"{kind}:{of}"


def _name(account: AccountName, chat: Chat, identity: Identity) -> str:
    match identity.kind:
        case IdentityKind.PHONE:
            return phone_name(identity.value)
        case IdentityKind.USER | IdentityKind.PARENT_SCOPED:
            # Of the whole messenger, and of a company that may have several of our accounts.
            return f"{identity.kind}:{chat.messenger}:{identity.value}"
        case IdentityKind.SCOPED:
            return f"{identity.kind}:{account}:{identity.value}"
