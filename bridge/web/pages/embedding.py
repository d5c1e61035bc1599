"""One client's chat in a frame of the CRM's page: read, and answered as far as its reader may.

The frame has a session of its own, for these chats alone, kept in a cookie that belongs to this
frame within that page and to nothing else; who may read and write is asked at every request.
"""

import re
import secrets
from dataclasses import dataclass

from flask import Response, make_response, redirect, render_template, request
from sqlalchemy import Connection

from bridge.domain.access import Access
from bridge.domain.facts import ChatFacts
from bridge.domain.names import ConversationId, RecordId, digest_id
from bridge.domain.principals import PersonKind
from bridge.payload import storable
from bridge.pipeline.send import Refusal, SendRequest, send
from bridge.store.embeds import Frame, Framed, frame_of, open_frame
from bridge.store.engine import reading, writing
from bridge.store.listing import messages_of
from bridge.store.records import conversations_of
from bridge.store.sessions import id_of, is_link_open
from bridge.web.auth import Principal, check_csrf, csrf_token, principal_for
from bridge.web.browsers import browser_family
from bridge.web.chatview import safe_link, title_of
from bridge.web.details import detail as shown
from bridge.web.files import files_of
from bridge.web.pages.entering import Gate
from bridge.web.problems import not_found
from bridge.web.replying import reply_channels
from bridge.web.site import Site
from bridge.web.viewer import Viewer, viewer

PREFIX = "/embed/"
_MESSAGES = 50
_NAME = re.compile(r"ses_[0-9a-f]{20}")
_COOKIE = "__Host-bridge_embed_"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """Somebody before a frame, at this moment."""

    site: Site
    name: str
    token: str
    frame: Frame
    principal: Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    text: str = ""
    refusal: str = ""


def origins(site: Site) -> tuple[str, ...]:
    """Whose pages may show frames."""
    return site.policy.embedding.allowed_origins


def open_link(site: Site, gate: Gate, token: str) -> Response:
    """Takes the link in exchange for a session of this frame."""
    _require_on(site)
    with reading(site.parts.engine) as db:
        is_open = is_link_open(db, token, site.parts.now())
    if not is_open:
        gate.failed(site)
        return _over()
    lifetime = site.policy.embedding.session
    family = browser_family(request.headers.get("User-Agent", ""))
    with writing(site.parts.engine) as db:
        session = open_frame(db, token, lifetime, site.parts.now(), family)
    if session is None:
        return _over()
    name = id_of(session)
    answer = make_response(redirect(f"{PREFIX}chats/{name}", 303))
    # In a page of another site only such a cookie is kept at all, and for that site's frames only.
    answer.set_cookie(
        _COOKIE + name,
        session,
        max_age=int(lifetime.total_seconds()),
        secure=True,
        httponly=True,
        samesite="None",
        partitioned=True,
    )
    return answer


def show(site: Site, session: str) -> Response:
    look = _look(site, session)
    return _over() if look is None else _page(look, request.args.get("chat", ""), _Draft())


def reply(site: Site, session: str) -> Response:
    """What was typed comes back where it can't be sent, also when the frame has been open for too
    long."""
    text = storable(request.form.get("text", ""))
    look = _look(site, session)
    if look is None:
        return _over(text)
    check_csrf(look.token, request.form.get("csrf", ""))
    look.principal.require_writer()
    chat = request.form.get("chat", "")
    with reading(site.parts.engine) as db:
        eyes = _eyes(look, db)
        known = ConversationId(chat) in _chats(look, db, eyes)
    if not known:
        raise not_found("conversation")
    wanted = SendRequest(
        employee=look.principal.employee.id,
        conversation=ConversationId(chat),
        text=text,
        key=digest_id("pg", storable(request.form.get("key", "")) or secrets.token_hex(16)),
    )
    sent = send(site.parts, wanted)
    if isinstance(sent, Refusal):
        draft = _Draft(text=text, refusal=shown(sent.reason.detail))
        return _page(look, chat, draft, sent.status)
    return make_response(redirect(f"{PREFIX}chats/{session}?chat={chat}#latest", 303))


def _require_on(site: Site) -> None:
    if not origins(site):
        raise not_found("page")


def _look(site: Site, name: str) -> _Look | None:
    """None for a frame that is over; its reader is who he is now, of the house still."""
    _require_on(site)
    token = request.cookies.get(_COOKIE + name, "") if _NAME.fullmatch(name) else ""
    if not token or id_of(token) != name:
        return None
    with reading(site.parts.engine) as db:
        frame = frame_of(db, token, site.parts.now())
        principal = None if frame is None else principal_for(db, frame.principal, site.policy)
    if frame is None or principal is None or principal.person.kind is not PersonKind.EMPLOYEE:
        return None
    return _Look(site=site, name=name, token=token, frame=frame, principal=principal)


def _eyes(look: _Look, db: Connection) -> Viewer:
    return viewer(db, look.principal.employee, look.site.policy, look.site.parts.now())


def _chats(look: _Look, db: Connection, eyes: Viewer) -> dict[ConversationId, ChatFacts]:
    """Those of this client that his eyes may read now, the latest first."""
    shown = look.frame.shown
    if shown.framed is Framed.CONVERSATION:
        ids = [ConversationId(name) for name in shown.ids]
    else:
        found = conversations_of(db, [RecordId(name) for name in shown.ids])
        ids = [one.id for chats in found.values() for one in chats]
    return dict(eyes.readable(db, ids))


def _page(look: _Look, wanted: str, draft: _Draft, status: int = 200) -> Response:
    with reading(look.site.parts.engine) as db:
        eyes = _eyes(look, db)
        chats = _chats(look, db, eyes)
        chat = chats.get(ConversationId(wanted)) if wanted else next(iter(chats.values()), None)
        if wanted and chat is None:
            raise not_found("conversation")
        values = {} if chat is None else _shown(db, eyes, chat, eyes.access(chat))
    body = render_template(
        "embed.html",
        chats=[(name, title_of(one), one.conversation) for name, one in chats.items()],
        here=f"{PREFIX}chats/{look.name}",
        csrf=csrf_token(look.token),
        key=secrets.token_hex(16),
        now=look.site.parts.now(),
        policy=look.site.policy,
        draft=draft,
        **values,
    )
    return make_response(body, status)


def _shown(db: Connection, eyes: Viewer, chat: ChatFacts, granted: Access) -> dict[str, object]:
    found = messages_of(db, chat.conversation.id, None, _MESSAGES)
    messages = [eyes.shown(message) for _, message in reversed(found)]
    return {
        "chat": chat,
        "title": title_of(chat),
        "granted": granted,
        "messages": messages,
        "files": files_of(db, messages),
        "channels": reply_channels(db, eyes, chat, eyes.employee) if granted.can_write else None,
        "names": {person.email: person.name for person in eyes.directory.people},
        "safe_link": safe_link,
    }


def _over(text: str = "") -> Response:
    return make_response(render_template("embed_over.html", text=text), 401)
