"""Renewals: the calendar, who gets what and why, one client's owner, the default for all."""

import secrets
from datetime import date
from enum import StrEnum
from typing import TypeVar

from flask import Response, make_response, redirect, request
from sqlalchemy import Connection

from bridge import codec
from bridge.domain.names import ClientId, digest_id
from bridge.domain.principals import Person, PersonKind
from bridge.domain.reasons import Reason, ReasonCode
from bridge.domain.renewing import (
    OwnerChoice,
    RenewalId,
    RenewalOwner,
    RenewalWord,
    renewal_of_client,
)
from bridge.domain.renewing_policy import RenewalDefault
from bridge.payload import storable
from bridge.pipeline.ledger import Record
from bridge.pipeline.refusals import Refusal
from bridge.pipeline.renewals import desk
from bridge.pipeline.renewals.defaults import Edit, edit_default, may_edit, may_read
from bridge.pipeline.renewals.viewing import DefaultSeen, Eyes, Opened, place_of
from bridge.store.engine import reading
from bridge.store.feed import FeedWanted, feed_rows
from bridge.store.renewals import RenewalPlace
from bridge.web.pages.asking import PAGE, address_of_next, asked, begin
from bridge.web.pages.notices import read_about
from bridge.web.pages.renewal_words import CHOICES, STATE_TONES, STATES, WORDS
from bridge.web.pages.visiting import Visit
from bridge.web.problems import Problem, invalid, not_found

Choice = TypeVar("Choice", bound=StrEnum)
DAYS = 30
MOST_DAYS = 400
HISTORY = 50


def show_all(visit: Visit) -> Response:
    start = begin(visit, RenewalPlace, "renewals")
    with reading(visit.site.parts.engine) as db:
        found = _eyes(visit, db).calendar(_day("first"), _day("last"), start, PAGE + 1)
    shown = found[:PAGE]
    after = place_of(shown[-1].renewal) if len(found) > PAGE else None
    return visit.render(
        "renewals.html",
        renewals=shown,
        states=STATES,
        tones=STATE_TONES,
        asked={name: asked(name) for name in ("first", "last")},
        next_page=address_of_next(visit, after, "renewals"),
        may_set_default=_sets_default(visit),
    )


def show_preview(visit: Visit) -> Response:
    given = asked("days")
    if given and not (given.isdecimal() and 1 <= int(given[:4]) <= MOST_DAYS):
        raise invalid(f"is a number from 1 to {MOST_DAYS}", field="days", status=400)
    days = int(given) if given else DAYS
    with reading(visit.site.parts.engine) as db:
        found = _eyes(visit, db).preview(days)
    return visit.render("renewals_preview.html", notices=found.notices, more=found.more, days=days)


def show(visit: Visit, name: str) -> Response:
    with reading(visit.site.parts.engine) as db:
        found = _eyes(visit, db).open(RenewalId(name))
        history = () if found is None else _history(db, found, visit.principal.person)
    if found is None:
        raise not_found("renewal")
    read_about(visit, found.seen.renewal.subject.name)
    return visit.render(
        "renewal.html",
        opened=found,
        history=history,
        choices=CHOICES,
        words=WORDS,
        states=STATES,
        tones=STATE_TONES,
        key=secrets.token_hex(16),
        is_saved=asked("done") == "1",
    )


def of_client(visit: Visit, name: str) -> Response:
    """The renewals tab of a reseller's client (REN-18)."""
    if visit.policy.renewals is None:
        detail = "there is no renewals.yaml: nobody's renewals are kept here"
        raise Problem(403, Reason(ReasonCode.RENEWAL_NOT_SET_UP, detail))
    return make_response(redirect(f"/renewals/{renewal_of_client(ClientId(name))}", 303))


def set_owner(visit: Visit, name: str) -> Response:
    choice = _one_of(OwnerChoice, "owner")
    notify = storable(request.form.get("notify", "")).strip() or None
    word = _word(visit, f"owner {name} {choice} {notify}")
    answer = desk.set_owner(visit.site.parts, word, RenewalId(name), choice, notify)
    return _back(answer, f"/renewals/{name}?done=1")


