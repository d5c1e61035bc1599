"""One conversation: what was said, whose client it is, and the reply."""

import secrets
from dataclasses import dataclass, replace

from flask import Response, make_response, redirect, request
from sqlalchemy import Connection

from bridge.domain.messaging import Media, MediaKind
from bridge.domain.names import ChannelName, ConversationId, MessageId, digest_id
from bridge.domain.reactions import shown as reactions_shown
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
from bridge.store.listing import messages_of
from bridge.store.mirror import pipelines
from bridge.store.uploads import Upload
from bridge.web.chatview import open_chat, open_to_answer, owners_of, safe_link, title_of
from bridge.web.files import files_of, take_upload
from bridge.web.pages.asking import PAGE, address_of_next, begin
from bridge.web.pages.visiting import Visit
from bridge.web.people import who_can_see
from bridge.web.problems import Problem, invalid, not_found
from bridge.web.quoting import quotes_of
from bridge.web.replying import reply_channels


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePlace:
    before: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What was typed, kept when it could not be sent, and why not."""

    text: str = ""
    media_url: str = ""
    channel: str = ""
    refusal: str = ""
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
        open_to_answer(db, visit.viewer(db), name)
    uploaded = _uploaded(visit, draft)
    sent = send(visit.site.parts, _request(visit, name, draft, uploaded))
    if isinstance(sent, Refusal):
        if uploaded is not None:
            drop(visit.site.parts, uploaded)
        return show_draft(visit, name, draft, sent)
    return make_response(redirect(f"/conversations/{sent.conversation}#latest", 303))


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
    return _page(visit, name, replace(draft, refusal=refusal.reason.detail), refusal.status)


def _page(visit: Visit, name: str, draft: Draft, status: int = 200) -> Response:
    place = begin(visit, MessagePlace, "chat") if request.method == "GET" else None
    with reading(visit.site.parts.engine) as db:
        eyes = visit.viewer(db)
        chat, granted = open_chat(db, eyes, name)
        before = place.before if place else None
        found = messages_of(db, chat.conversation.id, before, PAGE + 1)
        messages = [eyes.shown(message) for _, message in reversed(found[:PAGE])]
        quotes = quotes_of(db, eyes, chat, messages)
        files = files_of(db, messages)
        decisions = decisions_of_messages(db, [message.id for message in messages])
        channels = reply_channels(db, eyes, chat, eyes.employee) if granted.can_write else None
        stages = _stages(visit, db)
    more = MessagePlace(before=found[PAGE - 1][0]) if len(found) > PAGE else None
    return visit.render(
        "conversation.html",
        status,
        chat=chat,
        title=title_of(chat),
        granted=granted,
        messages=messages,
        quotes=quotes,
        reactions=reactions_shown,
        times_edited=times_edited,
        decisions=decisions,
        is_latest=place is None,
        next_page=address_of_next(visit, more, "chat"),
        channels=channels,
        owners=owners_of(eyes, chat),
        names={person.email: person.name for person in eyes.directory.people},
        crm_names={person.crm_id: person.name for person in eyes.directory.people},
        stages=stages,
        seers=who_can_see(eyes, chat),
        mark=eyes.mark(chat),
        draft=draft,
        key=secrets.token_hex(16),
        safe_link=safe_link,
        files=files,
        may_retry=visit.principal.is_admin,
        max_upload=visit.policy.media.max_upload_megabytes,
    )


def _stages(visit: Visit, db: Connection) -> dict[tuple[str, str], str]:
    """The stages' names in the CRM, by pipeline and stage."""
    crm = visit.policy.crm
    known = pipelines(db, crm) if crm else ()
    return {(p.id, stage.id): stage.label for p in known for stage in p.stages}
