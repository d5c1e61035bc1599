"""A whole house lives through good and bad days, and nothing of its clients or secrets is found in
what it leaves behind: logs, metrics, Redis, arguments (S17)."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from bridge.store.engine import reading
from bridge.store.schema import DECISIONS, INBOX, OUTBOX
from connectors.hubspot.signature import sign_v3
from tests.chaos.config import SECRETS
from tests.chaos.house import CONFIG, House, house
from tests.chaos.plan import CHAT, CRM, Aim
from tests.cli.running import eventually
from tests.hostile.canary import (
    EMAIL,
    FILE,
    NAME,
    PASSWORD,
    PHONE,
    SHOWN,
    STRANGER,
    TEXT,
    Evidence,
    Marked,
    gather,
    look_at_pages,
    message,
    watching,
)
from tests.hostile.echoing import echoing

SECONDS = 300.0
pytestmark = pytest.mark.redis


def ask(
    made: House, method: str, path: str, body: Any = b"", headers: Mapping[str, str] | None = None
) -> int:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    with closing(HTTPConnection("127.0.0.1", made.port, timeout=60)) as connection:
        connection.request(method, path, raw, dict(headers or {}))
        return connection.getresponse().status


def says(made: House, *messages: Mapping[str, object]) -> None:
    """A webhook of the messenger, taken."""
    assert ask(made, "POST", made.hook, {"messages": list(messages)}) == 200


def open_rows(made: House) -> int:
    with made.parts() as parts, reading(parts.engine) as db:
        return sum(
            int(db.scalar(select(func.count()).where(table.c.state.in_(states))) or 0)
            for table, states in (
                (INBOX, ("pending", "leased")),
                (OUTBOX, ("pending", "leased", "held", "unknown")),
            )
        )


def in_state(made: House, table: Any, state: str) -> int:
    with made.parts() as parts, reading(parts.engine) as db:
        return int(db.scalar(select(func.count()).where(table.c.state == state)) or 0)


def rest(made: House) -> None:
    assert eventually(lambda: open_rows(made) == 0, SECONDS)


def clients_write(made: House) -> None:
    says(made, message(1), message(2, STRANGER))
    files = {"type": "document", "contentUri": f"https://files.example/{FILE}.pdf"}
    says(made, message(3, **files), message(4, STRANGER, contact={"name": NAME, "phone": STRANGER}))
    rest(made)


def strangers_knock(made: House) -> None:
    """Forged, guessed, bent; each refused."""
    marked = {"messages": [message(50)]}
    bearer = {"Authorization": f"Bearer {SHOWN}"}
    assert ask(made, "POST", f"/hooks/{CHAT}", marked, bearer) == 401
    assert ask(made, "POST", f"/hooks/{CHAT}/{SHOWN}?key={SHOWN}", marked) == 401
    assert ask(made, "POST", f"/hooks/{SHOWN}/{PHONE}", marked, bearer) == 404
    forged = {"X-HubSpot-Signature-v3": SHOWN, "X-HubSpot-Request-Timestamp": PHONE}
    assert ask(made, "POST", f"/hooks/{CRM}/{SHOWN}?{EMAIL}", marked, forged) == 401
    assert ask(made, "GET", f"/login/{SHOWN}") == 200
    assert ask(made, "POST", f"/login/{SHOWN}", f"csrf={SHOWN}".encode()) == 403
    assert ask(made, "GET", f"/conversations?q={PHONE}", headers={"Cookie": SHOWN}) == 303
    assert ask(made, "GET", f"/api/v1/conversations?q={PHONE}", headers=bearer) == 401
    assert ask(made, "GET", f"/{SHOWN}/{PHONE}") == 404


def a_program_asks(made: House) -> None:
    """With a key: rightly, and wrongly in every field."""
    key = {"Authorization": f"Bearer {made.door.key}", "Content-Type": "application/json"}
    assert ask(made, "GET", f"/api/v1/conversations?q={PHONE}", headers=key) == 200
    assert ask(made, "GET", f"/api/v1/conversations?{TEXT}={PHONE}", headers=key) == 422
    assert ask(made, "GET", f"/api/v1/conversations/{PHONE}", headers=key) == 404
    wrong = {"text": TEXT, TEXT: PHONE, "to": NAME}
    assert ask(made, "POST", "/api/v1/messages", wrong, key) == 422
    assert ask(made, "POST", "/api/v1/messages", TEXT.encode(), key) == 400


def letters_die(made: House) -> None:
    """Bodies and items of which nothing can be made, all with the key of the vendor."""
    bodies: Sequence[Any] = (
        f'{{"messages": "{TEXT} {PHONE}'.encode(),
        f'["{TEXT}", "{PHONE}"]'.encode(),
        {"messages": [{"chatId": PHONE, "text": TEXT, "contact": {"name": NAME}}]},
        {"messages": [message(60, dateTime=TEXT), message(61, chatType=NAME, channelId=EMAIL)]},
        {"messages": [message(62, isEcho=TEXT)], "statuses": [{"messageId": TEXT, "status": NAME}]},
        {TEXT: PHONE, NAME: [EMAIL]},
    )
    for body in bodies:
        assert ask(made, "POST", made.hook, body) == 200
    crm = json.dumps([{"subscriptionType": NAME, "objectId": TEXT}, PHONE]).encode()
    assert ask(made, "POST", f"/hooks/{CRM}", crm, signed(made, crm)) == 200
    assert eventually(lambda: in_state(made, INBOX, "dead") >= 4, SECONDS)


def signed(made: House, body: bytes) -> Mapping[str, str]:
    timestamp = str(int(datetime.now(UTC).timestamp() * 1000))
    url = f"{made.settings.public_url}/hooks/{CRM}"
    signature = sign_v3(SECRETS["HUBSPOT_CLIENT_SECRET"], "POST", url, body, timestamp)
    return {"X-HubSpot-Signature-v3": signature.decode(), "X-HubSpot-Request-Timestamp": timestamp}


def workers_crash(made: House) -> None:
    strikes = (("worker 1", Aim.ALL), ("worker 2", Aim.PARENT), ("clock", Aim.ALL))
    for place, (name, aim) in enumerate(strikes, 100):
        says(made, *(message(place * 10 + number) for number in range(10)))
        made.fleet.strike(name, aim, 0.1)

    def at_rest() -> bool:
        made.fleet.look()
        return open_rows(made) == 0

    assert eventually(at_rest, SECONDS)


def says_so(log: Path, times: int) -> bool:
    return log.read_text().count("config refused") >= times


def an_admin_errs(made: House, folder: Path, evidence: Evidence) -> None:
    """A secret where a name belongs, a phone where a person belongs; and a wrong address."""
    file = folder / "config" / "bridge.yaml"
    log = folder / "clock.log"
    for wrong in (
        f"\nemployees_too: {{{EMAIL}: {{role: pat-eu1-{PASSWORD}}}}}\n",
        f"\npools: {{north: ['{PASSWORD}9A9A9A9A']}}\n",
        f"\nrules: [{{id: a, when: {{country: '+{PHONE}'}}, to: [{{employee: {EMAIL}}}]}}]\n",
    ):
        refused = log.read_text().count("config refused") + 1
        file.write_text(CONFIG + wrong)
        assert eventually(partial(says_so, log, refused), SECONDS)
        look_at_pages(made, evidence)
    file.write_text(CONFIG)


def commands_fail(made: House, evidence: Evidence) -> None:
    """Each says why on stderr, and nothing that was not typed there."""
    elsewhere = {
        "BRIDGE_DATABASE_URL": f"postgresql://bridge:{PASSWORD}@127.0.0.1:9/x",
        "BRIDGE_REDIS_URL": f"redis://:{PASSWORD}@redis.invalid:1/0?password={PASSWORD}",
        "BRIDGE_SECRET_KEY": PASSWORD,
        "BRIDGE_PUBLIC_URL": f"ftp://{PASSWORD}",
    }
    asked = [({name: value}, ["sync"]) for name, value in elsewhere.items()]
    asked += [({}, words) for words in (["dead", "--json"], ["doctor"], ["explain", "none"])]
    ended = subprocess.run(
        [sys.executable, "-m", "tests.hostile.commands"],
        input=json.dumps(asked).encode(),
        env=dict(made.environ),
        capture_output=True,
        timeout=SECONDS,
        check=True,
    )
    assert ended.stdout.count(b": 1\n") >= len(elsewhere)
    evidence.add("commands", ended.stdout + ended.stderr)


def workers_said(folder: Path, words: str) -> bool:
    return any(words in log.read_text() for log in folder.glob("worker-*.log"))


def vendors_echo(made: House, folder: Path, evidence: Evidence) -> None:
    """Both refuse everything, each time in another way, and repeat all that they were given."""
    for name in (f"sandbox {CRM}", f"sandbox {CHAT}"):
        made.fleet.processes[name].stop()
    ports = [int(url.rpartition(":")[2]) for url in (made.crm_url, made.chat_url)]
    key = {"Authorization": f"Bearer {made.door.key}", "Content-Type": "application/json"}
    with echoing(ports[0]) as crm, echoing(ports[1]) as chat:
        says(made, message(90), message(91, "34678123999", contact={"name": NAME}))
        to = {"phone": f"+{PHONE}", "messenger": "whatsapp"}
        sent = ask(made, "POST", "/api/v1/messages", {"to": to, "text": f"{TEXT} {NAME}"}, key)
        assert sent in (202, 422, 403, 404, 409), sent
        assert eventually(lambda: len(crm) >= 6, SECONDS), crm
        commands_fail(made, evidence)
        assert eventually(partial(workers_said, folder, '"dead letter"'), SECONDS)
        assert len(crm) + len(chat) > 6


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Evidence:
    folder = tmp_path_factory.mktemp("canary")
    evidence = Evidence()
    url = f"sqlite:///{folder}/bridge.sqlite"
    with house(url, folder, [Marked(number=0, is_known=True)]) as made:
        with watching(made, evidence):
            clients_write(made)
            strangers_knock(made)
            a_program_asks(made)
            letters_die(made)
            workers_crash(made)
            an_admin_errs(made, folder, evidence)
            vendors_echo(made, folder, evidence)
            gather(made, folder, evidence)
        with made.parts() as parts, reading(parts.engine) as db:
            evidence.decided = int(db.scalar(select(func.count()).select_from(DECISIONS)) or 0)
    return evidence


def test_s17_nothing_planted_is_found_anywhere(lived: Evidence) -> None:
    assert lived.leaks() == []


def test_s17_the_run_was_one(lived: Evidence) -> None:
    """Everything that should have spoken did, so that its silence about clients means something."""
    said = {where: what.decode("utf-8", "replace") for where, what in lived.seen.items()}
    assert lived.decided > 40
    assert "signature mismatch" in said["web.log"]
    assert "config refused" in said["clock.log"]
    assert '"dead letter"' in said["worker-1.log"] + said["worker-2.log"]
    assert "called" in said["worker-1.log"] + said["worker-2.log"]
    assert "bridge_webhooks_received_total" in said["/metrics"]
    assert "bridge.jobs.drain_lane" in said["redis commands"]
    assert "worker" in said["arguments"]
    assert "sandbox" in said["arguments"]


def test_s17_planted_leaks_are_found(tmp_path: Path, sqlite_template: Path) -> None:
    """The control: web that logs a body, a job that fails with a client's words."""
    evidence = Evidence()
    url = f"sqlite:///{tmp_path}/bridge.sqlite"
    clients = [Marked(number=0, is_known=True)]
    with (
        house(url, tmp_path, clients, bridge=("tests.hostile.leaking",)) as made,
        watching(made, evidence),
    ):
        says(made, message(1))
        assert eventually(partial(workers_said, tmp_path, TEXT), SECONDS)
        gather(made, tmp_path, evidence)
    found = evidence.leaks()
    assert {f"web.log: {PHONE}", f"web.log: {TEXT}", "web.log: Zebulon"} <= set(found)
    assert [leak for leak in found if leak.startswith("worker-")]
    assert {f"redis commands: {TEXT}", f"redis keys: {TEXT}"} <= set(found)
