"""The partner side for those whose business it is: programme, accounts, users, queues, report."""

import secrets

from flask import Response, make_response, redirect, request

from bridge.domain.names import EmployeeId, PartnerName
from bridge.domain.programme import Details
from bridge.payload import storable
from bridge.pipeline.partnering import acting
from bridge.pipeline.partnering.reporting import in_short, report
from bridge.pipeline.partnering.standing import (
    account_standings,
    programme_standing,
    queue_standings,
    user_standings,
)
from bridge.sheets.writing import CONTENT_TYPE
from bridge.store.engine import reading
from bridge.store.keys import Scope
from bridge.web.api.routing import Download
from bridge.web.api.serving import as_response
from bridge.web.pages.asking import asked
from bridge.web.pages.partner_inbox import asked_by
from bridge.web.pages.partner_leads import eyes_on_partners, names_of
from bridge.web.pages.visiting import Visit
from bridge.web.partner_report import CSV_NAME, report_table
from bridge.web.partnering import check
from bridge.web.problems import not_found

_NEWEST, _NEWEST_OF_ONE = 20, 100
"""Leads of each partner on the page of all, and on that of one."""


def show_programme(visit: Visit) -> Response:
    with reading(visit.site.parts.engine) as db:
        eyes = eyes_on_partners(db, visit)
    if not eyes.reads_all:
        raise not_found("page")
    return visit.render(
        "partner_programme.html",
        programme=programme_standing(eyes),
        reads_all=eyes.reads_all,
        key=secrets.token_hex(16),
    )


def switch_on(visit: Visit) -> Response:
    visit.principal.require(Scope.ADMIN)
    confirmation, organisation = _given("confirmation"), _given("organisation")
    check(acting.switch_on(visit.site.parts, asked_by(visit), confirmation, organisation))
    return make_response(redirect("/partners/programme", 303))


def end_review(visit: Visit) -> Response:
    visit.principal.require(Scope.ADMIN)
    seen = _given("seen")
    version = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else -1
    changed = _given("outcome") == "finish"
    check(acting.end_review(visit.site.parts, asked_by(visit), changed=changed, seen=version))
    return make_response(redirect("/partners/programme", 303))


def show_accounts(visit: Visit) -> Response:
    with reading(visit.site.parts.engine) as db:
        eyes = eyes_on_partners(db, visit)
        accounts = account_standings(db, eyes)
    return visit.render(
        "partner_accounts.html",
        accounts=accounts,
        users={one.name: user_standings(eyes, one.name) for one in accounts},
        names=names_of(eyes),
        reads_all=eyes.reads_all,
        read_at=eyes.state.side.read_at,
        key=secrets.token_hex(16),
    )


def enable_account(visit: Visit, name: str) -> Response:
    visit.principal.require(Scope.ADMIN)
    asking = asked_by(visit)
    check(acting.ask_to_enable_account(visit.site.parts, asking, PartnerName(storable(name))))
    return make_response(redirect("/partners/accounts", 303))


def enable_user(visit: Visit, user: str) -> Response:
    """Only with the tick that says that the details were looked at (PRM-10)."""
    visit.principal.require(Scope.ADMIN)
    who = EmployeeId(storable(user).strip().lower())
    account = visit.policy.partners.account_of(who)
    if account is None:
        raise not_found("partner's user")
    details = Details(
        first_name=_given("first_name"),
        last_name=_given("last_name"),
        email=_given("email"),
        profile=_given("profile"),
    )
    confirmed = request.form.get("confirmed") == "1"
    asking, parts = asked_by(visit), visit.site.parts
    check(acting.ask_to_enable_user(parts, asking, account, who, details, confirmed=confirmed))
    return make_response(redirect("/partners/accounts", 303))


def show_queues(visit: Visit) -> Response:
    with reading(visit.site.parts.engine) as db:
        eyes = eyes_on_partners(db, visit)
        queues = queue_standings(db, eyes)
    return visit.render(
        "partner_queues.html", queues=queues, names=names_of(eyes), reads_all=eyes.reads_all
    )


def show_report(visit: Visit) -> Response:
    """`?format=csv`: as a table."""
    account = asked("account")
    with reading(visit.site.parts.engine) as db:
        eyes = eyes_on_partners(db, visit)
        if asked("format") == "csv":
            body = report_table(report(db, eyes, account))
            return as_response(Download(name=CSV_NAME, content_type=CONTENT_TYPE, body=body))
        found = in_short(db, eyes, account, _NEWEST_OF_ONE if account else _NEWEST)
    return visit.render(
        "partner_report.html",
        partners=found,
        account=account,
        names=names_of(eyes),
        reads_all=eyes.reads_all,
    )


def _given(name: str) -> str:
    return storable(request.form.get(name, "")).strip()
