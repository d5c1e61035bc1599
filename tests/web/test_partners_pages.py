"""Pages of the partner programme: a partner's inbox, and those of managers and channel managers."""

import re
from collections.abc import Mapping
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from bridge.domain.crm_partners import Openness, SharingReview, SharingSetting
from bridge.domain.names import EmployeeId
from bridge.domain.partner_leads import LeadState, PartnerLead
from bridge.domain.programme import ReviewState
from bridge.store import partners
from bridge.store.engine import reading, writing
from bridge.store.partners import partner_state
from bridge.store.schema import DECISIONS, OUTBOX
from tests.domain.partner_building import (
    CARL,
    CORA,
    MARTA,
    PABLO,
    PETRA,
    Q1,
    Q3,
    SIDE,
    SONIA,
    employee,
    lead,
    offered,
    partner,
    queued,
    with_user,
)
from tests.web.browsing import csrf
from tests.web.programme import OFF, api, programme, signed_in, stored
from tests.web.world import ANA, QA, World

_INPUT = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')
_FORM = re.compile(r'<form[^>]*method="post" action="([^"]+)"[^>]*>(.*?)</form>', re.DOTALL)


def forms(page: str) -> Mapping[str, list[tuple[str, str]]]:
    """What each form of a page would send of itself, by where it goes."""
    return {action: _INPUT.findall(inside) for action, inside in _FORM.findall(page)}


def send(browser: FlaskClient, page: str, action: str, *more: tuple[str, str]) -> TestResponse:
    """The form as it stands on the page, filled in."""
    fields: dict[str, list[str]] = {}
    for name, value in (*forms(page)[action], *more):
        fields.setdefault(name, []).append(value)
    return browser.post(action, data=fields)


def decided(world: World) -> int:
    with reading(world.engine) as db:
        return db.scalar(select(func.count()).select_from(DECISIONS)) or 0


def section(page: str, name: str) -> list[str]:
    """The leads that a section of the inbox lists."""
    inside = page.partition(f'id="{name}"')[2].partition("</ul>")[0]
    return list(dict.fromkeys(re.findall(r'href="/inbox/(pl_\w+)"', inside)))


def test_prm_24_the_inbox_shows_what_is_new_what_waits_and_what_is_his(world: World) -> None:
    his = replace(offered(PETRA, 2), state=LeadState.ACCEPTED, opened_at=world.now)
    programme(world, offered(PETRA, 1), his, queued(Q1, 3), offered(SONIA, 4))
    page = signed_in(world, PETRA).get("/inbox").text
    assert section(page, "offered") == [lead(1).id]
    assert section(page, "accepted") == [lead(2).id]
    assert section(page, "queued") == [lead(3).id]
    assert page.count(">New<") == 1
    assert lead(4).id not in page


def test_a_lead_is_new_until_he_opens_it_not_until_somebody_else_does(world: World) -> None:
    programme(world, offered(PETRA))
    petra, where = signed_in(world, PETRA), f"/inbox/{lead().id}"
    signed_in(world, CORA).get(f"/partners/leads/{lead().id}")
    assert ">New<" in petra.get("/inbox").text
    assert petra.get(where).status_code == 200
    assert ">New<" not in petra.get("/inbox").text
    assert stored(world, lead()).opened_at == world.now


def test_a_partners_user_stands_there_by_the_name_that_the_crm_has(world: World) -> None:
    """And by his address where the CRM knows none of him."""
    programme(world)
    assert "<strong><bdi>Petra</bdi></strong>" in signed_in(world, PETRA).get("/inbox").text
    programme(world, side=replace(SIDE, users=()))
    with writing(world.engine) as db:
        partners.drop_users(db, SIDE.users)
    assert f"<strong><bdi>{PETRA}</bdi></strong>" in signed_in(world, PETRA).get("/inbox").text


def test_prm_13_taking_accepting_and_declining_by_forms(world: World) -> None:
    programme(world, queued(Q1, 1), offered(PETRA, 2), offered(PETRA, 3))
    petra = signed_in(world, PETRA)
    page = petra.get("/inbox").text
    for number, deed, leads_to in ((1, "take", "/{id}"), (2, "accept", "/{id}")):
        where = f"/inbox/{lead(number).id}"
        answer = send(petra, page, f"{where}/{deed}")
        told = f"/inbox{leads_to.format(id=lead(number).id)}?done={deed}"
        assert answer.headers["Location"] == told
        assert "The lead is yours: get in touch" in petra.get(told).text
        assert stored(world, lead(number)).state is LeadState.ACCEPTED
    third = petra.get(f"/inbox/{lead(3).id}").text
    answer = send(petra, third, f"/inbox/{lead(3).id}/decline", ("why", "too far"))
    assert answer.headers["Location"] == "/inbox?done=decline"
    assert "You have declined the lead" in petra.get("/inbox?done=decline").text
    assert "alert-success" not in petra.get("/inbox?done=Unheard").text
    assert stored(world, lead(3)).holder == employee(MARTA)


