"""Texts from outside that try to become markup, on every page that leads from another (S14)."""

import io
from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.domain.events import MessageReceived
from bridge.domain.messaging import Media, MediaKind
from bridge.domain.names import EventKey
from bridge.domain.people import CrmEmployee, Directory
from bridge.domain.records import Pipeline, RecordKind, Stage
from bridge.pipeline.noting import NoteRequest, note
from bridge.store import attempts, lanes, mirror, outbox, outgoing
from bridge.store.attempts import Tried
from bridge.store.engine import writing
from bridge.store.outbox import State
from tests.domain.partner_building import MARTA, PETRA, Q1, lead, offered, queued
from tests.web import programme
from tests.web.browsing import csrf
from tests.web.ordering import ROW
from tests.web.probing import MARK, PROBE, Walk, sight
from tests.web.reselling import add, as_user, browser_of, with_resellers
from tests.web.settings_house import Configured
from tests.web.world import ANA, CRM, LUIS, OWNER, WA, World

PHONE = "+34600111222"


@pytest.mark.parametrize(
    "page",
    [
        PROBE,
        f"<p title='{PROBE}'>",
        f'<a href="javascript:{MARK}()">x</a>',
        f"<script>{MARK}</script>",
        f"<!-- {MARK} -->",
        f'<p hx-vals="{{{MARK}">',
        f"<b onclick='{MARK}()'>x</b>",
        f"<p>49{{% if {MARK} %}}</p>",
    ],
)
def test_markup_that_came_through_would_be_seen(page: str) -> None:
    assert sight(page).trouble


def test_the_probe_as_text_is_no_trouble() -> None:
    page = sight(f"<p>{PROBE.replace('<', '&lt;')}</p>")
    assert (page.trouble, page.shown) == ([], 1)


def people_say(world: World) -> None:
    """Names of employees and of pipelines, as the CRM has them."""
    people = [CrmEmployee(crm_id=OWNER[e], email=e, name=PROBE, active=True) for e in OWNER]
    stage = Stage(id="new", label=PROBE, is_open=True)
    sales = Pipeline(id="default", kind=RecordKind.DEAL, label=PROBE, stages=(stage,))
    with writing(world.engine) as db:
        later = world.now + timedelta(seconds=1)
        mirror.put_directory(db, CRM, Directory(people=tuple(people), as_of=later), later)
        mirror.put_pipelines(db, CRM, [sales], later)


def clients_say(world: World) -> None:
    """Names, texts and files of clients, of whom one is known."""
    known = world.client(PROBE, PHONE, ANA, deal_of=ANA)
    world.lead(known, ANA)
    chat = world.writes(PHONE, PROBE)
    stranger = replace(world.chat("+34600111333"), name=PROBE, username=PROBE)
    world.happens(
        MessageReceived(
            event_key=EventKey("probe"),
            occurred_at=world.now,
            account=WA,
            chat=stranger,
            message_id="probe",
            text=PROBE,
            media=(
                Media(kind=MediaKind.DOCUMENT, url=f"javascript:{MARK}()", name=PROBE),
                Media(kind=MediaKind.IMAGE, url=f"https://x.example/{PROBE}", name=PROBE),
            ),
        )
    )
    asked = NoteRequest(conversation=chat, employee=LUIS, text=PROBE, key="n1")
    assert note(world.parts, asked) is None


def vendors_say(world: World) -> None:
    """What went wrong, in the vendors' words."""
    world.arrives(WA, PROBE.encode())
    with writing(world.engine) as db:
        outbox.add(db, [replace(ROW, idempotency_key=PROBE)], world.now)
        row, *_ = outgoing.take(db, f"out:{WA}", world.now, 1)
        outgoing.settle(db, row.id, State.DEAD, PROBE)
        attempts.add(db, [Tried(row=row, said=PROBE)], world.now)
        lanes.hold(db, f"out:{CRM}", None, PROBE)


def configuration_says(house: Configured) -> None:
    path = house.path
    label = "'" + PROBE.replace("'", "''") + "'"
    for name, was in (("accounts.yaml", "label: Sales"), ("routing.yaml", "label: Mexico")):
        text = (path / name).read_text()
        assert was in text
        (path / name).write_text(text.replace(was, f"label: {label}") + f"# {PROBE}\n")
    house.takes()


def starts(world: World) -> list[str]:
    """Every page that asks for nothing in its address."""
    rules = world.app.url_map.iter_rules()
    found = [r.rule for r in rules if "GET" in (r.methods or ()) and not r.arguments]
    return sorted(address for address in found if not address.startswith("/api/"))


CLEAN: tuple[list[str], set[str]] = ([], set())


def walked(walk: Walk, *said: str) -> tuple[list[str], set[str]]:
    """What is wrong anywhere, and which of these routes did not show the probe."""
    trouble = list(walk.goes().trouble)
    return trouble, set(said) - walk.said


def test_s14_nothing_from_outside_becomes_markup_for_the_house(house: Configured) -> None:
    world = house.world
    configuration_says(house)
    people_say(world)
    clients_say(world)
    vendors_say(world)
    world.later(minutes=1)
    for who in (LUIS, ANA):
        said = ["/conversations", "/conversations/<name>", "/feed", "/events/<name>"]
        if who != ANA:
            said += ["/deliveries", "/operations", "/settings/rules", "/settings/channels"]
        assert walked(Walk(world.signed_in(who), starts(world)), *said) == CLEAN


def test_s14_nothing_of_the_crms_leads_becomes_markup_for_partners_and_managers(
    world: World,
) -> None:
    summary = replace(lead().summary, name=PROBE, company=PROBE, source=PROBE)
    leads = (offered(PETRA, 1), queued(Q1, 2), lead(3))
    programme.programme(world, *(replace(one, summary=summary) for one in leads))
    partner = Walk(programme.signed_in(world, PETRA), starts(world))
    assert walked(partner, "/inbox", "/inbox/<name>") == CLEAN
    manager = Walk(programme.signed_in(world, MARTA), starts(world))
    assert walked(manager, "/partners/leads", "/partners/leads/<name>") == CLEAN


def test_s14_nothing_of_resellers_clients_becomes_markup(world: World) -> None:
    rita = as_user(with_resellers(world))
    fields = dict.fromkeys(("legal_name", "contact_name", "reference"), PROBE)
    client = add(rita, **fields)["id"]
    browser = browser_of(world)
    assert walked(Walk(browser, starts(world)), "/clients", "/clients/<name>") == CLEAN
    assert (
        walked(Walk(world.signed_in(LUIS), starts(world)), "/clients", "/clients/<name>") == CLEAN
    )
    form = {"csrf": csrf(browser.get("/clients/new").text), **fields, "plan": PROBE}
    sheet = io.BytesIO(f'legal_name,plan\n"{PROBE.replace(chr(34), chr(34) * 2)}",basic\n'.encode())
    table = {"csrf": form["csrf"], "step": "preview", "file": (sheet, f"{MARK}.csv")}
    for address, sent in (("/clients/new", form), ("/clients/import", table)):
        answered = sight(browser.post(address, data=sent).text)
        assert (answered.trouble, answered.shown > 0) == ([], True), address
    entering = {"csrf": csrf(browser.get("/clients").text)}
    assert browser.post(f"/clients/{client}/sign-in-as", data=entering).status_code == 303
    assert walked(Walk(browser, ["/plan", "/plan/messages"]), "/plan") == CLEAN
