"""One conversation as pages and API show it: its title, its owners, where a reply leaves from."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy import Connection

from bridge.domain.access import Access, Ownership, owners
from bridge.domain.channels import ChannelChoice
from bridge.domain.facts import ChatFacts, Facts
from bridge.domain.names import ChannelName, ConversationId
from bridge.domain.people import Employee
from bridge.domain.reasons import Reason
from bridge.domain.sending import choose
from bridge.store.mirror import channel_facts
from bridge.web.problems import not_found
from bridge.web.viewer import Viewer


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelOption:
    """A channel that a reply could leave from; `usable` of False: `reason` says why not."""

    channel: ChannelName
    label: str
    usable: bool
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyChannels:
    """`channel` is what is taken when none is named; None when nothing can be sent."""

    channel: ChannelName | None
    reason: Reason
    options: tuple[ChannelOption, ...]


def open_chat(db: Connection, viewer: Viewer, name: str) -> tuple[ChatFacts, Access]:
    """Problem 404 for a chat that is not there or not for these eyes (ROL-06)."""
    chat = viewer.readable(db, [ConversationId(name)]).get(ConversationId(name))
    if chat is None:
        raise not_found("conversation")
    return chat, viewer.access(chat)


def title_of(chat: ChatFacts) -> str:
    conversation = chat.conversation
    name = chat.contact.name if chat.contact else ""
    return name or conversation.title or conversation.phone or conversation.username or "No name"


def owners_of(viewer: Viewer, chat: ChatFacts) -> tuple[Ownership, ...]:
    """Each owner once, with the first reason he has."""
    first = {owner.employee: owner for owner in reversed(owners(chat, viewer.directory))}
    return tuple(reversed(first.values()))


def reply_channels(
    db: Connection, viewer: Viewer, chat: ChatFacts, employee: Employee
) -> ReplyChannels:
    """Where this employee's reply would leave from, and what else he could choose (CHN-03)."""
    states = channel_facts(db, viewer.policy)
    facts = Facts(now=viewer.now, directory=viewer.directory)

    def pick(requested: ChannelName | None) -> ChannelChoice:
        return choose(employee, chat, requested, facts, viewer.policy, states)[1]

    default = pick(None)
    options = tuple(_option(viewer, name, pick(name)) for name in _offered(viewer, chat, employee))
    return ReplyChannels(channel=default.channel, reason=default.reason, options=options)


def safe_link(url: str) -> str:
    """The address if a browser may follow it, else an empty text: no `javascript:` gets through."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in ("http", "https") and parts.netloc else ""


def _offered(viewer: Viewer, chat: ChatFacts, employee: Employee) -> tuple[ChannelName, ...]:
    own = chat.conversation.channel
    others = [
        name
        for name, channel in viewer.policy.channels.items()
        if channel.messenger is chat.conversation.messenger and employee.has_channel(name)
    ]
    return tuple(dict.fromkeys([own, *others]))


def _option(viewer: Viewer, name: ChannelName, choice: ChannelChoice) -> ChannelOption:
    return ChannelOption(
        channel=name,
        label=viewer.policy.channel_label(name),
        usable=choice.channel is not None,
        reason=choice.reason,
    )
