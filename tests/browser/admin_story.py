"""An admin: somebody new gets a role, seen before it counts and taken back; a file broken by hand,
one that moved meanwhile, and the first steps (ROL-01, ROL-02)."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Locator, expect

from bridge.cli.calls import call
from tests.browser.demo import RunningDemo
from tests.browser.reader import Reader
from tests.cli.running import eventually

LUIS = "luis@acme.example"
_WHY = "Carla looks over our shoulders from Monday on."


def tell(reader: Reader, demo: RunningDemo) -> None:
    newcomer = f"carla.{reader.mark}@acme.example"
    _hired(demo, newcomer, reader)
    reader.enter(demo.login(LUIS))
    _finds(reader, newcomer)
    _gives_a_role(reader, newcomer)
    _saves_although_a_file_moved(reader, demo.config / "routing.yaml")
    assert newcomer in (demo.config / "roles.yaml").read_text()
    _takes_it_back(reader)
    assert newcomer not in (demo.config / "roles.yaml").read_text()
    _sees_what_somebody_broke(reader, demo.config / "roles.yaml")
    _takes_the_first_steps(reader)


def _hired(demo: RunningDemo, mail: str, reader: Reader) -> None:
    """The CRM has one person more; the bridge has not heard of her."""
    owner = {"id": f"90{reader.number}", "userId": 9000 + reader.number, "email": mail}
    seed = {"owners": [{**owner, "firstName": "Carla", "lastName": f"Sanz {reader.mark}"}]}
    call("POST", f"{demo.crm}/_sandbox/seed", seed)


def _finds(reader: Reader, newcomer: str) -> None:
    page = reader.page
    reader.go_to("People")
    expect(page.locator("table.people")).to_be_visible()
    reader.looks("people")
    reader.button("Update CRM data").click()
    page.wait_for_load_state()
    found = page.locator("table.people tr").filter(has_text=newcomer)
    assert eventually(lambda: _again(reader, f"/settings/people?q={reader.mark}", found))
    expect(found).to_contain_text(reader.said("New here"))


def _again(reader: Reader, path: str, wanted: Locator) -> bool:
    """Whether the page has it now, asked for anew: it shows what was so when it was asked for."""
    reader.eyes.open(path)
    return wanted.count() > 0


def _gives_a_role(reader: Reader, newcomer: str) -> None:
    page = reader.page
    name = f"Carla Sanz {reader.mark}"
    reader.field("Role of %(name)s", name=name).select_option("quality_control")
    reader.looks("role")
    reader.button("Review the change").click()
    page.wait_for_url("**/settings/review/*")
    added = page.locator("table.diff tr.added")
    expect(added.filter(has_text=newcomer)).to_contain_text("role: quality_control")
    expect(page.locator(".review-side")).to_contain_text(reader.said("No mistakes were found."))
    effect = page.locator("#effect .by-person > li")
    expect(effect).to_contain_text(name)  # she would see what was said
    reader.field("Why?").fill(_WHY)
    reader.looks("review")


def _saves_although_a_file_moved(reader: Reader, file: Path) -> None:
    """Nothing is overwritten: what others did is shown first, and saving it again saves both."""
    page = reader.page
    before = file.read_text()
    file.write_text(f"{before}# Looked at by hand, {reader.mark}.\n")
    reader.button("Save").click()
    expect(page.get_by_role("alert").first).to_be_visible()
    reader.was_refused(409)
    expect(reader.field("Why?")).to_have_value(_WHY)
    reader.looks("moved")
    reader.button("Save").click()
    page.wait_for_url("**/settings/changes/*")
    expect(page.locator("main")).to_contain_text(reader.said("Saved. It is in force everywhere."))
    assert f"by hand, {reader.mark}" in file.read_text()
    reader.looks("saved")


def _takes_it_back(reader: Reader) -> None:
    page = reader.page
    reader.go_to("Changes")
    changes = page.locator("#changes > li")
    expect(changes.first).to_contain_text(_WHY)
    reader.looks("changes")
    changes.nth(1).get_by_role("link").click()
    reader.button("Go back to this").click()
    page.wait_for_url("**/settings/review/*")
    expect(page.locator("table.diff tr.removed")).to_contain_text([re.compile("carla")])
    reader.looks("going-back")
    reader.button("Save").click()
    page.wait_for_url("**/settings/changes/*")
    expect(page.locator("main")).to_contain_text(reader.said("Saved. It is in force everywhere."))


def _sees_what_somebody_broke(reader: Reader, file: Path) -> None:
    """The last settings that were good stay in force, and the line is named."""
    page = reader.page
    broken = page.get_by_role("alert").filter(has_text="roles.yaml")
    with _with_text(file, lambda text: text.replace("role: manager", "role: boss")):
        assert eventually(lambda: _again(reader, "/settings/people", broken))
        expect(broken).to_contain_text("boss")
        expect(page.locator("table.people")).to_contain_text("Luis Acme")
        reader.looks("broken")
        reader.eyes.open("/settings/files")
        page.locator("a.list-group-item").filter(has_text="roles.yaml").click()
        expect(page.locator("tr.noted")).to_contain_text("role: boss")
        reader.looks("broken-line")
    whole = page.locator(".save-bar")
    assert eventually(lambda: _again(reader, "/settings/people", whole))


@contextmanager
def _with_text(file: Path, change: Callable[[str], str]) -> Iterator[None]:
    before = file.read_text()
    assert change(before) != before
    file.write_text(change(before))
    try:
        yield
    finally:
        file.write_text(before)


def _takes_the_first_steps(reader: Reader) -> None:
    page = reader.page
    reader.go_to("First steps")
    page.wait_for_url("**/welcome")
    expect(page.locator("li.first-step")).to_have_count(9)
    reader.looks("first-steps")
    step = page.locator("li#test")
    if not step.get_by_label(reader.said("Your number")).is_visible():  # the next step stands open
        step.locator("summary").first.click()
    reader.field("Your number", step).fill("+34600987654")
    reader.button("Send the test message", step).click()
    page.wait_for_url("**/welcome**")
    sent = page.locator("li#test").filter(has_text=reader.said("Done"))
    assert eventually(lambda: _again(reader, "/welcome", sent))
    reader.looks("tested")
