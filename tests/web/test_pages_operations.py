"""Pages for who looks after the house: what is wrong, dead letters in bulk, the audit log."""

import re
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from bridge.domain.names import AccountName, EmployeeId
from bridge.pipeline.parts import Active
from bridge.ports import Account
from bridge.store import audit, lanes
from bridge.store.audit import COMMAND, Deed, NewLine
from bridge.store.engine import writing
from bridge.store.schema import AUDIT, INBOX, OUTBOX
from tests.web.browsing import csrf
from tests.web.world import ANA, CRM, LUIS, QA, WA, World

PHONE = "+34600111222"
SECRET = "whsec-0123456789"


@pytest.fixture
def dead(any_world: World) -> World:
    """Three requests that nothing can be made of."""
    for body in (b'{"key": "%s"}' % SECRET.encode(), b"8", b"9"):
        any_world.arrives(WA, body)
    for _ in range(12):
        any_world.later(minutes=1)
        any_world.drain(f"in:{WA}")
    return any_world


def sent(browser: FlaskClient, address: str, **form: object) -> int:
    token = csrf(browser.get("/conversations").text)
    return browser.post(address, data={"csrf": token, **form}).status_code


def states(world: World) -> list[str]:
    with world.engine.connect() as db:
        return list(db.scalars(select(INBOX.c.state).order_by(INBOX.c.id)))


def deeds(world: World) -> list[str]:
    with world.engine.connect() as db:
        return list(db.scalars(select(AUDIT.c.deed).order_by(AUDIT.c.id)))


def test_what_is_wrong_stands_with_what_to_do(any_world: World) -> None:
    with writing(any_world.engine) as db:
        lanes.hold(db, f"out:{CRM}", None, "the vendor refuses our credentials")
    page = any_world.signed_in(LUIS).get("/operations").text
    assert "out:crm-main is paused: the vendor refuses our credentials" in page
    assert "Start `bridge clock`" in page
    assert f'action="/operations/accounts/{CRM}/resume"' in page
    quiet = any_world.signed_in(QA).get("/operations").text
    assert "is paused" in quiet
    assert "/resume" not in quiet


def test_a_manager_has_an_account_tried_again(any_world: World) -> None:
    with writing(any_world.engine) as db:
        lanes.hold(db, f"out:{CRM}", None, "refused")
    browser = any_world.signed_in(LUIS)
    assert sent(browser, f"/operations/accounts/{CRM}/resume") == 303
    assert sent(browser, f"/operations/accounts/{CRM}/resume") == 404
    assert "is paused" not in browser.get("/operations").text


@pytest.mark.parametrize(
    "address", ["/operations", "/operations/audit", "/operations/audit/export", "/deliveries"]
)
def test_salespeople_see_no_operations(world: World, address: str) -> None:
    browser = world.signed_in(ANA)
    assert browser.get(address).status_code == 403
    assert f'href="{address}"' not in browser.get("/conversations").text


def test_many_are_dropped_after_a_look_and_taken_back(dead: World) -> None:
    browser = dead.signed_in(LUIS)
    chosen = ["inbox:1", "inbox:3"]
    token = csrf(browser.get("/dead-letters").text)
    form = {"csrf": token, "action": "drop", "letter": chosen}
    preview = browser.post("/dead-letters/bulk", data=form)
    assert "Nothing has been done yet" in preview.text
    assert preview.text.count("this can be taken back") == 2
    assert states(dead) == ["dead"] * 3
    done = browser.post("/dead-letters/bulk", data=form | {"step": "do"}, follow_redirects=True)
    assert states(dead) == ["dropped", "dead", "dropped"]
    assert "2 were dropped" in done.text
    undo = re.search(r'name="dropped" value="([^"]+)"', done.text)
    assert undo is not None
    assert sent(browser, "/dead-letters/undo", dropped=undo[1]) == 303
    assert states(dead) == ["dead"] * 3
    assert sent(browser, "/dead-letters/undo", dropped=undo[1]) == 404
    assert deeds(dead) == ["dropped", "dropped", "drop_undone", "drop_undone"]


