"""A chat that lives in memory: events in, messages and the CRM's entries out."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from bridge.domain import changes as c
from bridge.domain.decisions import Decision, Verdict
from bridge.domain.effects import UpdateTimelineEntry, WriteTimelineEntry
from bridge.domain.events import MessageDeleted, MessageStatusChanged, MessengerEvent
from bridge.domain.facts import ChatFacts, Facts
from bridge.domain.names import EventKey, MessageId
from bridge.domain.policy import Policy
from bridge.domain.records import Message
from bridge.domain.routing import route
from bridge.domain.statuses import is_behind
from bridge.pipeline.event_keys import vendor_message_of
from tests.domain.building import ANA, POLICY, chat, facts

Entry = tuple[str, tuple[object, ...], str]


@dataclass
class Life:
    """`entries` hold what is to be read in the CRM: text, files and note by message."""

    policy: Policy = POLICY
    chat: ChatFacts = field(default_factory=lambda: chat(ANA))
    messages: dict[MessageId, Message] = field(default_factory=dict)
    entries: dict[MessageId, Entry] = field(default_factory=dict)
    verdicts: dict[EventKey, Verdict] = field(default_factory=dict)
    reactions: dict[str, MessageId] = field(default_factory=dict)
    parked: dict[EventKey, MessengerEvent] = field(default_factory=dict)

    def live(self, events: Iterable[MessengerEvent]) -> "Life":
        for event in events:
            if self.verdicts.get(event.event_key, Verdict.PARKED) is Verdict.PARKED:
                self._take(event)
        return self

    def _take(self, event: MessengerEvent) -> None:
        decision = route(event, self._facts(event), self.policy)
        assert isinstance(decision, Decision)
        self.verdicts[event.event_key] = decision.verdict
        self.parked.pop(event.event_key, None)
        if decision.verdict is Verdict.PARKED:
            self.parked[event.event_key] = event
        arrived = [name for change in decision.changes for name in self._apply(change)]
        for planned in decision.effects:
            self._write(planned.effect)
        for waiting in tuple(self.parked.values()):
            if vendor_message_of(waiting) in arrived and decision.verdict is not Verdict.PARKED:
                self._take(waiting)

    def _facts(self, event: MessengerEvent) -> Facts:
        found = self._message(event)
        return replace(facts(self.chat), message=found, unread=self._unread(event, found))

    def _message(self, event: MessengerEvent) -> Message | None:
        name = vendor_message_of(event)
        found = next((m for m in self.messages.values() if m.vendor_id == name), None)
        if found is None and isinstance(event, MessageDeleted):
            return self.messages.get(self.reactions.get(event.message_id, MessageId("")))
        return found

    def _unread(self, event: MessengerEvent, found: Message | None) -> tuple[Message, ...]:
        if found is None or not isinstance(event, MessageStatusChanged) or not event.and_before:
            return ()
        before = (m for m in self.messages.values() if m.occurred_at <= found.occurred_at)
        return tuple(m for m in before if m.id != found.id and is_behind(m, event.status))

    def _apply(self, change: c.Change) -> list[str]:
        """Gives the vendor's ids that were not known before."""
        match change:
            case c.PutConversation():
                self.chat = replace(self.chat, conversation=change.conversation)
            case c.PutMessage():
                is_new = change.message.id not in self.messages
                self.messages[change.message.id] = change.message
                return [change.message.vendor_id or ""] if is_new else []
            case c.NameReaction():
                self.reactions[change.reaction_id] = change.message
                return [change.reaction_id]
        return []

    def _write(self, effect: object) -> None:
        if isinstance(effect, WriteTimelineEntry):
            assert effect.message not in self.entries, "a second entry of one message"
            self.entries[effect.message] = (effect.text, effect.media, "")
        if isinstance(effect, UpdateTimelineEntry):
            assert effect.message in self.entries, "an update before its entry"
            now = effect.entry
            self.entries[effect.message] = (now.text, now.media, effect.note)
