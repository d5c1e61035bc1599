"""One conversation: what was said, whose client it is, and the reply."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from flask import Response, make_response, redirect, request
from sqlalchemy import Connection

from bridge.domain.facts import ChatFacts
from bridge.domain.messaging import Direction, Media, MediaKind
from bridge.domain.names import ChannelName, ConversationId, CrmId, MessageId, digest_id
from bridge.domain.reactions import shown as reactions_shown
from bridge.domain.reasons import Reason
from bridge.domain.records import Conversation, Message, RecordKind
from bridge.domain.showing import times_edited
from bridge.payload import storable
from bridge.pipeline.dismiss import dismiss, take_back
from bridge.pipeline.noting import NoteRequest, note
from bridge.pipeline.send import Refusal, SendRequest, send
from bridge.pipeline.uploading import drop, media_of
from bridge.store import media
from bridge.store.engine import reading, writing
from bridge.store.feed import decisions_of_messages
from bridge.store.keys import Scope
from bridge.store.listing import messages_of, number_of
from bridge.store.notes import Note, notes_of, number_at
from bridge.store.steps import Stretch
from bridge.store.uploads import Upload
from bridge.web.chat_lines import Line, lines_of
from bridge.web.chat_steps import steps_of
from bridge.web.chatview import open_chat, owners_of, safe_link, title_of, who_was_first
from bridge.web.crm_links import crm_address
from bridge.web.days_said import span_of
from bridge.web.files import files_of, take_upload
from bridge.web.pages import desk
from bridge.web.pages.asking import PAGE, address_of_next, asked, begin
from bridge.web.pages.visiting import Visit
from bridge.web.people import who_can_see
from bridge.web.problems import Problem, invalid, not_found
from bridge.web.quoting import quotes_of
from bridge.web.replying import reply_channels
from bridge.web.viewer import Viewer

_MOST_NOTES = 200
_NOTE = re.compile(r"n-([0-9]{1,18})")


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePlace:
    before: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What was typed, kept when it could not be sent, and why not."""

    text: str = ""
    media_url: str = ""
    channel: str = ""
    refusal: Reason | None = None
    template: str = ""
    values: str = ""
    note: str = ""


def show(visit: Visit, name: str) -> Response:
    return _page(visit, name, Draft())


def reply(visit: Visit, name: str) -> Response:
    """Sends; a refusal shows the page again with its reason and what was typed."""
    draft = Draft(
        text=storable(request.form.get("text", "")),
        media_url=storable(request.form.get("media_url", "")).strip(),
        channel=storable(request.form.get("channel", "")),
    )
    with reading(visit.site.parts.engine) as db:
        eyes = visit.viewer(db)
        first = who_was_first(db, eyes, name)
    if first:
        return show_taken(visit, first, draft.text)
    uploaded = _uploaded(visit, draft)
    sent = send(visit.site.parts, _request(visit, name, draft, uploaded))
    if isinstance(sent, Refusal):
        if uploaded is not None:
            drop(visit.site.parts, uploaded)
        return show_draft(visit, name, draft, sent)
    return make_response(redirect(f"/conversations/{sent.conversation}#latest", 303))


def show_taken(visit: Visit, first: str, typed: str) -> Response:
    """The client went to a colleague meanwhile: nothing of him but what was typed is shown."""
    return desk.render(visit, 409, taken=True, taken_by=first, typed=typed)


def go_back(visit: Visit, name: str) -> Response:
    """A refused reply leaves its own address in the browser, which asks for it again."""
    with reading(visit.site.parts.engine) as db:
        open_chat(db, visit.viewer(db), name)
    return make_response(redirect(f"/conversations/{name}#latest", 303))


def say_no_answer_needed(visit: Visit, name: str) -> Response:
    answer = dismiss(visit.site.parts, visit.employee, ConversationId(name))
    if isinstance(answer, Refusal):
        raise Problem(answer.status, answer.reason)
    return make_response(redirect(f"/conversations/{name}#latest", 303))


def say_answer_needed(visit: Visit, name: str) -> Response:
    """Undoes it."""
    answer = take_back(visit.site.parts, visit.employee, ConversationId(name))
    if isinstance(answer, Refusal):
        raise Problem(answer.status, answer.reason)
    return make_response(redirect(f"/conversations/{name}#latest", 303))


def write_note(visit: Visit, name: str) -> Response:
    """For colleagues alone; a refusal shows the page again with what was typed."""
    wanted = NoteRequest(
        employee=visit.employee,
        conversation=ConversationId(name),
        text=storable(request.form.get("note", "")),
        key=digest_id("pg", storable(request.form.get("key", "")) or secrets.token_hex(16)),
    )
    refused = note(visit.site.parts, wanted)
    if refused is not None:
        return show_draft(visit, name, Draft(note=wanted.text), refused)
    return make_response(redirect(f"/conversations/{name}#latest", 303))


def _uploaded(visit: Visit, draft: Draft) -> Upload | None:
    """The file that the form brings, kept before it is sent; only where it could be sent."""
    given = request.files.get("file")
    if given is None or not given.filename:
        return None
    if draft.media_url:
        raise invalid("send either a file or the address of one", field="media_url")
    return take_upload(visit.site.parts, visit.employee, given)


