"""A newcomer: from one line of YAML to a first real message, as /welcome tells him (NEW-09)."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from bridge.cli.calls import call
from tests.browser.eyes import WAIT_MILLISECONDS, Eyes, eyes_on
from tests.cli.running import House, eventually
from tests.ports import free_port

pytestmark = pytest.mark.redis
ME, ANA = "me@firm.example", "ana@firm.example"
SECRETS = {
    "HUBSPOT_TOKEN": "token-of-the-test",
    "HUBSPOT_CLIENT_SECRET": "client-secret-of-the-test",
    "WAZZUP_API_KEY": "api-key-of-the-test",
    "WAZZUP_WEBHOOK_KEY": "webhook-key-of-the-test",
}
OWNERS = [
    {"id": str(n), "userId": 900 + n, "email": mail, "firstName": name, "lastName": "Firm"}
    for n, (mail, name) in enumerate(((ME, "Me"), (ANA, "Ana")), 101)
]
CHANNEL = {
    "channelId": "11111111-2222-3333-4444-555555555555",
    "transport": "whatsapp",
    "plainId": "34611000001",
    "name": "Sales",
    "state": "active",
}
PHONE = "+34600111222"
RENEWED_MILLISECONDS = 20_000


@contextmanager
def up(house: House, **extra: str) -> Iterator[None]:
    house.extra |= extra
    with house.started("up", "--port", str(house.port), "--workers", "1"):
        assert eventually(house.alive), house.log("up")
        yield


def link(house: House) -> str:
    told = house.run("login", ME)
    assert told.returncode == 0, told.stderr
    return told.stdout.splitlines()[0]


@contextmanager
def sandbox(house: House, account: str, seed: Mapping[str, Any]) -> Iterator[str]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with house.started("sandbox", account, "--port", str(port)):
        assert eventually(lambda: answers(url)), house.log("sandbox")
        call("POST", f"{url}/_sandbox/seed", dict(seed))
        yield url


def answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/_sandbox/state", timeout=5).ok
    except requests.ConnectionError:
        return False


class Guide:
    """The page as it lies open in one tab from the first step to the last, never loaded anew: it
    renews itself every twenty seconds, which its clock brings forward."""

    def __init__(self, eyes: Eyes) -> None:
        self.page = eyes.page.context.new_page()
        self.page.clock.install()
        self.page.goto(f"{eyes.url}/welcome")

    def waits(self) -> None:
        self.page.clock.fast_forward(RENEWED_MILLISECONDS)
        self.page.wait_for_timeout(100)

    def shows(self, step: str, words: str, *said: str) -> None:
        """In a while, by itself."""
        found = self.page.locator(f"#{step}")

        def stands() -> bool:
            self.waits()
            text = found.locator("summary .pill").inner_text()
            return text == words and all(one in (found.text_content() or "") for one in said)

        assert eventually(stands), (step, words, said, found.text_content())

    def unfolds(self, step: str) -> None:
        if self.page.locator(f"#fold-{step}").get_attribute("open") is None:
            self.page.locator(f"#{step} summary").click()


def saves(page: Page) -> None:
    page.get_by_role("button", name="Review the change").first.click()
    saves_reviewed(page)


def saves_reviewed(page: Page) -> None:
    page.wait_for_url("**/settings/review/*")
    page.get_by_role("button", name="Save").first.click()
    page.wait_for_url("**/settings/changes/*")


@pytest.fixture
def house(tmp_path: Path) -> House:
    unset = {"BRIDGE_SECRET_KEY": "", "BRIDGE_BASE_URL_WAZZUP_MAIN": ""}
    return House(tmp_path, unset, free_port())


def test_without_a_folder_one_is_told_how_to_begin(house: House) -> None:
    told = house.run("up", "--port", "0")
    assert told.returncode == 1
    assert "employees: {you@your-company.example: {role: manager}}" in told.stderr


def test_from_nothing_to_a_first_message(browser: Browser, house: House) -> None:
    house.config.parent.mkdir()
    (house.config.parent / "roles.yaml").write_text(f"employees: {{{ME}: {{role: manager}}}}\n")
    url = f"http://127.0.0.1:{house.port}"
    with ExitStack() as stack, eyes_on(browser, url) as eyes:
        with up(house):
            assert f"bridge login {ME}" in house.log("up")
            eyes.sign_in(link(house))
            guide = Guide(eyes)
            names_accounts(house, guide)

        house.extra |= SECRETS
        crm = stack.enter_context(sandbox(house, "hubspot-main", {"owners": OWNERS}))
        chat = stack.enter_context(sandbox(house, "wazzup-main", {"channels": [CHANNEL]}))
        beside = {"BRIDGE_BASE_URL_HUBSPOT_MAIN": crm, "BRIDGE_BASE_URL_WAZZUP_MAIN": chat}
        with up(house, **beside, HUBSPOT_TOKEN="wrong"):
            wrong = "hubspot-main: the vendor refuses our credentials"
            guide.shows("accounts", "Look at this", wrong, "HUBSPOT_TOKEN")
            guide.shows("crm", "To do")

        with up(house, HUBSPOT_TOKEN=SECRETS["HUBSPOT_TOKEN"]):
            goes_on(guide)
            hears_of_vendors(house, crm)
            sets_up(eyes.page, guide, url)
            sends_a_test(guide)
            writes_first(guide, chat)
        assert not [one for one in eyes.trouble if "Content Security Policy" in one]


def names_accounts(house: House, guide: Guide) -> None:
    """A fold that was opened stays open, and the focus in it, while the page renews itself."""
    page = guide.page
    guide.shows("accounts", "To do")
    guide.shows("people", "Done")
    starter = page.locator("#accounts pre").inner_text()
    (house.config.parent / "accounts.yaml").write_text(starter)
    guide.unfolds("test")
    guide.shows("accounts", "Look at this", "HUBSPOT_TOKEN", "set HUBSPOT_TOKEN before starting")
    assert page.locator("#fold-test").get_attribute("open") is not None
    expect(page.locator("#test summary")).to_be_focused()


def goes_on(guide: Guide) -> None:
    """By itself, once the secret is right."""
    guide.shows("accounts", "Done")
    guide.shows("crm", "Done", "2 people")
    guide.shows("address", "Done")
    guide.shows("webhooks", "To do")


def hears_of_vendors(house: House, crm: str) -> None:
    url = f"http://127.0.0.1:{house.port}/hooks/hubspot-main"
    target = {"url": url, "client_secret": SECRETS["HUBSPOT_CLIENT_SECRET"]}
    call("POST", f"{crm}/_sandbox/webhooks", target)
    mended = house.run("doctor", "--fix")
    assert "wazzup-main" in mended.stdout, mended.stderr


def sets_up(page: Page, guide: Guide, url: str) -> None:
    """What is typed in an open fold stays while the page renews itself."""
    page.goto(f"{url}/settings/channels")
    page.get_by_label("Short name").fill("wa-sales")
    page.get_by_role("button", name="Add").click()
    saves_reviewed(page)
    guide.shows("channels", "Done")
    guide.unfolds("test")
    guide.page.get_by_label("Your number").fill(PHONE)

    page.goto(f"{url}/settings/people")
    page.get_by_label("Role of Ana Firm").select_option("salesperson")
    saves(page)
    page.goto(f"{url}/settings/new-clients")
    page.get_by_label("Where deals begin").select_option(index=1)
    page.get_by_label("When nobody of them can").select_option(ME)
    saves(page)
    guide.waits()
    assert guide.page.get_by_label("Your number").input_value() == PHONE


def sends_a_test(guide: Guide) -> None:
    guide.page.get_by_role("button", name="Send the test message").click()
    guide.page.wait_for_url("**/welcome#test")
    guide.shows("test", "Done")
    guide.shows("people", "Done")
    guide.shows("new_clients", "Done")


def writes_first(guide: Guide, chat: str) -> None:
    guide.shows("first", "To do")
    said = {"channelId": CHANNEL["channelId"], "chatId": "34600333444", "text": "hello"}
    call("POST", f"{chat}/_sandbox/incoming", {"chatType": "whatsapp", **said})
    guide.shows("first", "Done")
    guide.shows("webhooks", "Done")
    expect(guide.page.locator(".progress-words")).to_contain_text(
        "9 of 9 done", timeout=WAIT_MILLISECONDS
    )