def test_two_take_by_their_forms_and_the_second_reads_that_it_is_taken(world: World) -> None:
    programme(world, queued())
    action = f"/inbox/{lead().id}/take"
    browsers = [signed_in(world, who) for who in (PETRA, PABLO)]
    pages = [browser.get("/inbox").text for browser in browsers]
    first, second = (send(b, p, action) for b, p in zip(browsers, pages, strict=True))
    assert (first.status_code, second.status_code) == (303, 409)
    assert "Already taken by somebody else" in second.text


def one_of_each(world: World) -> dict[str, tuple[EmployeeId, str, tuple[tuple[str, str], ...]]]:
    """Each form that changes something: who sends it, from which page, and what he fills in."""
    north, south = SIDE.accounts
    accounts = (replace(north, is_partner=False), south)
    side = replace(with_user(SONIA, crm_id=None, active=False), accounts=accounts)
    programme(world, queued(Q1, 1), offered(PETRA, 2), offered(PETRA, 3), lead(4), side=side)
    details = (("first_name", "Sonia"), ("last_name", "Sol"), ("email", SONIA), ("profile", "P"))
    to_marta = (("to", MARTA),)
    return {
        f"/inbox/{lead(2).id}/accept": (PETRA, "/inbox", ()),
        f"/inbox/{lead(3).id}/decline": (PETRA, f"/inbox/{lead(3).id}", (("why", "far"),)),
        f"/partners/leads/{lead(1).id}/assign": (
            MARTA,
            f"/partners/leads/{lead(1).id}?kind=employee",
            to_marta,
        ),
        "/partners/accounts/north/enable": (MARTA, "/partners/accounts", ()),
        f"/partners/users/{SONIA}/enable": (
            MARTA,
            "/partners/accounts",
            (*details, ("confirmed", "1")),
        ),
        "/partners/bulk": (
            MARTA,
            f"/partners/bulk?lead={lead(1).id}&lead={lead(2).id}&kind=employee",
            (*to_marta, ("step", "do")),
        ),
    }


def test_a_double_click_on_any_button_does_it_once(world: World) -> None:
    for action in one_of_each(world):
        who, where, filled = one_of_each(world)[action]
        browser = signed_in(world, who)
        page = browser.get(where).text
        first = send(browser, page, action, *filled)
        assert first.status_code in (200, 303), action
        before, effects = decided(world), effects_planned(world)
        again = send(browser, page, action, *filled)
        assert (again.status_code, again.headers.get("Location")) == (
            first.status_code,
            first.headers.get("Location"),
        ), action
        assert (decided(world), effects_planned(world)) == (before, effects), action


def effects_planned(world: World) -> int:
    with reading(world.engine) as db:
        return db.scalar(select(func.count()).select_from(OUTBOX)) or 0


def test_quality_control_reads_every_page_and_changes_nothing(world: World) -> None:
    """Nor is any form shown that would."""
    actions = one_of_each(world)
    qa, petra = signed_in(world, QA), signed_in(world, PETRA)
    pages = ("leads", "queues", "accounts", "report", "programme", f"leads/{lead(1).id}")
    shown = [qa.get(f"/partners/{name}") for name in pages]
    assert [answer.status_code for answer in shown] == [200] * len(pages)
    assert {action for answer in shown for action in forms(answer.text)} == OWN_FORMS
    token = ("csrf", csrf(shown[0].text))
    rules = {
        rule.rule
        for rule in world.app.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and re.match(r"/(api/v1/)?(partners|inbox)", rule.rule)
    }
    assert len(rules) >= 20
    before = decided(world)
    key = {"Authorization": f"Bearer {world.key(f'employee:{QA}')}"}
    for rule in sorted(rules):
        where = re.sub(r"<\w+>", lead(1).id, rule)
        is_api = rule.startswith("/api/")
        answer = (
            qa.post(where, json={}, headers=key) if is_api else qa.post(where, data=dict([token]))
        )
        assert answer.status_code == 403, rule
    assert decided(world) == before
    assert petra.get("/inbox").status_code == 200
    assert actions


@pytest.mark.parametrize(("who", "sees"), [(MARTA, True), (QA, True), (CORA, True), (ANA, False)])
def test_who_has_partners_finds_them_in_the_menu(world: World, who: EmployeeId, sees: bool) -> None:
    """PRM-07."""
    programme(world, offered(PETRA, 1), offered(SONIA, 2))
    browser = signed_in(world, who)
    assert ('href="/partners/leads"' in browser.get("/conversations").text) is sees
    assert (browser.get("/partners/leads").status_code == 200) is sees


