"""Files are read by those who may read the chat, at each request anew, and by links of minutes."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.domain.names import EmployeeId, MessageId
from bridge.domain.people import Role
from bridge.domain.policy import OnDelete
from bridge.pipeline.signed_links import LIFE, SignedLinks
from bridge.store import media
from bridge.store.engine import reading, writing
from bridge.store.keys import Scope
from bridge.store.records import messages_by_id, put_messages
from bridge.web.media import AT_ONCE
from tests.web.files import PNG, is_copied, is_refused, lasting, sends_file
from tests.web.world import ANA, BRUNO, LUIS, NORA, QA, WA, World

MARTA = "+34600111222"


@pytest.fixture
def message(world: World) -> MessageId:
    """Marta is Ana's client, and has sent a picture that is copied."""
    world.client("Marta", MARTA, ANA)
    sent = sends_file(world, MARTA)
    is_copied(world, sent)
    return sent


def row_of(world: World, message: MessageId) -> int:
    with reading(world.engine) as db:
        (found,) = media.of_messages(db, [message]).values()
    return found.id


def signed(world: World, message: MessageId, ending: str = "") -> str:
    link = world.parts.links.link(row_of(world, message), world.now, ending)
    return link.removeprefix(world.public_url)


@pytest.mark.parametrize(
    ("employee", "status"), [(ANA, 200), (BRUNO, 404), (LUIS, 200), (QA, 200), (NORA, 404)]
)
def test_who_may_read_the_chat_may_read_its_files(
    world: World, message: MessageId, employee: EmployeeId, status: int
) -> None:
    """ROL-06: for all others there is no such file."""
    found = world.signed_in(employee).get(lasting(message))
    assert found.status_code == status
    assert (found.data == PNG) is (status == 200)


def test_a_key_opens_it_as_well(world: World, message: MessageId) -> None:
    browser = world.app.test_client()

    def status(principal: str, *scopes: Scope) -> int:
        headers = {"Authorization": f"Bearer {world.key(principal, *scopes)}"}
        return browser.get(lasting(message), headers=headers).status_code

    assert status(f"employee:{ANA}", Scope.READ) == 200
    assert status(f"employee:{BRUNO}", Scope.READ) == 404
    assert status(f"employee:{ANA}", Scope.SEND) == 403
    assert status("service:archive", Scope.READ) == 200
    wrong = browser.get(lasting(message), headers={"Authorization": "Bearer brk_nothing"})
    assert (wrong.status_code, wrong.get_json()["reason"]) == (401, "request.unauthenticated")


def test_who_is_not_signed_in_is_asked_to(world: World, message: MessageId) -> None:
    found = world.app.test_client().get(lasting(message))
    assert (found.status_code, found.headers["Location"]) == (303, "/login")


def test_an_owner_change_closes_a_link_that_was_handed_out(
    world: World, message: MessageId
) -> None:
    """With the very next request."""
    ana, bruno = world.signed_in(ANA), world.signed_in(BRUNO)
    assert ana.get(lasting(message)).status_code == 200
    world.client("Marta", MARTA, BRUNO)
    assert (ana.get(lasting(message)).status_code, bruno.get(lasting(message)).status_code) == (
        404,
        200,
    )


def test_a_lost_role_closes_it_too(world: World, message: MessageId) -> None:
    luis = world.signed_in(LUIS)
    assert luis.get(lasting(message)).status_code == 200
    world.change_role(LUIS, Role.NONE)
    assert luis.get(lasting(message)).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/media/of/ms_unknown/0",
        "/media/of/%00/0",
        "/media/of/ms_x%0d%0aSet-Cookie/0",
        "/media/of/ms_x/99999999999999999999",
        "/media/of/ms_x/-1",
    ],
)
def test_what_is_not_there_is_not_found(world: World, path: str) -> None:
    assert world.signed_in(LUIS).get(path).status_code == 404


