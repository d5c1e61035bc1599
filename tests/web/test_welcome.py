"""The first-run guide (NEW-09): each step is told by what is, not by what somebody clicked."""

from dataclasses import replace

import pytest

from bridge.domain.events import MessageStatusChanged
from bridge.domain.messaging import ChannelState, MessageStatus, Messenger
from bridge.domain.names import EventKey
from bridge.domain.people import Directory
from bridge.domain.policy import AccountPolicy, NewClients, Policy
from bridge.pipeline.doctor.self_test import TEXT
from bridge.ports import ChannelReading
from bridge.store import mirror
from bridge.store.engine import reading, writing
from bridge.web.first_steps import Progress, Step, Task, known, steps, tried_with
from tests.web.browsing import csrf, fields_of
from tests.web.settings_house import PIPELINES
from tests.web.world import ANA, CRM, LUIS, NORA, NOW, QA, WA, World

PHONE = "+34600111222"


def told(world: World) -> dict[Task, Step]:
    with reading(world.engine) as db:
        return {step.task: step for step in steps(known(db, world.parts))}


def test_a_house_of_nothing_has_everything_before_it(world: World) -> None:
    world.policy = Policy()
    found = {task: step.progress for task, step in told(world).items()}
    assert found == {
        Task.ACCOUNTS: Progress.OPEN,
        Task.ADDRESS: Progress.OPEN,
        Task.WEBHOOKS: Progress.LATER,
        Task.CRM: Progress.LATER,
        Task.CHANNELS: Progress.OPEN,
        Task.PEOPLE: Progress.OPEN,
        Task.NEW_CLIENTS: Progress.OPEN,
        Task.TEST: Progress.LATER,
        Task.FIRST: Progress.OPEN,
    }


def test_what_is_set_up_is_done_without_a_click(world: World) -> None:
    found = told(world)
    assert {task for task, step in found.items() if step.progress is Progress.DONE} == {
        Task.ACCOUNTS,
        Task.CRM,
        Task.PEOPLE,
        Task.NEW_CLIENTS,
    }
    assert found[Task.WEBHOOKS].about == (CRM, WA)


def test_a_vendor_is_heard_once_its_webhook_was_taken_in(world: World) -> None:
    world.writes(PHONE, "hello")
    found = told(world)
    assert found[Task.WEBHOOKS].about == (CRM,)
    assert found[Task.FIRST].progress is Progress.DONE


@pytest.mark.parametrize(
    ("url", "progress"),
    [
        ("https://bridge.acme.example", Progress.DONE),
        ("http://bridge.acme.example", Progress.WRONG),
        ("http://localhost:8000", Progress.OPEN),
        ("https://192.168.1.5", Progress.OPEN),
    ],
)
def test_an_address_of_ones_own_machine_is_no_address(
    world: World, url: str, progress: Progress
) -> None:
    world.parts = replace(world.parts, public_url=url)
    assert told(world)[Task.ADDRESS].progress is progress


def test_sandboxes_beside_the_bridge_reach_it(world: World) -> None:
    beside = AccountPolicy(connector="crm", base_url="http://127.0.0.1:9001")
    world.policy = replace(world.policy, accounts=dict.fromkeys(world.policy.accounts, beside))
    assert told(world)[Task.ADDRESS].progress is Progress.DONE


def test_a_channel_that_stopped_is_named(world: World) -> None:
    for channel, state in (("ch-sales", ChannelState.ACTIVE), ("ch-north", ChannelState.DISABLED)):
        made = ChannelReading(channel_id=channel, messenger=Messenger.WHATSAPP, state=state)
        with writing(world.engine) as db:
            mirror.put_channels(db, WA, [made], NOW)
    step = told(world)[Task.CHANNELS]
    assert (step.progress, step.about) == (Progress.WRONG, ("wa-north",))


def test_who_left_the_crm_is_named(world: World) -> None:
    world.later(minutes=1)
    with writing(world.engine) as db:
        mirror.put_directory(db, CRM, Directory(as_of=world.now), world.now)
    step = told(world)[Task.PEOPLE]
    assert step.progress is Progress.WRONG
    assert LUIS in step.about


