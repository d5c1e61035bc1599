"""Our own sends coming back from the vendor, sometimes before its answer (WZ-09)."""

from datetime import timedelta

from bridge.domain.changes import SettleSend
from bridge.domain.decisions import Decision, Wait
from bridge.domain.draft import Draft
from bridge.domain.events import MessageSent
from bridge.domain.identities import home_of
from bridge.domain.reasons import Reason, ReasonCode
from bridge.domain.records import Message

ECHO_WAIT = timedelta(seconds=2)
_BY_HAND = frozenset({"phone", "window"})  # what an event says of messages that are not ours


def own_echo(draft: Draft, message: Message) -> Decision:
    draft.conversation = message.conversation
    return draft.ignored(ReasonCode.MESSAGE_ECHO, "this message is stored already: our own echo")


def settles_a_send(draft: Draft, event: MessageSent) -> Decision | Wait | None:
    """An echo waits while the answer to a send is awaited; another send of the same text, whose
    vendor id is not known, is known by it to have arrived. None: this is a message of its own."""
    if event.sent_from in _BY_HAND:
        return None
    for send in draft.facts.open_sends:
        if send.unknown and send.text == event.text:
            return _settled(
                draft, event, SettleSend(message=send.message, vendor_id=event.message_id)
            )
    if any(not send.unknown for send in draft.facts.open_sends):
        detail = "a send to this chat is still open: this may be its echo"
        return Wait(
            until=draft.facts.now + ECHO_WAIT, reason=Reason(ReasonCode.MESSAGE_ECHO, detail)
        )
    return None


def _settled(draft: Draft, event: MessageSent, change: SettleSend) -> Decision:
    draft.conversation = home_of(event.account, event.chat)
    draft.change(change)
    draft.because(ReasonCode.MESSAGE_SETTLED_SEND, "shows that our open send arrived")
    return draft.applied()