def try_file_again(visit: Visit, name: str, message: str, place: int) -> Response:
    """A manager has a file copied anew."""
    visit.principal.require(Scope.ADMIN)
    with writing(visit.site.parts.engine) as db:
        open_chat(db, visit.viewer(db), name)
        copy = media.one(db, MessageId(message), min(place, 1000))
        if copy is None or copy.conversation != name:
            raise not_found("file")
        media.try_again(db, copy.message, copy.place)
    return make_response(redirect(f"/conversations/{name}#latest", 303))


def _request(visit: Visit, name: str, draft: Draft, uploaded: Upload | None) -> SendRequest:
    if draft.media_url and not safe_link(draft.media_url):
        raise invalid("is not an http(s) address", field="media_url")
    linked = Media(kind=MediaKind.DOCUMENT, url=draft.media_url) if draft.media_url else None
    return SendRequest(
        employee=visit.employee,
        conversation=ConversationId(name),
        text=draft.text,
        media=media_of(uploaded) if uploaded else linked,
        channel=ChannelName(draft.channel) if draft.channel else None,
        key=digest_id("pg", storable(request.form.get("key", "")) or secrets.token_hex(16)),
    )


def show_draft(visit: Visit, name: str, draft: Draft, refusal: Refusal) -> Response:
    """The page as it was, with what was typed and why it did not leave."""
    return _page(visit, name, replace(draft, refusal=refusal.reason), refusal.status)


def _page(visit: Visit, name: str, draft: Draft, status: int = 200) -> Response:
    with reading(visit.site.parts.engine) as db:
        eyes = visit.viewer(db)
        chat, granted = open_chat(db, eyes, name)
        place = _place(visit, db, name)
        said = _said(visit, db, eyes, chat, place)
        channels = reply_channels(db, eyes, chat, eyes.employee) if granted.can_write else None
        known_stages = desk.stages(visit, db)
    return desk.render(
        visit,
        status,
        chat=chat,
        title=title_of(chat),
        granted=granted,
        reactions=reactions_shown,
        times_edited=times_edited,
        waits_since=_waits,
        is_latest=place is None,
        channels=channels,
        owners=owners_of(eyes, chat),
        names=desk.names_of(eyes),
        crm_names={person.crm_id: person.name for person in eyes.directory.people},
        stages=known_stages,
        seers=who_can_see(eyes, chat),
        mark=eyes.mark(chat),
        draft=draft,
        key=secrets.token_hex(16),
        safe_link=safe_link,
        span_of=span_of,
        crm_page=partial(_crm_page, visit),
        may_retry=visit.principal.is_admin,
        max_upload=visit.policy.media.max_upload_megabytes,
        **said,
    )


def _crm_page(visit: Visit, kind: str, record: CrmId | None) -> str:
    return crm_address(visit.site.parts, RecordKind(kind), record)


def _waits(line: Line, conversation: Conversation) -> bool:
    """Whether this is what the client waits for an answer to, or said after it."""
    since, message = conversation.unanswered_since, line.message
    is_his = message is not None and message.direction is Direction.IN
    return since is not None and is_his and line.at >= since


def _place(visit: Visit, db: Connection, name: str) -> MessagePlace | None:
    """Where the page begins: at a message or note that `at` names, or where the page before
    ended."""
    if request.method != "GET":
        return None
    wanted, where = asked("at"), ConversationId(name)
    noted = _NOTE.fullmatch(wanted)
    if noted is not None:
        number = number_at(db, where, int(noted[1]))
    else:
        number = number_of(db, where, MessageId(wanted)) if wanted else None
    if number is not None:
        return MessagePlace(before=number + 1)
    return begin(visit, MessagePlace, "chat")


def _said(
    visit: Visit, db: Connection, eyes: Viewer, chat: ChatFacts, place: MessagePlace | None
) -> dict[str, object]:
    """A page of what was said and done, the oldest first."""
    where = chat.conversation.id
    found = messages_of(db, where, place.before if place else None, PAGE + 1)
    messages = [eyes.shown(message) for _, message in reversed(found[:PAGE])]
    more = MessagePlace(before=found[PAGE - 1][0]) if len(found) > PAGE else None
    decisions = decisions_of_messages(db, [message.id for message in messages])
    numbers = decisions.values()
    stretch = Stretch(
        first=min(numbers, default=0) if more else 0,
        last=None if place is None else max(numbers, default=0),
    )
    steps = steps_of(db, chat, stretch, desk.names_of(eyes))
    return {
        "lines_said": lines_of(messages, _notes(db, where, messages, more, place), steps, eyes.now),
        "quotes": quotes_of(db, eyes, chat, messages),
        "files": files_of(db, messages),
        "decisions": decisions,
        "next_page": address_of_next(visit, more, "chat"),
    }


def _notes(
    db: Connection,
    where: ConversationId,
    messages: Sequence[Message],
    more: MessagePlace | None,
    place: MessagePlace | None,
) -> tuple[Note, ...]:
    """Those written between the messages of a page; before the first page's first one as well."""
    since = messages[0].occurred_at if messages and more else None
    until = messages[-1].occurred_at if messages and place else None
    return notes_of(db, where, since, until, _MOST_NOTES)
