"""docs/webhooks.md: its samples run, and its tables name what there is."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from bridge.ports import Account, Done
from connectors.webhook import forms, inbound
from connectors.webhook.doctor import WebhookDoctor
from connectors.webhook.orders import ORDERS, PING, QUESTIONS
from connectors.webhook.outbound import WebhookOutbound
from connectors.webhook.reader import WebhookReader
from connectors.webhook.words import EVENTS
from tests.connectors.webhook.building import OTHER, SECRET, account, delivery, message
from tests.connectors.webhook.test_outbound import TEXT
from tests.connectors.webhook.test_sandbox import Bridge, bridge

__all__ = ["bridge"]

DOCUMENT = Path(inbound.__file__).parents[2] / "docs" / "webhooks.md"
TEXT_OF = DOCUMENT.read_text()


def sample(name: str) -> str:
    found = re.search(rf"<!-- sample: {name} -->\n```\w+\n(.*?)```", TEXT_OF, re.DOTALL)
    assert found is not None
    return found[1]


def module(name: str) -> Any:
    made = ModuleType(f"sample_{name}")
    exec(compile(sample(name), f"docs/webhooks.md:{name}", "exec"), made.__dict__)
    return made


def the_table(word: str) -> set[str]:
    """The words in the first column of the tables under a heading."""
    section = TEXT_OF.partition(f"## {word}")[2].partition("\n## ")[0]
    firsts = re.findall(r"^\| ((?:`[a-z._]+`(?:, )?)+) \|", section, re.MULTILINE)
    return {found for first in firsts for found in re.findall(r"`([a-z._]+)`", first)}


def events_table() -> str:
    def fields(kind: type) -> str:
        told = (
            f"**{place.name}**" if place.required else place.name
            for place in forms.places(kind)
            if place.name != "occurred_at"
        )
        return ", ".join(told)

    rows = (f"| `{word}` | {fields(kind)} |" for word, kind in EVENTS.items())
    return "\n".join(("| type | fields |", "|---|---|", *rows))


def test_every_event_stands_in_the_table() -> None:
    """With BRIDGE_WRITE_DOCS set the table is written anew."""
    between = re.compile(r"(?<=<!-- events -->\n).*?(?=\n<!-- end events -->)", re.DOTALL)
    if os.environ.get("BRIDGE_WRITE_DOCS"):
        DOCUMENT.write_text(between.sub(lambda _: events_table(), TEXT_OF))
    assert between.findall(DOCUMENT.read_text()) == [events_table()]


def test_every_order_and_question_stands_in_its_table() -> None:
    assert the_table("Orders") == {*ORDERS, PING}
    assert the_table("Questions") == set(QUESTIONS)


def test_the_senders_events_are_taken(bridge: Bridge) -> None:
    status = module("sender").post_events(bridge.url, SECRET, [message()])
    assert status == 202
    assert [len(parsed.events) for parsed in bridge.parsed()] == [1]


@pytest.mark.curl
@pytest.mark.openssl
def test_what_curl_posts_is_taken(bridge: Bridge) -> None:
    environ = os.environ | {"SIGNING_SECRET": SECRET, "BRIDGE_HOOK": bridge.url}
    ran = subprocess.run(
        ["sh", "-euc", sample("curl")], env=environ, capture_output=True, text=True, check=True
    )
    assert ran.stdout == "202\n"
    (parsed,) = bridge.parsed()
    assert [event.event_key for event in parsed.events] == ["message.received:m-1"]


@contextmanager
def receiving(secrets: list[str], carried_out: list[str]) -> Iterator[Account]:
    def carry_out(word: str, data: Any) -> Any:
        carried_out.append(word)
        return {"id": f"made-{len(carried_out)}"} if word in ORDERS else None

    server = module("receiver").make_server(secrets, carry_out)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield account(f"http://127.0.0.1:{server.server_port}/")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_receiver_does_each_order_once() -> None:
    carried_out: list[str] = []
    with receiving([SECRET], carried_out) as there:
        outcomes = [WebhookOutbound(there).deliver([delivery(TEXT)]) for _ in range(2)]
    assert outcomes == [[Done(vendor_ids={"id": "made-1"})]] * 2
    assert carried_out == ["message.send"]


def test_the_receiver_is_well_and_offers_no_questions() -> None:
    with receiving([SECRET], []) as there:
        assert list(WebhookDoctor(there).examine("https://bridge.example")) == []
        assert list(WebhookReader(there).employees()) == []


@pytest.mark.parametrize(("known", "paused"), [([OTHER], True), ([OTHER, SECRET], False)])
def test_the_receiver_takes_any_secret_that_it_knows(known: list[str], paused: bool) -> None:
    with receiving(known, []) as there:
        (outcome,) = WebhookOutbound(there).deliver([delivery(TEXT)])
    assert isinstance(outcome, Done) is not paused


def test_the_samples_need_nothing_but_the_standard_library() -> None:
    for name in ("sender", "receiver"):
        for imported in re.findall(r"^(?:from|import) (\w+)", sample(name), re.MULTILINE):
            assert imported in sys.stdlib_module_names
