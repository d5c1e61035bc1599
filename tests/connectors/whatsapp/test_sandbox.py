"""The stand-in checks what Meta checks."""

from typing import Any

import pytest

from connectors.whatsapp.sandbox_world import World
from tests.connectors.whatsapp.building import APP, APP_SECRET, CLIENT, NUMBER, TOKEN, WABA
from tests.connectors.whatsapp.meta import Answered, Meta

_PART = b"content-disposition: form-data"
PATHS = (f"/v23.0/{WABA}", f"/v23.0/{WABA}/phone_numbers", f"/v23.0/{WABA}/message_templates")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("token", ["", "wrong", TOKEN[:-1], "ключ".encode().decode("latin-1")])
def test_a_wrong_token_is_refused(meta: Meta, path: str, token: str) -> None:
    found = meta.call("GET", path, token=token)
    assert (found.status, found.code) == (401, 190)


def test_the_apps_webhook_is_open_to_the_app_alone(meta: Meta) -> None:
    path = f"/v23.0/{APP}/subscriptions"
    assert meta.call("GET", path).status == 401
    assert meta.call("GET", path, token=f"{APP}|{APP_SECRET}").status == 200


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"messaging_product": None}, 100),
        ({"to": None}, 131008),
        ({"to": "eva"}, 131009),
        ({"recipient_type": "group"}, 131009),
        ({"to": None, "recipient": "US.404"}, 131009),
        ({"type": None}, 100),
        ({"text": None}, 100),
        ({"text": {"body": ""}}, 100),
        ({"text": {"body": "x" * 4097}}, 100),
        ({"text": {"body": 5}}, 100),
        ({"type": "image", "image": {}}, 131008),
        ({"type": "image", "image": {"id": "404"}}, 131009),
        ({"type": "audio", "audio": {"link": "https://x", "caption": "no"}}, 100),
        ({"type": "image", "image": {"link": "https://x", "caption": "x" * 1025}}, 100),
        ({"type": "hologram", "hologram": {}}, 131051),
        ({"context": {"message_id": "wamid.404"}}, 131009),
        ({"biz_opaque_callback_data": "x" * 513}, 100),
        ({"type": "template", "template": {"name": "promo", "language": {"code": "es"}}}, 132001),
        (
            {"type": "template", "template": {"name": "promo", "language": {"code": "en_US"}}},
            132000,
        ),
    ],
)
def test_a_wrong_message_is_refused(meta: Meta, fields: dict[str, Any], code: int) -> None:
    found = meta.send(**fields)
    assert (found.code, meta.sent()) == (code, [])


def test_a_body_that_is_no_json_is_refused(meta: Meta) -> None:
    found = meta.ask(
        "POST", f"/v23.0/{NUMBER}/messages", "no", {"Authorization": f"Bearer {TOKEN}"}
    )
    assert found.code == 100


@pytest.mark.parametrize(("number", "code"), [("404", 100), ("5", 133010)])
def test_a_number_that_is_not_ours_or_not_registered_sends_nothing(
    meta: Meta, number: str, code: int
) -> None:
    meta.steer("seed", numbers=[{"id": "5", "status": "PENDING"}])
    assert meta.call("POST", f"/v23.0/{number}/messages", {}).code == code


def upload(meta: Meta, body: bytes, boundary: str = "b") -> Answered:
    headers = {
        "Authorization": f"Bearer {TOKEN}",
        "Content-Type": f"multipart/form-data; boundary={boundary}",
    }
    return meta.ask("POST", f"/v23.0/{NUMBER}/media", body, headers)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'--b\r\n%s; name="messaging_product"\r\n\r\nwhatsapp\r\n--b--\r\n' % _PART,
        b'--b\r\n%s; name="file"; filename="a"\r\n\r\nx\r\n--b--\r\n' % _PART,
    ],
)
def test_an_upload_needs_its_fields(meta: Meta, body: bytes) -> None:
    assert upload(meta, body).code == 100


