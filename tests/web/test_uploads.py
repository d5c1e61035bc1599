"""Employees' files: kept, sent with a message once, and gone when they are not sent."""

import hashlib
from dataclasses import replace
from typing import Any

import pytest

from bridge.domain.names import ConversationId
from bridge.domain.policy import MediaRules
from bridge.pipeline.file_keeping import keep_files
from bridge.store.keys import Scope
from bridge.store.schema import FILE_REMOVALS, MEDIA, UPLOADS
from bridge.web.uploads import is_upload
from tests.web.asking import api
from tests.web.browsing import csrf
from tests.web.files import PNG, is_copied, is_refused, lasting, sends_file
from tests.web.world import ANA, BRUNO, LUIS, QA, World

MARTA = "+34600111222"
UPLOADS_PATH = "/api/v1/uploads"
SHA = hashlib.sha256(PNG).hexdigest()


@pytest.fixture
def chat(world: World) -> ConversationId:
    world.client("Marta", MARTA, ANA)
    return world.writes(MARTA, "hello")


def multipart(content: bytes, name: str, **fields: str) -> dict[str, Any]:
    """A form with a file, as bytes: Flask's own client leaves large ones open."""
    parts = [
        f'--b\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'.encode()
        for field, value in fields.items()
    ]
    head = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
    parts.append(f"{head}Content-Type: image/png\r\n\r\n".encode() + content)
    body = b"".join(parts) + b"\r\n--b--\r\n"
    return {"data": body, "content_type": "multipart/form-data; boundary=b"}


def upload(
    world: World,
    employee: str = ANA,
    content: bytes = PNG,
    *,
    name: str = "offer.png",
    scopes: tuple[Scope, ...] = (),
    **headers: str,
) -> Any:
    return world.app.test_client().post(
        UPLOADS_PATH,
        **multipart(content, name),
        headers={
            "Authorization": f"Bearer {world.key(f'employee:{employee}', *scopes)}",
            **headers,
        },
    )


def rows(world: World, table: Any) -> list[Any]:
    with world.engine.connect() as db:
        return list(db.execute(table.select()).mappings())


def test_a_file_is_uploaded_and_sent_with_a_message(world: World, chat: ConversationId) -> None:
    """It is stored when the message is, and read at its lasting address."""
    made = upload(world)
    assert made.status_code == 201
    assert {k: made.json[k] for k in ("name", "size", "content_type", "kind")} == {
        "name": "offer.png",
        "size": len(PNG),
        "content_type": "image/png",
        "kind": "image",
    }
    sent = api(world, ANA).post(f"/conversations/{chat}/messages", {"upload": made.json["id"]})
    assert sent.status == 202
    found = api(world, ANA).get(f"/conversations/{chat}/messages").items[0]["media"][0]
    assert (found["state"], found["url"], found["name"]) == ("stored", "", "offer.png")
    assert world.signed_in(ANA).get(found["path"]).data == PNG
    assert world.signed_in(BRUNO).get(found["path"]).status_code == 404
    assert rows(world, UPLOADS) == []


def test_a_file_is_sent_once(world: World, chat: ConversationId) -> None:
    made = upload(world).json["id"]
    path = f"/conversations/{chat}/messages"
    assert api(world, ANA).post(path, {"upload": made}).status == 202
    again = api(world, ANA).post(path, {"upload": made})
    assert (again.status, again.json["field"]) == (422, "$.upload")


def test_nobody_sends_what_another_has_uploaded(world: World, chat: ConversationId) -> None:
    made = upload(world, LUIS).json["id"]
    sent = api(world, ANA).post(f"/conversations/{chat}/messages", {"upload": made})
    assert sent.status == 422


def test_either_an_address_or_an_upload(world: World, chat: ConversationId) -> None:
    body = {"upload": "up_1", "media_url": "https://files.example/1"}
    assert api(world, ANA).post(f"/conversations/{chat}/messages", body).status == 422


def test_a_refused_upload_says_why(world: World) -> None:
    world.policy = replace(world.policy, media=MediaRules(max_upload_megabytes=1))
    large = upload(world, content=b"x" * (1024 * 1024 + 1))
    assert (large.status_code, large.json["field"]) == (413, "file")
    assert "1 MB" in large.json["detail"]
    empty = upload(world, content=b"")
    assert (empty.status_code, empty.json["detail"]) == (422, "the file is empty")
    assert upload(world, QA).json["reason"] == "role.quality_control"
    assert upload(world, scopes=(Scope.READ,)).status_code == 403
    key = {"Authorization": f"Bearer {world.key(f'employee:{ANA}')}"}
    none = world.app.test_client().post(UPLOADS_PATH, data={"other": "x"}, headers=key)
    assert (none.status_code, none.get_json()["field"]) == (422, "file")
    world.storage.is_down = True
    down = upload(world)
    assert (down.status_code, down.json["reason"]) == (503, "store.unavailable")
    assert rows(world, UPLOADS) == []


