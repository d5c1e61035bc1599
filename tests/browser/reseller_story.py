"""A reseller's user looks after his clients, imports some, and his manager signs in as one of them
(RSL-01, RSL-08, RSL-09, RSL-12, RSL-19, RSL-24)."""

from pathlib import Path

from playwright.sync_api import Browser, expect

from bridge.domain.principals import PersonKind
from tests.browser.demo import RunningDemo
from tests.browser.eyes import eyes_on
from tests.browser.reader import Reader

RITA, LUIS = "rita@norte.example", "luis@acme.example"


def tell(reader: Reader, demo: RunningDemo, browser: Browser, folder: Path) -> None:
    client = f"Imprenta Lince {reader.mark}"
    reader.enter(demo.login(RITA, PersonKind.RESELLER_USER))
    _reads_the_table(reader)
    address = _adds(reader, client)
    _looks_after(reader, client)
    _imports(reader, folder / "clients.csv")
    with eyes_on(browser, demo.url) as eyes:
        eyes.look("light", reader.width)
        manager = Reader(eyes, reader.name, reader.language, reader.width, reader.taken)
        manager.enter(demo.login(LUIS))
        _helps(manager, address, client)
        manager.leaves()
    reader.eyes.open(address)
    _archives(reader, client)


def _reads_the_table(reader: Reader) -> None:
    page = reader.page
    expect(page).to_have_url(f"{reader.eyes.url}/clients")
    low = page.locator("#client-rows tr").filter(has_text="Panadería El Sol")
    expect(low).to_contain_text(reader.said("Offer renewal"))
    expect(low.locator("progress")).to_have_attribute("value", "10")
    expect(page.locator("#client-rows")).to_contain_text(reader.said("suspended"))
    reader.looks("clients")


def _adds(reader: Reader, client: str) -> str:
    """The address of his page."""
    page = reader.page
    reader.link("Add a client").first.click()
    reader.field("Legal name").fill(client)
    reader.looks("new")
    reader.button("Add").click()
    title = page.get_by_role("heading", level=1)
    expect(title).to_contain_text(client)
    expect(title).to_contain_text(reader.said("active"))
    return page.url.removeprefix(reader.eyes.url).partition("?")[0]


def _looks_after(reader: Reader, client: str) -> None:
    page = reader.page
    title = page.get_by_role("heading", level=1)
    reader.field("Units to add").fill("50")
    reader.button("Add units").dblclick()  # which adds them once
    expect(page.get_by_role("row").filter(has_text=reader.said("Units left"))).to_contain_text(
        "150"
    )
    reader.looks("client")
    reader.button("Suspend").click()
    expect(title).to_contain_text(reader.said("suspended"))
    expect(reader.button("Add units")).to_have_count(0)
    reader.looks("suspended")
    reader.button("Activate").click()
    expect(title).to_contain_text(reader.said("active"))
    reader.go_to("Clients")
    row = page.get_by_role("row").filter(has_text=client)
    expect(row).to_contain_text(reader.said("active"))


def _imports(reader: Reader, file: Path) -> None:
    page = reader.page
    file.write_text(
        f"legal_name,plan\nVidrios Norte {reader.mark},basic\nAcero Sur {reader.mark},unknown\n"
    )
    reader.link("Import").click()
    reader.field("File").set_input_files(file)
    reader.button("Preview").click()
    rows = page.locator("main table tbody tr")
    right, wrong = rows.filter(has_text="Vidrios Norte"), rows.filter(has_text="Acero Sur")
    expect(right).to_contain_text(reader.said("would be added"))
    expect(wrong).to_contain_text(reader.said("refused"))
    reader.looks("preview")
    reader.field("Import the right rows, leave the others out").check()
    reader.button("Import").click()
    expect(right.get_by_role("link")).to_have_text(f"Vidrios Norte {reader.mark}")
    expect(right).to_contain_text(reader.said("added"))
    reader.looks("imported")


def _helps(manager: Reader, address: str, client: str) -> None:
    """Both names are on record, and a banner says so until it ends."""
    page = manager.page
    manager.eyes.open(address)
    manager.button("Sign in as this client").click()
    page.wait_for_url("**/plan")
    banner = page.locator(".banner")
    expect(banner).to_contain_text(LUIS)
    expect(banner).to_contain_text(client)
    expect(page.get_by_role("heading", level=1)).to_have_text(client)
    manager.looks("signed-in-as")
    manager.button("End", banner).click()
    expect(banner).to_have_count(0)
    assert manager.eyes.open(address) == 200
    expect(manager.button("Sign in as this client")).to_be_visible()


def _archives(reader: Reader, client: str) -> None:
    """Only who uses nothing any more can go there."""
    page = reader.page
    reader.button("Suspend").click()
    reader.button("Archive").click()
    expect(reader.button("Take out of the archive")).to_be_visible()
    reader.eyes.open("/clients?archived=1")
    expect(page.get_by_role("row").filter(has_text=client)).to_be_visible()
    reader.looks("archive")