def test_an_account_that_is_not_there_has_nothing(meta: Meta) -> None:
    assert meta.call("GET", "/v23.0/404/phone_numbers").code == 100
    assert meta.call("GET", "/v23.0/404").code == 100


def test_a_files_link_dies_after_five_minutes(meta: Meta) -> None:
    meta.writes(kind="image", file="AAAA", mime_type="image/png")
    media_id = next(iter(meta.state()["files"]))
    link = meta.call("GET", f"/v23.0/{media_id}").body["url"].removeprefix(meta.url)
    assert meta.call("GET", link).status == 200
    assert meta.call("GET", link, token="another").status == 401
    meta.steer("advance", seconds=301)
    assert meta.call("GET", link).status == 404


def test_eighty_messages_a_second_pass() -> None:
    moments = iter([*[5.0] * 81, 6.0])
    world = World(clock=lambda: next(moments))
    assert [world.within_rate() for _ in range(82)] == [True] * 80 + [False, True]


def test_one_client_gets_a_burst_and_then_one_in_six_seconds() -> None:
    """46 pass at once, as 45 are borrowed; what is paid back may be borrowed again."""
    now = [100.0]
    world = World(clock=lambda: now[0])
    passed = [world.within_pair_rate(NUMBER, CLIENT) for _ in range(47)]
    assert passed == [True] * 46 + [False]
    assert world.within_pair_rate(NUMBER, "16505550001")
    now[0] += 6.0
    assert world.within_pair_rate(NUMBER, CLIENT)
    assert not world.within_pair_rate(NUMBER, CLIENT)


def test_the_page_shows_phones_and_lets_one_play(meta: Meta) -> None:
    form = f"number_id={NUMBER}&wa_id={CLIENT}&name=Eva"
    assert meta.submit(f"{form}&text=Hola").status == 303
    meta.send(text={"body": "<b>Buenas</b>"})
    page = meta.call("GET", "/").body.decode()
    assert "Hola" in page
    assert "&lt;b&gt;Buenas" in page
    assert meta.submit(f"{form}&deed=edit&message={_first(meta)}&text=Adios").status == 303
    assert meta.submit(f"{form}&deed=react&text=%F0%9F%91%8D").status == 303
    assert meta.submit(f"{form}&deed=delete&message={_first(meta)}").status == 303
    assert meta.submit(f"{form}&deed=by_phone&text=Typed").status == 303
    assert meta.submit(f"{form}&username=eva.g&hides=yes&text=Hidden").status == 303
    state = meta.state()
    assert [m["text"] for m in state["received"]] == ["Adios", "Hidden"]
    assert state["received"][0]["deleted"]
    assert [(m["text"], m["emoji"], m["by_phone"]) for m in state["sent"]] == [
        ("<b>Buenas</b>", "👍", False),
        ("Typed", "", True),
    ]


def _first(meta: Meta) -> str:
    found: str = meta.state()["received"][0]["message_id"]
    return found


@pytest.mark.parametrize(
    ("deed", "body"),
    [
        ("incoming", {"number_id": "404", "wa_id": CLIENT}),
        ("incoming", {"number_id": NUMBER}),
        ("incoming", {"number_id": NUMBER, "wa_id": CLIENT, "edit": "wamid.404"}),
        ("incoming", {"number_id": NUMBER, "wa_id": CLIENT, "kind": "image", "file": "!"}),
        ("field", {"field": "messages"}),
        ("seed", {"numbers": [{}]}),
    ],
)
def test_a_wrong_order_is_refused(meta: Meta, deed: str, body: dict[str, Any]) -> None:
    assert meta.call("POST", f"/_sandbox/{deed}", body).status == 400


def test_reset_forgets_everything(meta: Meta) -> None:
    meta.writes()
    meta.steer("reset")
    assert (meta.state()["numbers"], meta.state()["received"]) == ([], [])
