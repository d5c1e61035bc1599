"""What a writer does in a conversation besides answering: templates, and messages that failed."""

import secrets

from flask import Response, make_response, redirect, request

from bridge.domain.messaging import Template
from bridge.domain.names import ChannelName, ConversationId, MessageId, digest_id
from bridge.payload import storable
from bridge.pipeline.again import AgainRequest, mark_sent, send_again
from bridge.pipeline.send import Refusal, SendRequest, Sent, send
from bridge.store.engine import reading
from bridge.web.chatview import open_chat
from bridge.web.pages.chat import Draft, show_draft
from bridge.web.pages.visiting import Visit


def send_template(visit: Visit, name: str) -> Response:
    """`template` is the channel and the template's id; `values` stand one on a line."""
    channel, _, template_id = storable(request.form.get("template", "")).partition("|")
    values = storable(request.form.get("values", ""))
    given = tuple(line.strip() for line in values.splitlines() if line.strip())
    _check(visit, name)
    wanted = SendRequest(
        employee=visit.employee,
        conversation=ConversationId(name),
        channel=ChannelName(channel) if channel else None,
        template=Template(id=template_id, name="", language="", values=given),
        key=_key(),
    )
    draft = Draft(template=f"{channel}|{template_id}", values=values)
    return _answered(visit, name, draft, send(visit.site.parts, wanted))


def send_once_more(visit: Visit, name: str, message: str) -> Response:
    _check(visit, name)
    sent = send_again(visit.site.parts, _again(visit, name, message))
    return _answered(visit, name, Draft(), sent)


def say_it_was_sent(visit: Visit, name: str, message: str) -> Response:
    _check(visit, name)
    refused = mark_sent(visit.site.parts, _again(visit, name, message))
    return _answered(visit, name, Draft(), refused)


def _check(visit: Visit, name: str) -> None:
    with reading(visit.site.parts.engine) as db:
        open_chat(db, visit.viewer(db), name)


def _again(visit: Visit, name: str, message: str) -> AgainRequest:
    return AgainRequest(
        employee=visit.employee,
        conversation=ConversationId(name),
        message=MessageId(storable(message)),
        key=_key(),
    )


def _key() -> str:
    return digest_id("pg", storable(request.form.get("key", "")) or secrets.token_hex(16))


def _answered(visit: Visit, name: str, draft: Draft, answer: Sent | Refusal | None) -> Response:
    if isinstance(answer, Refusal):
        return show_draft(visit, name, draft, answer)
    where = name if answer is None else answer.conversation
    return make_response(redirect(f"/conversations/{where}#latest", 303))
