"""A message that failed or is in doubt: sent again, or marked as sent, by who may write there."""

from bridge.domain.names import ChannelName, ConversationId, MessageId
from bridge.pipeline.again import AgainRequest, mark_sent, send_again
from bridge.pipeline.send import Refusal
from bridge.store.keys import Scope
from bridge.web.api.acting import Actor, acting_employee, refused
from bridge.web.api.conversations import check_readable
from bridge.web.api.messages import Accepted, accepted
from bridge.web.api.routing import Call, write
from bridge.web.api.shapes import Done


class Again(Actor, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`channel` is another one than the default."""

    channel: str | None = None


def send_once_more(call: Call, body: Again) -> Accepted:
    sent = send_again(call.site.parts, _request(call, body, body.channel))
    if isinstance(sent, Refusal):
        raise refused(sent)
    return accepted(sent)


def say_it_was_sent(call: Call, body: Actor) -> Done:
    answer = mark_sent(call.site.parts, _request(call, body, None))
    if isinstance(answer, Refusal):
        raise refused(answer)
    return Done()


def _request(call: Call, body: Actor, channel: str | None) -> AgainRequest:
    employee = acting_employee(call, body.employee)
    check_readable(call, employee, call.path["id"])
    return AgainRequest(
        employee=employee.id,
        conversation=ConversationId(call.path["id"]),
        message=MessageId(call.path["message"]),
        key=call.key,
        channel=ChannelName(channel) if channel else None,
    )


ROUTES = (
    write(
        "POST",
        "/conversations/{id}/messages/{message}/resend",
        send_once_more,
        Again,
        Accepted,
        "Sends a message again that failed, or of which nobody knows whether it arrived",
        Scope.SEND,
        status=202,
    ),
    write(
        "POST",
        "/conversations/{id}/messages/{message}/mark-sent",
        say_it_was_sent,
        Actor,
        Done,
        "Says that a message of unknown outcome has arrived",
        Scope.SEND,
    ),
)
