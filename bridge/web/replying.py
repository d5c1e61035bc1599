"""Where an employee's reply would leave from, what else he could choose, and what he may send."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bridge.domain.channels import open_until
from bridge.domain.facts import ChatFacts, Facts
from bridge.domain.names import AccountName, ChannelName
from bridge.domain.people import Employee
from bridge.domain.reasons import Reason, ReasonCode
from bridge.domain.sending import Around, choose, wish_of
from bridge.domain.templates import MessageTemplate, usable_on
from bridge.store.mirror import channel_facts
from bridge.store.standings import standings
from bridge.store.templates import templates_of
from bridge.web.viewer import Viewer

_NEEDS_TEMPLATE = frozenset({ReasonCode.WINDOW_CLOSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateShape:
    """A template of a channel. `places` is how many values it wants; `detail` why it is not usable,
    or what the messenger says of it."""

    id: str
    account: AccountName
    name: str
    language: str
    text: str
    usable: bool
    places: int
    category: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelOption:
    """A channel that a reply could leave from; `usable` of False: `reason` says why not.

    `open_until` is when free text stops to pass, null where it always does or never did;
    `templates` are those that may be sent there, also when free text may not.
    """

    channel: ChannelName
    label: str
    usable: bool
    reason: Reason
    open_until: datetime | None = None
    needs_template: bool = False
    templates: tuple[TemplateShape, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyChannels:
    """`channel` is what is taken when none is named; None when nothing can be sent."""

    channel: ChannelName | None
    reason: Reason
    options: tuple[ChannelOption, ...]


def reply_channels(
    db: Connection, viewer: Viewer, chat: ChatFacts, employee: Employee
) -> ReplyChannels:
    """Where this employee's reply would leave from, and what else he could choose (CHN-03)."""
    return _Choices(db, viewer, chat, employee).all()


def template_shape(template: MessageTemplate) -> TemplateShape:
    return TemplateShape(
        id=template.template_id,
        account=template.account,
        name=template.name,
        language=template.language,
        text=template.text,
        usable=template.usable,
        places=template.places,
        category=template.category,
        detail=template.detail,
    )


class _Choices:
    """One chat and one employee: every channel asked about once."""

    def __init__(self, db: Connection, viewer: Viewer, chat: ChatFacts, employee: Employee) -> None:
        self._viewer = viewer
        self._chat = chat
        self._employee = employee
        self._states = channel_facts(db, viewer.policy)
        self._facts = Facts(now=viewer.now, directory=viewer.directory)
        messenger = chat.conversation.messenger
        channels = viewer.policy.channels.values()
        accounts = {c.account for c in channels if c.messenger is messenger}
        self._around = Around(
            there=standings(db, viewer.policy, chat.conversation),
            templates=templates_of(db, accounts),
        )

    def all(self) -> ReplyChannels:
        default = self._pick(None, self._around)
        options = tuple(self._option(name) for name in self._offered())
        return ReplyChannels(channel=default[0], reason=default[1], options=options)

    def _pick(
        self, requested: ChannelName | None, around: Around
    ) -> tuple[ChannelName | None, Reason]:
        policy, states = self._viewer.policy, self._states
        _, choice = choose(
            self._employee, self._chat, requested, self._facts, policy, states, around
        )
        return choice.channel, choice.reason

    def _offered(self) -> tuple[ChannelName, ...]:
        messenger = self._chat.conversation.messenger
        others = [
            name
            for name, channel in self._viewer.policy.channels.items()
            if channel.messenger is messenger and self._employee.has_channel(name)
        ]
        return tuple(dict.fromkeys([self._chat.conversation.channel, *others]))

    def _option(self, name: ChannelName) -> ChannelOption:
        chosen, reason = self._pick(name, self._around)
        wish = wish_of(self._employee, self._chat, name, self._around)
        return ChannelOption(
            channel=name,
            label=self._viewer.policy.channel_label(name),
            usable=chosen is not None,
            reason=reason,
            open_until=open_until(wish, name, self._states),
            needs_template=reason.code in _NEEDS_TEMPLATE,
            templates=tuple(template_shape(t) for t in self._sendable(name)),
        )

    def _sendable(self, name: ChannelName) -> tuple[MessageTemplate, ...]:
        """What would leave from this channel now, were it chosen."""
        channel = self._viewer.policy.channels.get(name)
        if channel is None:
            return ()
        known = usable_on(self._around.templates, channel.account, channel.id)
        return tuple(
            template
            for template in known
            if self._pick(name, Around(there=self._around.there, template=template))[0] is not None
        )