def test_many_are_tried_again_and_those_gone_meanwhile_are_left(dead: World) -> None:
    browser = dead.signed_in(LUIS)
    assert sent(browser, "/dead-letters/inbox/2/drop") == 303
    chosen = ["inbox:1", "inbox:2", "inbox:99"]
    token = csrf(browser.get("/dead-letters").text)
    form = {"csrf": token, "action": "replay", "letter": chosen}
    assert "2 of the chosen are no dead letters any more" in (
        browser.post("/dead-letters/bulk", data=form).text
    )
    browser.post("/dead-letters/bulk", data=form | {"step": "do"})
    assert states(dead) == ["pending", "dropped", "dead"]


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"action": "drop"}, 422),
        ({"action": "burn", "letter": "inbox:1"}, 422),
        ({"action": "drop", "letter": [f"inbox:{n}" for n in range(101)]}, 422),
        ({"action": "drop", "letter": "inbox:one"}, 404),
        ({"action": "drop", "letter": "cellar:1"}, 404),
        ({"action": "drop", "letter": "inbox:" + "9" * 30}, 404),
    ],
)
def test_a_wrong_choice_changes_nothing(dead: World, form: dict[str, object], status: int) -> None:
    assert sent(dead.signed_in(LUIS), "/dead-letters/bulk", step="do", **form) == status
    assert states(dead) == ["dead"] * 3


def test_quality_control_looks_and_decides_nothing(dead: World) -> None:
    browser = dead.signed_in(QA)
    page = browser.get("/dead-letters").text
    assert "A request from wa-main" in page
    assert 'name="letter"' not in page
    assert SECRET not in browser.get("/dead-letters/inbox/1").text
    for address in ("bulk", "undo", "inbox/1/raw", "inbox/1/drop"):
        form = {"action": "drop", "letter": "inbox:1", "step": "do", "dropped": "inbox:1"}
        assert sent(browser, f"/dead-letters/{address}", **form) == 403
    assert states(dead) == ["dead"] * 3


def test_the_request_is_shown_without_secrets_and_that_is_on_record(
    dead: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = Account(name=WA, connector="wazzup", secrets={"key": (SECRET, "old")})
    shown = Active(policy=dead.policy, hash="h", accounts={WA: account})
    monkeypatch.setattr(dead, "active", lambda: shown)
    object.__setattr__(dead.parts, "active", lambda: shown)
    browser = dead.signed_in(LUIS)
    assert SECRET not in browser.get("/dead-letters/inbox/1").text
    form = {"csrf": csrf(browser.get("/dead-letters/inbox/1").text)}
    page = browser.post("/dead-letters/inbox/1/raw", data=form).text
    assert "{&#34;key&#34;: &#34;•••&#34;}" in page
    assert SECRET not in page
    assert deeds(dead) == ["raw_read"]
    assert browser.post("/dead-letters/outbox/1/raw", data=form).status_code == 404


def test_deliveries_are_narrowed_and_lead_to_why(any_world: World) -> None:
    any_world.client("Marta", PHONE, ANA)
    chat = any_world.writes(PHONE, "hello")
    browser = any_world.signed_in(LUIS)
    for query in ("", f"account={CRM}", "state=pending", "kind=WriteTimelineEntry"):
        page = browser.get(f"/deliveries?{query}").text
        assert re.search(r'href="/events/\d+"', page), query
    assert re.search(r'href="/events/\d+"', browser.get(f"/deliveries?conversation={chat}").text)
    for query in ("state=dead", "kind=SendMessage", "conversation=cv_none", "account=none"):
        assert "No deliveries" in browser.get(f"/deliveries?{query}").text, query
    with any_world.engine.connect() as db:
        number = db.scalar(select(OUTBOX.c.id))
    one = browser.get(f"/deliveries/{number}")
    assert (one.status_code, "Key given to the vendor" in one.text) == (200, True)
    for wrong in ("0", "99", "x", "9" * 30):
        assert browser.get(f"/deliveries/{wrong}").status_code == 404


def test_the_audit_log_is_read_narrowed_and_taken_along(any_world: World) -> None:
    evil = "<script>alert(1)</script>"
    with writing(any_world.engine) as db:
        lines = [NewLine(who=COMMAND, deed=Deed.KEY_MADE, object=evil)]
        audit.note(db, lines, any_world.now)
    browser = any_world.signed_in(QA)
    page = browser.get("/operations/audit").text
    assert "made an API key" in page
    assert evil not in page
    assert "Nothing on record" in browser.get("/operations/audit?deed=erased").text
    file = browser.get("/operations/audit/export?deed=key_made")
    assert file.mimetype == "text/csv"
    assert "key_made" in file.text
    assert browser.get("/operations/audit?from=yesterday").status_code == 400


def test_what_cannot_be_a_name_of_an_account_is_not_there(world: World) -> None:
    browser = world.signed_in(LUIS)
    assert sent(browser, f"/operations/accounts/{AccountName('%00')}/resume") == 404
    world.policy = replace(world.policy, accounts={})
    assert browser.get("/operations").status_code == 200
    assert sent(world.signed_in(EmployeeId(LUIS)), "/operations/accounts/none/resume") == 404