def test_prm_07_a_channel_manager_sees_his_partners_alone(world: World) -> None:
    programme(world, offered(PETRA, 1), offered(SONIA, 2))
    cora = signed_in(world, CORA)
    for page in ("leads", "accounts", "report"):
        shown = cora.get(f"/partners/{page}").text
        assert "North" in shown, page
        assert "south" not in shown.lower(), page
    assert cora.get(f"/partners/leads/{lead(2).id}").status_code == 404
    assert cora.get("/partners/programme").status_code == 404
    assert cora.get("/activity?partner=north").status_code == 200
    assert cora.get("/activity?partner=south").status_code == 404


def test_prm_07_the_feed_of_an_account_has_that_partners_activity_alone(world: World) -> None:
    programme(world, offered(PETRA, 1), offered(SONIA, 2))
    for who, number in ((PETRA, 1), (SONIA, 2)):
        api(world, who).post(f"/partners/leads/{lead(number).id}/accept")
    marta, cora = api(world, MARTA), api(world, CORA)
    for asking in (marta, cora):
        (happened,) = asking.all("/activity", partner="north")
        assert (happened["event"], happened["subject"]["id"]) == ("LeadAccepted", lead(1).id)
    assert cora.get("/activity", partner="south").status == 404
    assert marta.get("/activity", partner="nowhere").status == 404


@pytest.mark.parametrize(
    ("kind", "offers", "not_offered"),
    [
        ("partner_user", {PETRA, SONIA}, {PABLO}),
        ("queue", {"q1", "q2", "q3"}, set()),
        ("employee", {MARTA, CORA, CARL}, set()),
        ("in_turn", {"q1", "q2", "q3", PETRA, SONIA}, {PABLO}),
        ("rules", set(), set()),
        ("nonsense", {PETRA, SONIA}, {PABLO}),
    ],
)
def test_prm_17_the_form_offers_the_chosen_kind_alone(
    world: World, kind: str, offers: set[str], not_offered: set[str]
) -> None:
    programme(world, lead(), side=with_user(PABLO, has_signed_in=False))
    page = signed_in(world, MARTA).get(f"/partners/leads/{lead().id}?kind={kind}").text
    form = page.partition('id="assign"')[2]
    found = re.findall(r'(?:<option|name="to") value="([^"]+)"', form)
    assert set(found) - {"yes", "no"} == offers
    assert {who for who in (PABLO,) if f"<li><bdi>{who}" in form} == not_offered


def test_prm_11_assigning_by_form_and_the_second_manager_hears_what_changed(
    world: World,
) -> None:
    programme(world, lead())
    where = f"/partners/leads/{lead().id}"
    marta = signed_in(world, MARTA)
    seen_by_both = marta.get(where).text
    other = re.sub(r'name="key" value="\w+"', 'name="key" value="other"', seen_by_both)
    first = send(marta, seen_by_both, f"{where}/assign", ("to", PETRA))
    assert first.headers["Location"] == where
    second = send(marta, other, f"{where}/assign", ("to", SONIA))
    assert second.status_code == 409
    assert f"it is with {PETRA}" in second.text
    assert stored(world, lead()).holder == partner(PETRA)


@pytest.mark.parametrize(("ticked", "mails"), [("yes", 1), ("no", 0)])
def test_prm_21_the_tick_on_the_form_is_the_mail(world: World, ticked: str, mails: int) -> None:
    programme(world, lead())
    world.policy = replace(world.policy, email=world.policy.crm)
    where = f"/partners/leads/{lead().id}"
    marta = signed_in(world, MARTA)
    send(marta, marta.get(where).text, f"{where}/assign", ("to", PETRA), ("notify", ticked))
    with reading(world.engine) as db:
        sent = db.scalars(select(OUTBOX.c.kind).where(OUTBOX.c.kind == "SendEmail")).all()
    assert len(sent) == mails


def test_prm_25_bulk_by_form_says_first_then_does_then_undoes(world: World) -> None:
    leads = [lead(1), lead(2), offered(SONIA, 3)]
    programme(world, *leads)
    marta = signed_in(world, MARTA)
    listed = marta.get("/partners/leads").text
    assert listed.count('type="checkbox" name="lead"') == 3
    ticked = "&".join(f"lead={one.id}" for one in leads)
    chosen = marta.get(f"/partners/bulk?{ticked}&kind=partner_user").text
    tried = send(marta, chosen, "/partners/bulk", ("to", SONIA), ("step", "try")).text
    assert "2 of 3 would be given out" in tried
    assert stored(world, leads[0]) == leads[0]
    done = send(marta, tried, "/partners/bulk").text
    assert "2 of 3 are given out" in done
    assert "lead.same_owner" in done
    assert {stored(world, one).holder for one in leads} == {partner(SONIA)}
    (undoing,) = (action for action in forms(done) if "/undo" in action)
    undone = send(marta, done, undoing).text
    assert "2 of 2 are where they were before" in undone
    assert stored(world, leads[0]).holder == employee(MARTA)
    assert "Nothing is left to undo" in send(marta, done, undoing).text
    assert signed_in(world, MARTA).get("/partners/bulk").status_code == 400


