"""Against a real homeserver: a client's words reach the CRM, ours reach him, whatever fails."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import ColumnElement, Table, select

from bridge.domain.messaging import Media, MediaKind
from bridge.domain.names import AccountName
from bridge.ports import Found
from bridge.store.engine import reading
from bridge.store.schema import DECISIONS, INBOX
from bridge.wiring import built
from connectors.matrix.doctor import MatrixDoctor
from connectors.matrix.files import MatrixFiles
from connectors.matrix.outbound import MatrixOutbound
from connectors.matrix.reader import MatrixReader
from tests.chaos.plan import Aim
from tests.connectors.matrix.building import delivery, sending
from tests.connectors.matrix.relay import Fate
from tests.connectors.matrix.synapse import Person
from tests.connectors.matrix.town import BRIDGE_USER, CHAT, Town, eventually, town_running
from tests.serving import served

PICTURE = b"\x89PNG\r\n\x1a\n" + b"picture" * 20


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with town_running(tmp_path_factory.mktemp("town")) as made:
        yield made


@pytest.fixture
def calm(town: Town) -> Iterator[Town]:
    """Nothing fails before a test says so, nor after it."""
    yield town
    town.pushes.decide = town.calls.decide = lambda method, path: "pass"
    town.calls.let_go.set()
    eventually(lambda: _all_run(town))


def _all_run(town: Town) -> bool:
    town.fleet.look()
    return all(process.running is not None for process in town.fleet.processes.values())


def _begun(town: Town, name: str) -> tuple[Person, str, str]:
    """A client, his room and his chat, in which he has said that he is there."""
    client = town.synapse.person(name, f"{name.title()} Ruiz")
    room = client.invite(BRIDGE_USER)
    eventually(lambda: BRIDGE_USER in client.members(room))
    client.write(room, f"This is {name}")
    return client, room, eventually(lambda: town.chat_with(f"{name.title()} Ruiz"))


def _seen(client: Person, room: str) -> list[str]:
    return [event["content"].get("body", "") for event in client.sees(room, BRIDGE_USER)]


def _account(town: Town) -> Any:
    with built(town.settings, town.environ) as parts:
        return parts.active().accounts[AccountName(CHAT)]


def test_a_clients_first_message_makes_a_deal_and_an_entry_in_the_crm(calm: Town) -> None:
    """The invitation is followed, who invited is known by name, Ana gets the client."""
    _, _, chat = _begun(calm, "eva")
    assert calm.texts(chat) == ["This is eva"]
    crm = eventually(lambda: _with_entry(calm, "This is eva"))
    contacts = [c["properties"] for c in crm["contacts"]]
    assert [(c["firstname"], c["hubspot_owner_id"]) for c in contacts] == [("Eva", "101")]
    assert [d["properties"]["hubspot_owner_id"] for d in crm["deals"]] == ["101"]


def _with_entry(town: Town, text: str) -> Any:
    crm = town.crm()
    return crm if text in json.dumps(crm.get("communications", crm)) and crm["deals"] else None


def test_who_answers_for_the_client_is_mailed_once(calm: Town) -> None:
    """One mail for two messages that wait, with a link and nothing of what was said."""
    client, room, chat = _begun(calm, "ruth")
    client.write(room, "Are you there?")
    eventually(lambda: "Are you there?" in calm.texts(chat))
    found = eventually(lambda: [m for m in calm.mails() if chat in m["text"]])
    assert [mail["to"] for mail in found] == ["ana@acme.example"]
    assert not any(word in str(found) for word in ("ruth", "Ruth", "Are you"))


def test_an_answer_reaches_the_client_once_and_its_echo_makes_no_second(calm: Town) -> None:
    client, room, chat = _begun(calm, "olga")
    message = calm.answer(chat, text="Buenas, Olga")
    eventually(lambda: "Buenas, Olga" in _seen(client, room))
    eventually(lambda: calm.message(chat, message)["status"] == "sent")
    client.write(room, "Gracias")  # comes after the echo
    eventually(lambda: "Gracias" in calm.texts(chat))
    assert calm.texts(chat) == ["This is olga", "Buenas, Olga", "Gracias"]
    assert _seen(client, room) == ["Buenas, Olga"]


def test_an_edit_and_a_deletion_reach_the_message(calm: Town) -> None:
    client, room, chat = _begun(calm, "rosa")
    event = client.write(room, "Two tikets")
    eventually(lambda: "Two tikets" in calm.texts(chat))
    new = {"msgtype": "m.text", "body": "Two tickets"}
    relates = {"rel_type": "m.replace", "event_id": event}
    edit = {"msgtype": "m.text", "body": "* Two tickets", "m.new_content": new}
    client.say(room, {**edit, "m.relates_to": relates})
    eventually(lambda: "Two tickets" in calm.texts(chat))
    client.redact(room, event)
    last = eventually(lambda: [m for m in calm.messages(chat) if m["deleted_at"]])
    assert [(m["text"], m["edits"]) for m in last] == [("Two tickets", ["Two tikets"])]


def test_a_picture_a_place_and_what_is_encrypted_are_visible(calm: Town) -> None:
    client, room, chat = _begun(calm, "ines")
    address = client.upload(PICTURE, "image/png", "shop.png")
    info = {"mimetype": "image/png", "size": len(PICTURE)}
    client.say(room, {"msgtype": "m.image", "body": "shop.png", "url": address, "info": info})
    client.say(room, {"msgtype": "m.location", "body": "Here", "geo_uri": "geo:19.4,-99.1;u=9"})
    secret = {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AwgA", "session_id": "s"}
    client.say(room, {**secret, "device_id": "d", "sender_key": "k"}, "m.room.encrypted")
    found = eventually(lambda: _after(calm, chat, 4))
    assert [m["media"][0]["kind"] for m in found[1:3]] == ["image", "location"]
    assert "encrypted" in found[3]["text"]
    file = MatrixFiles(_account(calm)).fetch(
        Media(kind=MediaKind.IMAGE, media_id=address), most_bytes=10_000
    )
    assert (file.content, file.content_type) == (PICTURE, "image/png")


def _after(town: Town, chat: str, count: int) -> Any:
    found = town.messages(chat)
    return found if len(found) >= count else None


def test_a_file_of_ours_is_uploaded_and_the_client_can_open_it(calm: Town) -> None:
    client, room, _ = _begun(calm, "lola")

    def file(environ: Any, start: Any) -> list[bytes]:
        start("200 OK", [("content-type", "image/png"), ("content-length", str(len(PICTURE)))])
        return [PICTURE]

    with served(file) as url:
        account = _account(calm)
        host = url.removeprefix("http://")
        account = _with_option(account, "file_hosts", host)
        media = Media(kind=MediaKind.IMAGE, url=f"{url}/offer.png", name="offer.png")
        outbound = MatrixOutbound(account)
        (outcome,) = outbound.deliver([delivery(sending(room=room, media=media, key="file-1"))])
    (event,) = client.sees(room, BRIDGE_USER)
    assert outcome.vendor_ids == {"id": event["event_id"]}  # type: ignore[union-attr]
    assert event["content"]["msgtype"] == "m.image"
    assert client.download(event["content"]["url"]) == PICTURE


def _with_option(account: Any, name: str, value: str) -> Any:
    return replace(account, options={**account.options, name: value})


def test_what_the_client_has_read_is_known(calm: Town) -> None:
    client, room, chat = _begun(calm, "nora")
    message = calm.answer(chat, text="Read me")
    event = eventually(lambda: client.sees(room, BRIDGE_USER))[0]["event_id"]
    eventually(lambda: calm.message(chat, message)["status"] == "sent")
    client.read(room, event)
    assert eventually(lambda: calm.message(chat, message)["status"] == "read")


def test_a_reaction_is_decided_on_and_its_end_holds_nobody_up(calm: Town) -> None:
    """What the chat makes of it is the rules' business; that it ended names only the reaction."""
    client, room, chat = _begun(calm, "vera")
    calm.answer(chat, text="Like it?")
    event = eventually(lambda: client.sees(room, BRIDGE_USER))[0]["event_id"]
    relates = {"rel_type": "m.annotation", "event_id": event, "key": "👍"}
    reaction = client.say(room, {"m.relates_to": relates}, "m.reaction")
    eventually(lambda: _rows(calm, DECISIONS, DECISIONS.c.event_key == f"event:{reaction}"))
    end = client.redact(room, reaction)
    client.write(room, "Or not")
    eventually(lambda: "Or not" in calm.texts(chat))
    assert any(end.encode() in row.body for row in _rows(calm, INBOX, INBOX.c.account == CHAT))