def test_a_file_on_its_way_asks_to_come_again(world: World) -> None:
    world.client("Marta", MARTA, ANA)
    sent = sends_file(world, MARTA)
    found = world.signed_in(ANA).get(lasting(sent))
    assert (found.status_code, found.headers["Retry-After"]) == (503, "5")
    assert "still being copied" in found.text
    assert "vendor.example" not in found.text


def test_a_file_that_failed_says_why(world: World) -> None:
    world.client("Marta", MARTA, ANA)
    sent = sends_file(world, MARTA)
    is_refused(world, sent, "a file at vendor.example is gone (HTTP 404)")
    found = world.signed_in(ANA).get(lasting(sent))
    assert found.status_code == 410
    assert "is gone (HTTP 404)" in found.text


@pytest.mark.parametrize("change", ["down", "lost"])
def test_a_storage_that_fails_is_told_apart(world: World, message: MessageId, change: str) -> None:
    world.storage.is_down = change == "down"
    world.storage.files = {} if change == "lost" else world.storage.files
    found = world.signed_in(ANA).get(lasting(message))
    assert found.status_code == {"down": 503, "lost": 404}[change]


@pytest.mark.parametrize(
    ("content_type", "way", "told"),
    [
        ("image/png", "inline", "image/png"),
        ("audio/ogg", "inline", "audio/ogg"),
        ("application/pdf", "attachment", "application/pdf"),
        ("text/html", "attachment", "application/octet-stream"),
        ("image/svg+xml", "attachment", "application/octet-stream"),
        ("text/x-script", "attachment", "application/octet-stream"),
        ("application/x-msdownload", "attachment", "application/octet-stream"),
    ],
)
def test_nothing_that_a_browser_runs_is_shown_in_place(
    world: World, content_type: str, way: str, told: str
) -> None:
    """S14."""
    world.client("Marta", MARTA, ANA)
    sent = sends_file(world, MARTA)
    is_copied(world, sent, b"<script>alert(1)</script>", content_type)
    for address, browser in (
        (lasting(sent), world.signed_in(ANA)),
        (signed(world, sent), world.app.test_client()),
    ):
        headers = browser.get(address).headers
        assert headers["Content-Disposition"].startswith(f"{way};")
        assert headers["Content-Type"] == told
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "private, no-store"


def test_a_name_breaks_no_header(world: World) -> None:
    world.client("Marta", MARTA, ANA)
    sent = sends_file(world, MARTA, name='../a"\r\nSet-Cookie: x=1; ñ\u202e.png')
    is_copied(world, sent)
    answer = world.signed_in(ANA).get(lasting(sent))
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Content-Disposition"] == (
        'inline; filename="_a___Set-Cookie_ x=1; __.png"; '
        "filename*=UTF-8''_a___Set-Cookie_%20x%3D1%3B%20%C3%B1_.png"
    )


def test_a_part_of_a_file_is_given_to_who_asks_for_it(world: World, message: MessageId) -> None:
    """Vendors and players do."""
    ana = world.signed_in(ANA)
    part = ana.get(lasting(message), headers={"Range": "bytes=8-11"})
    assert (part.status_code, part.data) == (206, PNG[8:12])
    assert part.headers["Content-Range"] == f"bytes 8-11/{len(PNG)}"
    end = ana.get(lasting(message), headers={"Range": "bytes=-4"})
    assert end.data == PNG[-4:]
    beyond = ana.get(lasting(message), headers={"Range": f"bytes={len(PNG)}-"})
    assert beyond.status_code == 416


def test_a_vendor_asks_first_how_large_it_is(world: World, message: MessageId) -> None:
    found = world.app.test_client().head(signed(world, message))
    assert (found.status_code, found.data) == (200, b"")
    assert found.headers["Content-Length"] == str(len(PNG))


def test_a_signed_link_needs_no_sign_in_and_lives_for_minutes(
    world: World, message: MessageId
) -> None:
    vendor, address = world.app.test_client(), signed(world, message, "png")
    assert address.endswith(".png")
    assert vendor.get(address).data == PNG
    world.later(minutes=14)
    assert vendor.get(address).status_code == 200
    world.later(minutes=2)
    assert vendor.get(address).status_code == 404