def test_a_stage_that_the_crm_does_not_know_is_named(world: World) -> None:
    with writing(world.engine) as db:
        mirror.put_pipelines(db, CRM, PIPELINES, NOW)
    assert told(world)[Task.NEW_CLIENTS].progress is Progress.DONE
    made = NewClients(pipeline="default", stage="gone")
    world.policy = replace(world.policy, new_clients=made)
    step = told(world)[Task.NEW_CLIENTS]
    assert (step.progress, step.about) == (Progress.WRONG, ("default / gone",))


def test_new_09_the_test_message_leaves_through_the_usual_send(world: World) -> None:
    browser = world.signed_in(LUIS)
    fields = fields_of(browser.get("/welcome").text, "/welcome/test")
    answer = browser.post("/welcome/test", data={**fields, "phone": PHONE})
    assert answer.status_code == 303
    again = browser.post("/welcome/test", data={**fields, "phone": PHONE})
    assert again.status_code == 303
    with reading(world.engine) as db:
        facts = known(db, world.parts)
    assert [one.text for one in facts.messages] == [TEXT]  # a double click is one message
    assert told(world)[Task.TEST].progress is Progress.OPEN


@pytest.mark.parametrize(
    ("status", "progress"),
    [
        (MessageStatus.SENT, Progress.OPEN),
        (MessageStatus.DELIVERED, Progress.DONE),
        (MessageStatus.FAILED, Progress.WRONG),
    ],
)
def test_new_09_word_of_its_arrival_ends_the_step(
    world: World, status: MessageStatus, progress: Progress
) -> None:
    browser = world.signed_in(LUIS)
    fields = fields_of(browser.get("/welcome").text, "/welcome/test")
    browser.post("/welcome/test", data={**fields, "phone": PHONE})
    world.drain(f"out:{WA}")
    with reading(world.engine) as db:
        sent = tried_with(known(db, world.parts))
    assert sent is not None
    assert sent.vendor_id is not None
    world.happens(
        MessageStatusChanged(
            event_key=EventKey("status-1"),
            occurred_at=NOW,
            account=WA,
            message_id=sent.vendor_id,
            status=status,
        )
    )
    assert told(world)[Task.TEST].progress is progress


@pytest.mark.parametrize("phone", ["", "twelve", "+1", "\x00", "<script>"])
def test_a_number_that_is_none_is_said_and_stays(world: World, phone: str) -> None:
    browser = world.signed_in(LUIS)
    fields = fields_of(browser.get("/welcome").text, "/welcome/test")
    answer = browser.post("/welcome/test", data={**fields, "phone": phone})
    assert answer.status_code == 422
    assert "The test message did not leave" in answer.text
    assert '<script>"' not in answer.text


def test_without_a_channel_nothing_is_sent(world: World) -> None:
    browser = world.signed_in(LUIS)
    token = csrf(browser.get("/welcome").text)
    world.policy = replace(world.policy, channels={})
    answer = browser.post("/welcome/test", data={"csrf": token, "phone": PHONE})
    assert answer.status_code == 422
    assert "no WhatsApp or Telegram channel" in answer.text


def test_a_manager_begins_here_until_something_was_said_or_he_skips_it(world: World) -> None:
    browser = world.signed_in(LUIS)
    assert browser.get("/").headers["Location"] == "/welcome"
    assert world.signed_in(ANA).get("/").headers["Location"] == "/conversations"
    assert world.signed_in(QA).get("/").headers["Location"] == "/conversations"
    token = csrf(browser.get("/welcome").text)
    browser.post("/welcome/skip", data={"csrf": token})
    assert browser.get("/").headers["Location"] == "/conversations"
    another = world.signed_in(LUIS)
    world.writes(PHONE, "hello")
    assert another.get("/").headers["Location"] == "/conversations"


def test_quality_control_looks_and_salespeople_do_not(world: World) -> None:
    page = world.signed_in(QA).get("/welcome").text
    assert "Send the test message" not in page
    for employee in (ANA, NORA):
        assert world.signed_in(employee).get("/welcome").status_code == 403


def test_addresses_to_copy_hold_no_secret(world: World) -> None:
    account = AccountPolicy(connector="crm", secrets={"path_secret": ("CRM_PATH",)})
    world.policy = replace(world.policy, accounts={**world.policy.accounts, CRM: account})
    page = world.signed_in(LUIS).get("/welcome").text
    assert f'value="http://127.0.0.1:8000/hooks/{CRM}/"' in page
    assert "Then the value of the variable CRM_PATH." in page
