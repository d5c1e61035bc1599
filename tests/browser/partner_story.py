"""A partner takes one lead and declines another, which his channel manager sees in the report; then
whose the renewal notices of a client are (PRM-13, PRM-24)."""

from playwright.sync_api import Browser, expect

from bridge.cli.calls import call
from bridge.domain.names import EmployeeId
from bridge.domain.partner_leads import PartnerLead
from bridge.domain.partner_policy import LeadTarget
from bridge.domain.principals import Person, PersonKind
from bridge.pipeline.partnering import acting
from bridge.pipeline.partnering.acting import Asked, Order
from bridge.pipeline.partnering.looking import leads_seen, looker, wanted_of
from bridge.pipeline.parts import Parts
from bridge.store.engine import reading
from tests.browser.demo import RunningDemo
from tests.browser.eyes import eyes_on
from tests.browser.reader import Reader
from tests.cli.running import eventually

PETRA, LUIS = "petra@north.example", "luis@acme.example"
_MANAGER = Person(kind=PersonKind.EMPLOYEE, id=LUIS)
_PRIMARY_CONTACT = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 578}
_WHY = "Our fitters are booked until spring."


def tell(reader: Reader, demo: RunningDemo, browser: Browser) -> None:
    good, bad = f"Bank branch {reader.mark}", f"Ski lodge {reader.mark}"
    _offered(demo, good, f"81{reader.number}")
    _offered(demo, bad, f"82{reader.number}")
    reader.enter(demo.login(PETRA, PersonKind.PARTNER_USER))
    _accepts(reader, good, bad)
    _declines(reader, bad)
    _looks_back(reader, bad)
    with eyes_on(browser, demo.url) as eyes:
        eyes.look("light", reader.width)
        manager = Reader(eyes, reader.name, reader.language, reader.width, reader.taken)
        manager.enter(demo.login(LUIS))
        _reads_the_report(manager, good, bad)
        _decides_whose_notices_they_are(manager)
        manager.leaves()


def _offered(demo: RunningDemo, title: str, contact: str) -> None:
    """A new lead of the CRM, which the manager gives to Petra."""
    person = {"firstname": "Iris", "lastname": "Luna", "company": title, "country": "Mexico"}
    seed = {"contacts": [{"id": contact, "properties": {**person, "city": "Puebla"}}]}
    call("POST", f"{demo.crm}/_sandbox/seed", seed)
    lead = {
        "kind": "leads",
        "properties": {"hs_lead_name": title, "hs_lead_label": "HOT"},
        "associations": [{"to": {"id": contact}, "types": [_PRIMARY_CONTACT]}],
    }
    call("POST", f"{demo.crm}/_sandbox/change", lead)
    with demo.parts() as parts:
        assert eventually(lambda: _leads(parts, title))
        order = Order(to=LeadTarget(user=EmployeeId(PETRA)), notify=False)
        asked = Asked(by=_MANAGER, key=f"story {title}")
        assert acting.assign(parts, asked, _leads(parts, title)[0].id, order).refused is None


def _leads(parts: Parts, title: str) -> list[PartnerLead]:
    with reading(parts.engine) as db:
        eyes = looker(db, parts.active().policy, _MANAGER)
        found = leads_seen(db, eyes, wanted_of(), None, 500).leads
    return [lead for lead in found if lead.summary.name == title]


def _accepts(reader: Reader, good: str, bad: str) -> None:
    page = reader.page
    expect(page).to_have_url(f"{reader.eyes.url}/inbox")
    expect(page.locator("#offered li.lead").filter(has_text=bad)).to_be_visible()
    reader.looks("inbox")
    lead = page.locator("#offered li.lead").filter(has_text=good)
    reader.button("Accept", lead).click()
    expect(page.locator("#offered li.lead").filter(has_text=good)).to_have_count(0)
    reader.eyes.open("/inbox")
    expect(page.locator("#accepted li.lead").filter(has_text=good)).to_be_visible()


def _declines(reader: Reader, bad: str) -> None:
    page = reader.page
    page.locator("#offered li.lead").filter(has_text=bad).get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(bad)
    reader.field("Why you decline it").fill(_WHY)
    reader.looks("lead")
    reader.button("Decline").click()
    expect(reader.button("Decline")).to_have_count(0)
    reader.eyes.open("/inbox")
    expect(page.locator("#offered li.lead").filter(has_text=bad)).to_have_count(0)
    reader.looks("inbox-after")


def _looks_back(reader: Reader, bad: str) -> None:
    reader.go_to("Activity")
    expect(reader.page.locator("main")).to_contain_text(bad)
    reader.looks("activity")


def _reads_the_report(manager: Reader, good: str, bad: str) -> None:
    page = manager.page
    manager.go_to("Partners")
    page.wait_for_url("**/partners/leads")
    expect(page.locator("main")).to_contain_text(bad)
    manager.looks("leads")
    manager.link("Report").click()
    page.wait_for_url("**/partners/report")
    row = page.get_by_role("row").filter(has_text=good)
    expect(row).to_contain_text(manager.said("accepted"))
    expect(row).to_contain_text("Petra")
    manager.looks("report")


def _decides_whose_notices_they_are(manager: Reader) -> None:
    """The other one gets them for once, and the former one again: the demo is others' too."""
    page = manager.page
    manager.go_to("Renewals")
    expect(page.locator("#renewal-rows tr").first).to_be_visible()
    manager.looks("renewals")
    manager.link("Month").click()
    page.wait_for_url("**/renewals/month")
    expect(page.locator("table.month")).to_be_visible()
    manager.looks("month")
    manager.link("Who gets which notice").click()
    page.wait_for_url("**/renewals/preview")
    manager.looks("preview")
    page.locator("main .timeline a").first.click()
    owner = page.locator("form[action$='/owner'] select[name=owner]")
    before = owner.input_value()
    other = next(one for one in ("vendor", "default") if one != before)
    for choice, name in ((other, "owner-set"), (before, "")):
        owner.select_option(choice)
        manager.button("Save").click()
        page.wait_for_load_state()
        expect(owner).to_have_value(choice)
        if name:
            expect(page.locator("main")).to_contain_text(manager.said("What happened"))
            manager.looks(name)