def test_a_signed_link_says_nothing_of_a_client(world: World, message: MessageId) -> None:
    address = signed(world, message)
    for word in (message, MARTA.removeprefix("+"), "offer", "Marta"):
        assert word not in address


def test_who_is_forgotten_is_gone_from_handed_out_links(world: World, message: MessageId) -> None:
    address = signed(world, message)
    with writing(world.engine) as db:
        media.forget_messages(db, [message], world.now)
    assert world.app.test_client().get(address).status_code == 404
    assert world.signed_in(LUIS).get(lasting(message)).status_code == 404


@given(st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_link_that_was_changed_anywhere_opens_nothing(
    world: World, message: MessageId, data: st.DataObject
) -> None:
    links = world.parts.links
    good = links.link(7, world.now).rpartition("/")[2]
    place = data.draw(st.integers(0, len(good) - 1))
    put = data.draw(st.characters(codec="utf-8"))
    bad = good[:place] + put + good[place + 1 :]
    assert links.opened(good, world.now) == 7
    assert links.opened(bad, world.now) == (7 if bad == good else None)


@pytest.mark.parametrize(
    "bad",
    ["", ".", "..", "...", "1.2.3", "1.99999999999.x", "a.b.c", "1.1.\udc80", "x" * 5000, "-1.1.x"],
)
def test_what_is_no_link_opens_nothing(world: World, bad: str) -> None:
    assert world.parts.links.opened(bad, world.now) is None


def test_another_key_or_none_opens_nothing(world: World) -> None:
    mine = world.parts.links.link(7, world.now).rpartition("/")[2]
    assert SignedLinks("", "another key" * 5).opened(mine, world.now) is None
    assert SignedLinks().opened(mine, world.now) is None
    assert timedelta(minutes=1) < LIFE <= timedelta(minutes=30)


def test_readers_that_are_too_many_are_told_to_wait(world: World, message: MessageId) -> None:
    browsers = [world.signed_in(ANA) for _ in range(AT_ONCE + 1)]
    answers = [browser.get(lasting(message), buffered=False) for browser in browsers]
    assert [answer.status_code for answer in answers] == [200] * AT_ONCE + [503]
    for answer in answers:
        answer.close()
    assert world.signed_in(ANA).get(lasting(message)).status_code == 200


def test_a_reader_gives_his_place_back_once(world: World, message: MessageId) -> None:
    ana = world.signed_in(ANA)
    for _ in range(AT_ONCE * 2):
        assert ana.get(lasting(message), headers={"Range": "bytes=99999-"}).status_code == 416
    for _ in range(AT_ONCE * 2):
        assert ana.get(lasting(message), buffered=True).status_code == 200
        assert ana.head(lasting(message), buffered=True).status_code == 200


def test_a_lead_owner_reads_the_files_too(world: World, message: MessageId) -> None:
    """Access is that of the chat, in all its causes."""
    contact = world.client("Marta", MARTA, ANA)
    assert world.signed_in(BRUNO).get(lasting(message)).status_code == 404
    world.lead(contact, BRUNO)
    assert world.signed_in(BRUNO).get(lasting(message)).status_code == 200


def test_what_was_taken_back_is_closed_to_who_may_not_see_it(
    world: World, message: MessageId
) -> None:
    """Where the policy redacts, managers and quality control alone look at it still."""
    redacting = replace(world.policy.timeline, on_delete=OnDelete.REDACT)
    world.policy = replace(world.policy, timeline=redacting)
    with writing(world.engine) as db:
        (known,) = messages_by_id(db, [message]).values()
        put_messages(db, {message: WA}, [replace(known, deleted_at=world.now)])
    statuses = [world.signed_in(who).get(lasting(message)).status_code for who in (ANA, LUIS, QA)]
    assert statuses == [404, 200, 200]