def say(visit: Visit, name: str) -> Response:
    said = _one_of(RenewalWord, "says")
    try:
        renews_on = date.fromisoformat(request.form.get("renews_on", ""))
    except ValueError as error:
        raise invalid("is not a day", field="renews_on", status=400) from error
    word = _word(visit, f"say {name} {said} {renews_on}")
    answer = desk.say(visit.site.parts, word, RenewalId(name), said, renews_on)
    return _back(answer, f"/renewals/{name}?done=1")


def show_default(visit: Visit) -> Response:
    """Settings, partners, communications (REN-18)."""
    person, tenant = visit.principal.person, _tenant(visit)
    if not may_read(person, tenant, visit.policy):
        raise not_found("setting")
    active = visit.site.parts.active()
    with reading(visit.site.parts.engine) as db:
        found = Eyes(db, person, active.policy, visit.now).default(tenant)
    if not isinstance(found, DefaultSeen):
        raise Problem(desk.status_of(found.code), found)
    return visit.render(
        "renewal_default.html",
        seen=found,
        config=active.hash,
        owners=tuple(RenewalOwner),
        tenants=tuple(visit.policy.users) if person.kind is PersonKind.EMPLOYEE else (),
        vendor=active.policy.renewals.partner_of if active.policy.renewals else "",
        can_write=may_edit(person, tenant, visit.policy),
        is_saved=asked("done") == "1",
    )


def set_default(visit: Visit) -> Response:
    tenant = storable(request.form.get("tenant", "")) or visit.principal.person.tenant
    notify = storable(request.form.get("notify", "")).strip().lower() or None
    edit = Edit(
        tenant=tenant,
        default=RenewalDefault(owner=_one_of(RenewalOwner, "owner"), notify=notify),
        seen=storable(request.form.get("config", "")),
        by=visit.principal.person,
    )
    answer = edit_default(visit.site.parts, edit)
    return _back(answer, f"/settings/partners/communications?tenant={tenant}&done=1")


def _history(db: Connection, opened: Opened, person: Person) -> tuple[Record, ...]:
    """What was decided about it, the newest first; for a partner's people since it is theirs."""
    wanted = FeedWanted(
        subject=opened.seen.renewal.subject.name,
        tenants=frozenset({person.tenant}) if person.tenant else None,
    )
    rows = feed_rows(db, wanted, None, HISTORY)
    return tuple(codec.decode(Record, row.record) for row in rows)


def _sets_default(visit: Visit) -> bool:
    person = visit.principal.person
    return may_read(person, person.tenant, visit.policy)


def _tenant(visit: Visit) -> str:
    return asked("tenant") or visit.principal.person.tenant


def _eyes(visit: Visit, db: Connection) -> Eyes:
    return Eyes(db, visit.principal.person, visit.policy, visit.now)


def _day(name: str) -> date | None:
    given = asked(name)
    try:
        return date.fromisoformat(given) if given else None
    except ValueError as error:
        raise invalid("is not a day", field=name, status=400) from error


def _word(visit: Visit, deed: str) -> desk.Word:
    """A double click sends the same form twice: the same key, so the same word."""
    given = storable(request.form.get("key", "")) or secrets.token_hex(16)
    seen = request.form.get("version", "")
    if not (seen.isascii() and seen.isdecimal()):
        raise invalid("is missing; reload the page", field="version", status=400)
    key = digest_id("pg", given, visit.principal.id, deed)
    return desk.Word(person=visit.principal.person, seen=int(seen[:9]), key=key)


def _one_of(kind: type[Choice], name: str) -> Choice:
    try:
        return kind(request.form.get(name, ""))
    except ValueError as error:
        raise invalid(f"is not one of {', '.join(kind)}", field=name, status=400) from error


def _back(answer: Refusal | None, address: str) -> Response:
    if answer is not None:
        raise Problem(answer.status, answer.reason)
    return make_response(redirect(address, 303))