def _rows(town: Town, table: Table, condition: ColumnElement[bool]) -> list[Any]:
    with built(town.settings, town.environ) as parts, reading(parts.engine) as db:
        return list(db.execute(select(table).where(condition)))


def test_a_group_is_kept_and_nobodys_client(calm: Town) -> None:
    client = calm.synapse.person("gloria", "Gloria Ruiz")
    room = client.invite(BRIDGE_USER, name="Team", is_direct=False)
    eventually(lambda: BRIDGE_USER in client.members(room))
    client.write(room, "Hello everybody")
    chat = eventually(lambda: calm.chat_with("Team"))
    assert calm.texts(chat) == ["Hello everybody"]
    assert calm.api("GET", f"conversations/{chat}")["conversation"]["client"] == "group"


def test_an_answer_whose_confirmation_is_lost_reaches_the_client_once(calm: Town) -> None:
    """R5: it is looked up by our key, and found."""
    client, room, chat = _begun(calm, "mara")
    calm.calls.decide = _once("swallow", "/send/m.room.message/")
    message = calm.answer(chat, text="Did it arrive?")
    eventually(lambda: calm.message(chat, message)["status"] == "sent")
    assert _seen(client, room) == ["Did it arrive?"]


def test_a_worker_killed_after_sending_sends_nothing_twice(calm: Town) -> None:
    client, room, chat = _begun(calm, "sara")
    calm.calls.let_go.clear()
    calm.calls.decide = _once("hold", "/send/m.room.message/")
    message = calm.answer(chat, text="Only once")
    eventually(lambda: _seen(client, room) == ["Only once"])
    calm.fleet.strike("worker", Aim.ALL, absence=0.5)
    calm.calls.let_go.set()
    eventually(lambda: _all_run(calm))
    eventually(lambda: calm.message(chat, message)["status"] == "sent")
    assert _seen(client, room) == ["Only once"]


