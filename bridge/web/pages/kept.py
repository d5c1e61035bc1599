"""A form that was sent after its session had ended: nothing typed is lost.

What was typed stays in the page that answers, and nowhere else. It can be sent on by the person who
typed it, once he is signed in again: the page carries a seal that names him, the form and its text.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Response, make_response, render_template, request

from bridge.domain.reasons import Reason, ReasonCode
from bridge.store.engine import reading
from bridge.store.sessions import was_session_of
from bridge.web import cookies
from bridge.web.auth import fits_session
from bridge.web.cookies import BEFORE, SESSION
from bridge.web.problems import forbidden
from bridge.web.site import Site

FIELD = "kept"
LIFETIME = timedelta(hours=12)
_PURPOSE = "kept form"
_OURS = frozenset({"csrf", FIELD})
_CARRIED = frozenset({"key", "next", "cursor", "channel", "seen", "version"})
_SHORT = 24
_NOT_KEPT = ("/logout", "/signin", "/look")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    principal: str
    address: str
    digest: str


def instead(site: Site, principal: str = "") -> Response | None:
    """The page that keeps what was sent, for a form of a session that is over; None where there is
    nothing to keep, or nothing says whose it is. `principal` is who is signed in now."""
    if request.path.startswith(_NOT_KEPT) or not _fields():
        return None
    seal = _sealed_before(site, principal) or _sealed_now(site, principal)
    return None if seal is None else _page(seal, is_in=bool(principal))


def is_sent_on(site: Site, principal: str) -> bool:
    """Whether this form was kept by such a page, for this person, and not changed since; Problem
    403 where it was kept for somebody else."""
    kept = _given(site)
    if kept is None:
        return False
    if kept.principal != principal:
        detail = "this was typed by somebody else who was signed in here; he can send it himself"
        raise forbidden(Reason(ReasonCode.REQUEST_FORBIDDEN, detail))
    return True


def _sealed_before(site: Site, principal: str) -> str | None:
    """Sent on, but still without a session."""
    kept = _given(site)
    return request.form[FIELD] if kept is not None and principal in ("", kept.principal) else None


def _sealed_now(site: Site, principal: str) -> str | None:
    """Only a form of this browser's own last sessions: it carries their token."""
    csrf = request.form.get("csrf", "")
    tokens = (cookies.read(site, SESSION), cookies.read(site, BEFORE))
    theirs = [token for token in tokens if token and fits_session(token, csrf)]
    if not theirs:
        return None
    with reading(site.parts.engine) as db:
        owner = was_session_of(db, theirs[0])
    if not owner or principal not in ("", owner):
        return None
    kept = _Kept(principal=owner, address=_address(), digest=_digest())
    return site.seals.seal(kept, _PURPOSE, site.parts.now() + LIFETIME)


def _given(site: Site) -> _Kept | None:
    """What the seal says, if it is of this very form."""
    now: datetime = site.parts.now()
    kept = site.seals.open(_Kept, request.form.get(FIELD, ""), _PURPOSE, now)
    is_this = kept is not None and (kept.address, kept.digest) == (_address(), _digest())
    return kept if is_this else None


def _page(seal: str, *, is_in: bool) -> Response:
    """For a script that puts answers into pages: in place of the whole one."""
    fields = _fields()
    body = render_template(
        "kept.html",
        address=_address(),
        seal=seal,
        fields=fields,
        typed=[value for name, value in fields if _is_typed(name, value)],
        files=sorted({name for name, file in request.files.items(multi=True) if file.filename}),
        is_in=is_in,
    )
    by_script = request.headers.get("HX-Request") == "true"
    answer = make_response(body, 200 if by_script else 401)
    if by_script:
        answer.headers["HX-Retarget"] = "body"
        answer.headers["HX-Reselect"] = "#main"
        answer.headers["HX-Reswap"] = "innerHTML"
    return answer


def _is_typed(name: str, value: str) -> bool:
    """What people write rather than what a page carries along."""
    if name in _CARRIED:
        return False
    return len(value) > _SHORT or any(letter.isspace() or not letter.isascii() for letter in value)


def _address() -> str:
    return request.full_path.rstrip("?")


def _fields() -> list[tuple[str, str]]:
    given = request.form.items(multi=True)
    return [(name, value) for name, value in given if name not in _OURS]


def _digest() -> str:
    """Browsers write ends of lines in their own way."""
    said = sorted((name, value.replace("\r\n", "\n")) for name, value in _fields())
    text = "\x00".join(f"{len(name)}:{name}={value}" for name, value in said)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