def test_the_same_upload_again_under_its_key_is_one(world: World) -> None:
    client = world.app.test_client()
    headers = {
        "Authorization": f"Bearer {world.key(f'employee:{ANA}')}",
        "Idempotency-Key": "k1",
    }
    form = multipart(b"y" * 100_000, "a.bin")
    first, second = (client.post(UPLOADS_PATH, **form, headers=headers) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json == second.json
    assert len(rows(world, UPLOADS)) == 1
    other = client.post(UPLOADS_PATH, **multipart(b"z", "a.bin"), headers=headers)
    assert other.status_code == 409


def test_what_is_never_sent_goes_after_a_day(world: World, chat: ConversationId) -> None:
    made = upload(world).json["id"]
    world.later(hours=23, minutes=30)
    sent = api(world, ANA).post(f"/conversations/{chat}/messages", {"upload": made})
    assert sent.status == 422
    assert keep_files(world.parts) == 0
    world.later(hours=1)
    assert keep_files(world.parts) == 1
    assert (world.storage.files, rows(world, UPLOADS), rows(world, FILE_REMOVALS)) == ({}, [], [])


def test_a_file_is_sent_from_the_page(world: World, chat: ConversationId) -> None:
    ana = world.signed_in(ANA)
    page = ana.get(f"/conversations/{chat}").text
    assert 'type="file"' in page
    form = multipart(PNG, "offer.png", csrf=csrf(page), text="see")
    sent = ana.post(f"/conversations/{chat}/reply", **form)
    assert sent.status_code == 303
    shown = ana.get(f"/conversations/{chat}").text
    (copy,) = rows(world, MEDIA)
    assert f'href="{lasting(copy["message"])}"' in shown
    assert f'src="{lasting(copy["message"])}"' in shown
    assert "upload:" not in shown


def test_a_refused_reply_keeps_no_file(world: World, chat: ConversationId) -> None:
    ana = world.signed_in(ANA)
    token = csrf(ana.get(f"/conversations/{chat}").text)
    form = multipart(PNG, "offer.png", csrf=token, channel="no-such")
    assert ana.post(f"/conversations/{chat}/reply", **form).status_code == 409
    assert (rows(world, UPLOADS), len(rows(world, FILE_REMOVALS))) == ([], 1)


def test_a_file_too_large_for_the_page_is_refused(world: World, chat: ConversationId) -> None:
    world.policy = replace(world.policy, media=MediaRules(max_upload_megabytes=1))
    ana = world.signed_in(ANA)
    token = csrf(ana.get(f"/conversations/{chat}").text)
    for size in (1024 * 1024 + 1, 2 * 1024 * 1024):
        form = multipart(b"x" * size, "a.bin", csrf=token)
        assert ana.post(f"/conversations/{chat}/reply", **form).status_code == 413


def test_states_are_shown_and_managers_try_again(world: World, chat: ConversationId) -> None:
    pending, failed, stored = (sends_file(world, MARTA, name=f"f{n}.png") for n in range(3))
    is_refused(world, failed, "a file at vendor.example is gone (HTTP 404)")
    is_copied(world, stored)
    luis, ana = world.signed_in(LUIS), world.signed_in(ANA)
    page, plain = (browser.get(f"/conversations/{chat}").text for browser in (luis, ana))
    for shown in (page, plain, luis.get("/feed").text):
        assert "is being copied" in shown
        assert "could not be copied" in shown
        assert "A file at vendor.example is gone" in shown
        assert f'href="{lasting(stored)}"' in shown
        assert "sig=secret" not in shown
    assert ("Try again" in page, "Try again" in plain) == (True, False)
    again = f"/conversations/{chat}/files/{failed}/0/again"
    assert ana.post(again, data={"csrf": csrf(plain)}).status_code == 403
    assert luis.post(again, data={"csrf": csrf(page)}).status_code == 303
    states = {row["message"]: row["state"] for row in rows(world, MEDIA)}
    assert states == {pending: "pending", failed: "pending", stored: "stored"}


def test_the_api_lists_failed_copies_and_tries_again(world: World, chat: ConversationId) -> None:
    failed = sends_file(world, MARTA)
    is_refused(world, failed)
    assert api(world, ANA).get("/media/failed").status == 403
    (found,) = api(world, LUIS).all("/media/failed")
    assert (found["message"], found["reason"], found["conversation"]) == (
        failed,
        "file_gone",
        chat,
    )
    path = f"/messages/{failed}/media/0/retry"
    assert api(world, ANA).post(path).status == 403
    assert api(world, LUIS).post(path).status == 200
    assert api(world, LUIS).post(path).status == 409
    assert api(world, LUIS).all("/media/failed") == []
    assert api(world, LUIS).post(f"/messages/{failed}/media/x/retry").status == 404


@pytest.mark.parametrize(
    ("path", "brings"),
    [
        ("/api/v1/uploads", True),
        ("/conversations/cv_1/reply", True),
        ("/conversations/cv_1/reply/x", False),
        ("/hooks/wazzup", False),
        ("/api/v1/messages", False),
        ("/login", False),
    ],
)
def test_only_some_requests_bring_files(path: str, brings: bool) -> None:
    assert is_upload(path) is brings