def test_prm_25_between_trying_and_doing_somebody_else_was_faster(world: World) -> None:
    programme(world, lead(1), lead(2))
    marta = signed_in(world, MARTA)
    ticked = f"lead={lead(1).id}&lead={lead(2).id}"
    chosen = marta.get(f"/partners/bulk?{ticked}").text
    tried = send(marta, chosen, "/partners/bulk", ("to", SONIA), ("step", "try")).text
    api(world, MARTA).post(f"/partners/leads/{lead(1).id}/assign", {"to": {"user": PETRA}})
    done = send(marta, tried, "/partners/bulk").text
    assert "1 of 2 are given out" in done
    assert stored(world, lead(1)).holder == partner(PETRA)


SHARED = SharingReview(
    settings=(
        SharingSetting(kind=Openness.FOLDER, name="Prices", about="Folder", open_to="Partners"),
    ),
)


def test_prm_02_03_04_the_programme_by_its_pages(world: World) -> None:
    """A production organisation is named; the review is finished or cancelled."""
    programme(world, programme=OFF, side=replace(SIDE, sharing=SHARED))
    marta, page = signed_in(world, MARTA), "/partners/programme"
    shown = marta.get(page).text
    assert "a production organisation" in shown
    typed = ("confirmation", "not reversible")
    refused = send(marta, shown, f"{page}/on", typed, ("organisation", "wrong"))
    assert (refused.status_code, "production" in refused.text) == (422, True)
    named = ("organisation", "Acme Production")
    answers = [send(marta, shown, f"{page}/on", typed, named) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]  # a double click
    on = marta.get(page).text
    assert "Prices" in on
    assert f"{page}/on" not in forms(on)
    assert send(marta, on, f"{page}/review").status_code == 303
    with reading(world.engine) as db:
        state = partner_state(db).programme
    assert (state.is_on, state.review.state) == (True, ReviewState.CANCELLED)


def test_prm_18_19_20_accounts_show_what_a_user_still_needs(world: World) -> None:
    programme(world, side=with_user(PETRA, has_signed_in=False))
    shown = signed_in(world, MARTA).get("/partners/accounts").text
    assert "Ask him to sign in to the community once" in shown
    assert shown.count("may get leads") == 2


def test_prm_16_the_report_page_and_its_table(world: World) -> None:
    programme(world, offered(PETRA, 1), offered(SONIA, 2))
    marta = signed_in(world, MARTA)
    assert lead(1).id in marta.get("/partners/report").text
    assert lead(2).id not in marta.get("/partners/report?account=north").text
    assert marta.get("/partners/report?format=csv").mimetype == "text/csv"


OWN_FORMS = {"/logout", "/look"}  # of everybody, about nobody else
EVIL = "<script>alert('x')</script>\"'><img src=x onerror=alert(1)>{{7*7}}"


def evil(one: PartnerLead) -> PartnerLead:
    said = replace(one.summary, name=EVIL, company=EVIL, properties={EVIL: EVIL})
    return replace(one, summary=said)


def test_s14_nothing_that_the_crm_says_becomes_markup(world: World) -> None:
    side = replace(
        with_user(PETRA, name=EVIL, profile=EVIL),
        sharing=SharingReview(
            settings=(SharingSetting(kind=Openness.RULE, name=EVIL, about=EVIL, open_to=EVIL),),
            unread=(EVIL,),
        ),
    )
    programme(world, evil(offered(PETRA, 1)), evil(queued(Q3, 2)), programme=OFF, side=side)
    one = lead(1).id
    pages = {
        PETRA: ("/inbox", f"/inbox/{one}"),
        MARTA: (
            "/partners/leads",
            f"/partners/leads/{one}",
            f"/partners/bulk?lead={one}",
            "/partners/accounts",
            "/partners/programme",
            "/partners/report",
            "/partners/queues",
            f"/partners/leads?account={EVIL}",
        ),
    }
    for who, addresses in pages.items():
        browser = signed_in(world, who)
        for address in addresses:
            shown = browser.get(address)
            assert "<script>alert" not in shown.text, address
            assert "<img src=x" not in shown.text, address
            assert not re.search(r"<style| style=| on[a-z]+=\"", shown.text), address
            assert "no-store" in shown.headers["Cache-Control"], address