def _once(fate: Fate, where: str) -> Any:
    """The first call to there has this fate, all others pass."""
    left = threading.Semaphore(1)

    def decide(method: str, path: str) -> Fate:
        return fate if where in path and left.acquire(blocking=False) else "pass"

    return decide


def test_the_same_key_twice_is_one_message(calm: Town) -> None:
    """And our key in its content finds it again."""
    client, room, _ = _begun(calm, "dina")
    outbound = MatrixOutbound(_account(calm))
    given = delivery(sending("Once", room=room, key="the-key"))
    first, second = outbound.deliver([given, given])
    assert first == second
    assert _seen(client, room) == ["Once"]
    (event,) = client.sees(room, BRIDGE_USER)
    assert outbound.find([given]) == [Found(vendor_ids={"id": event["event_id"]})]


def test_what_the_bridge_refuses_is_pushed_again_in_order(calm: Town) -> None:
    """Twice refused: the same transaction a third time, and the next one after it."""
    client, room, chat = _begun(calm, "tina")
    left = threading.Semaphore(2)

    def decide(method: str, path: str) -> Fate:
        is_push = "/transactions/" in path
        return "refuse" if is_push and left.acquire(blocking=False) else "pass"

    before = len(calm.pushes.calls)
    calm.pushes.decide = decide
    texts = [f"Number {n}" for n in range(3)]
    for text in texts:
        client.write(room, text)
    eventually(lambda: calm.texts(chat)[1:] == texts)
    said = [c for c in calm.pushes.calls[before:] if b"Number 0" in c.body]
    assert [c.fate for c in said] == ["refuse", "refuse", "pass"]
    assert len({c.path for c in said}) == 1


def test_a_bridge_that_was_down_hears_all_of_it_in_order(calm: Town) -> None:
    client, room, chat = _begun(calm, "yara")
    calm.fleet.strike("web", Aim.ALL, absence=1.0)
    texts = [f"Line {n}" for n in range(4)]
    for text in texts:
        client.write(room, text)
    eventually(lambda: _all_run(calm))
    assert eventually(lambda: _texts_or_none(calm, chat)[1:] == texts)


def _texts_or_none(town: Town, chat: str) -> list[str]:
    try:
        return town.texts(chat)
    except OSError:  # web is not up yet
        return []


def test_the_doctor_finds_nothing_and_says_what_is_wrong(calm: Town) -> None:
    account = _account(calm)
    url = calm.settings.public_url
    assert list(MatrixDoctor(account).examine(url)) == []
    assert list(MatrixDoctor(account).fix(url, take_over=False)) == []
    other = _with_option(account, "registration_id", "another")
    assert [a.code for a in MatrixDoctor(other).examine(url)] == ["other_registration"]
    calm.pushes.decide = lambda method, path: "refuse" if path.endswith("/ping") else "pass"
    assert [a.code for a in MatrixDoctor(account).examine(url)] == ["refused"]


def test_the_channel_is_the_bridges_user(calm: Town) -> None:
    (channel,) = MatrixReader(_account(calm)).channels()
    assert (channel.channel_id, channel.can_write_first) == (BRIDGE_USER, False)


def test_without_the_token_nothing_is_told(calm: Town) -> None:
    """Not even whether a user or a room is known here."""
    relay = calm.pushes
    for path in ("users/@a:house.test", "rooms/%23a:house.test", "transactions/1", "ping"):
        for token in ("", "Bearer wrong"):
            headers = {"authorization": token} if token else {}
            where = f"/hooks/{CHAT}/_matrix/app/v1/{path}"
            answer = relay.forwarded("GET", where, headers, b"")
            assert answer.status == 401
