"""Files of messages are copied at once, whole or not at all, and no message waits for its file."""

import hashlib
import io
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from bridge import codec
from bridge.clock import Clock
from bridge.domain.effects import SendMessage
from bridge.domain.errors import (
    CredentialsInvalid,
    DeliveryRejected,
    DeliveryTransient,
    OutcomeUnknown,
    StorageFailed,
)
from bridge.domain.messaging import Media
from bridge.domain.names import EmployeeId, conversation_id, message_id
from bridge.domain.policy import MediaRules
from bridge.pipeline.copying import MAX_ATTEMPTS, MAX_DEATHS, copy
from bridge.pipeline.doctor.points import Health, Point
from bridge.pipeline.doctor.standing import check_standing
from bridge.pipeline.doctor.storage import check_storage
from bridge.pipeline.drain import due_copies, due_lanes
from bridge.pipeline.file_keeping import keep_files
from bridge.pipeline.lanes import Way, lane
from bridge.pipeline.lease import leased
from bridge.pipeline.send import SendRequest, Sent, send
from bridge.pipeline.signed_links import SignedLinks
from bridge.pipeline.uploading import keep_upload, media_of
from bridge.ports import MediaFile, Sink
from bridge.settings import Settings
from bridge.storage import FileStorage
from bridge.store import media, uploads
from bridge.store.engine import reading, writing
from bridge.store.lanes import LeaseLost
from bridge.store.media import Copy, CopyState
from bridge.store.records import messages_by_id
from bridge.store.schema import (
    FILE_REMOVALS,
    LANES,
    MEDIA,
    MESSAGES,
    NOTIFICATIONS,
    OUTBOX,
    UPLOADS,
)
from tests.pipeline.world import ANA, CHAT, LUIS, World, holding

PNG = b"\x89PNG\r\n\x1a\n" + b"a picture" * 100
SHA = hashlib.sha256(PNG).hexdigest()
LANE = lane(Way.MEDIA, CHAT)
LINK = "https://files.example/a/picture.png?sig=secret"


@dataclass
class Source:
    """A vendor's files, as a test wants them; `asked` counts."""

    says: Callable[[Media], bytes] = lambda media: PNG
    content_type: str = "image/png"
    asked: list[Media] = field(default_factory=list)

    def fetch(self, media: Media, most_bytes: int) -> MediaFile:
        self.asked.append(media)
        return MediaFile(content=self.says(media), content_type=self.content_type)


@dataclass
class Streaming(Source):
    def copy(self, media: Media, most_bytes: int, into: Sink) -> MediaFile:
        content = self.fetch(media, most_bytes).content
        for place in range(0, len(content), 7):
            into.write(content[place : place + 7])
        return MediaFile(content=b"", content_type=self.content_type)


def raising(error: BaseException) -> Callable[[Media], bytes]:
    def says(media: Media) -> bytes:
        raise error

    return says


@pytest.fixture
def storage(small: World, tmp_path: Path) -> FileStorage:
    return small.keeps_files(tmp_path)


def sends_file(house: World, **more: Any) -> str:
    given = {"type": "image", "contentUri": LINK, "text": "look", **more}
    vendor_id = house.client_writes(**given)
    house.settle()
    return message_id(CHAT, vendor_id)


def copies(house: World) -> list[Copy]:
    with reading(house.engine) as db:
        ids = [row["message"] for row in house.rows(MEDIA)]
        return list(media.of_messages(db, ids).values())


def only(house: World) -> Copy:
    (found,) = copies(house)
    return found


def held(house: World) -> dict[str, Any]:
    return next(dict(row) for row in house.rows(LANES) if row["name"] == LANE)


def kept(storage: FileStorage) -> list[str]:
    root = Path(storage._url.removeprefix("file://"))
    return sorted(path.name for path in root.rglob("*") if path.is_file())


@pytest.mark.parametrize("kind", [Source, Streaming])
def test_a_clients_file_is_copied_under_its_hash(
    house: World, tmp_path: Path, kind: type[Source]
) -> None:
    storage = house.keeps_files(tmp_path)
    house.vendors.sources[CHAT] = kind()
    message = sends_file(house)
    assert (only(house).state, only(house).message) == (CopyState.PENDING, message)
    house.copy_files()
    found = only(house)
    assert (found.state, found.sha256, found.size, found.content_type) == (
        CopyState.STORED,
        SHA,
        len(PNG),
        "image/png",
    )
    with storage.open(SHA) as file:
        assert file.read() == PNG


def test_the_message_never_waits_for_its_file(small: World, storage: FileStorage) -> None:
    """Decided, told and written to the CRM, while nobody has copied anything yet."""
    source = small.vendors.sources[CHAT] = Source()
    sends_file(small)
    assert small.count(MESSAGES) == 1
    assert {row["state"] for row in small.rows(OUTBOX)} == {"done"}
    assert source.asked == []


def test_an_echo_from_the_phone_is_copied_too(small: World, storage: FileStorage) -> None:
    """WZ-09."""
    small.vendors.sources[CHAT] = Source()
    sends_file(small, isEcho=True, status="sent")
    small.copy_files()
    assert only(small).state is CopyState.STORED


def test_the_same_content_twice_is_kept_once(small: World, storage: FileStorage) -> None:
    small.vendors.sources[CHAT] = Source()
    sends_file(small)
    sends_file(small, contentUri="https://files.example/b/again.png")
    small.copy_files()
    assert [found.sha256 for found in copies(small)] == [SHA, SHA]
    assert kept(storage) == [SHA]


def test_a_message_that_comes_twice_is_copied_once(small: World, storage: FileStorage) -> None:
    source = small.vendors.sources[CHAT] = Source()
    item = small.message(type="image", contentUri=LINK)
    small.receives(CHAT, {"messages": [item]})
    small.receives(CHAT, {"messages": [item]})
    small.settle()
    small.copy_files()
    assert (small.count(MEDIA), len(source.asked)) == (1, 1)


def test_a_place_has_nothing_to_copy(small: World, storage: FileStorage) -> None:
    sends_file(small, type="geo", contentUri="geo:40.4,-3.7", text="")
    assert small.count(MEDIA) == 0


def test_a_file_is_stored_as_what_it_is(small: World, storage: FileStorage) -> None:
    small.vendors.sources[CHAT] = Source(says=lambda media: b"<html><script>alert(1)</script>")
    sends_file(small)
    small.copy_files()
    assert (only(small).state, only(small).content_type) == (CopyState.STORED, "text/html")


def told(house: World, **changes: Any) -> None:
    """The vendor says more of the file than Wazzup does."""
    with writing(house.engine) as db:
        for found in copies(house):
            value = replace(found.media, **changes)
            db.execute(MEDIA.update().values(value=codec.encode(value)))


@pytest.mark.parametrize(
    ("says", "more", "code"),
    [
        (lambda media: PNG, {"size": len(PNG) - 1}, "file_differs"),
        (lambda media: PNG, {"sha256": "0" * 64}, "file_differs"),
        (lambda media: PNG, {"size": 2 * 1024 * 1024}, "file_too_large"),
        (raising(DeliveryRejected("gone", code="file_gone")), {}, "file_gone"),
        (raising(DeliveryRejected("inside", code="link_forbidden")), {}, "link_forbidden"),
        (raising(DeliveryRejected("large", code="file_too_large")), {}, "file_too_large"),
        (raising(DeliveryRejected("no")), {}, "file_refused"),
    ],
)
def test_a_file_that_is_other_than_it_said_fails_with_a_reason(
    small: World,
    storage: FileStorage,
    says: Callable[[Media], bytes],
    more: dict[str, Any],
    code: str,
) -> None:
    small.use(media=MediaRules(max_megabytes=1))
    source = small.vendors.sources[CHAT] = Source(says=says)
    sends_file(small)
    told(small, **more)
    small.copy_files()
    small.later(3600)
    small.copy_files()
    found = only(small)
    assert (found.state, found.reason, len(source.asked) <= 1) == (CopyState.FAILED, code, True)
    assert found.detail
    assert kept(storage) == []


@pytest.mark.parametrize(
    "error",
    [
        DeliveryTransient("the host is slow"),
        OutcomeUnknown("HTML in place of a file"),
        KeyError("+34600111222"),
    ],
)
def test_what_may_pass_is_tried_again_and_given_up_in_the_end(
    small: World, storage: FileStorage, error: Exception
) -> None:
    source = small.vendors.sources[CHAT] = Source(says=raising(error))
    sends_file(small)
    for _ in range(MAX_ATTEMPTS + 3):
        small.copy_files()
        small.later(2000)
    found = only(small)
    assert (found.state, found.reason) == (CopyState.FAILED, "gave_up")
    assert len(source.asked) == MAX_ATTEMPTS
    assert "34600111222" not in found.detail


def test_a_failure_that_passes_ends_stored(small: World, storage: FileStorage) -> None:
    answers = iter([DeliveryTransient("busy"), None])

    def says(media: Media) -> bytes:
        error = next(answers)
        if error is not None:
            raise error
        return PNG

    small.vendors.sources[CHAT] = Source(says=says)
    sends_file(small)
    small.copy_files()
    assert (only(small).state, only(small).attempts) == (CopyState.PENDING, 1)
    small.later(10)
    small.copy_files()
    assert (only(small).state, only(small).detail) == (CopyState.STORED, "")


@pytest.mark.parametrize(
    ("error", "is_told"),
    [
        (DeliveryTransient("no connection", account_wide=True), False),
        (CredentialsInvalid("the key is refused"), True),
        (StorageFailed("storage: put: OSError"), False),
    ],
)
def test_an_outage_holds_the_lane_and_costs_no_attempt(
    small: World, storage: FileStorage, error: Exception, is_told: bool
) -> None:
    down = [True]

    def says(media: Media) -> bytes:
        if down:
            raise error
        return PNG

    source = small.vendors.sources[CHAT] = Source(says=says)
    sends_file(small)
    sends_file(small, contentUri="https://files.example/b.png")
    notices_before = small.count(NOTIFICATIONS, employee=LUIS)
    for _ in range(20):
        small.copy_files()
        small.later(1000)
    assert {found.state for found in copies(small)} == {CopyState.PENDING}
    assert len(source.asked) <= 60
    assert held(small)["held_cause"] == str(error)
    assert (small.count(NOTIFICATIONS, employee=LUIS) > notices_before) is is_told
    down.clear()
    small.copy_files()
    assert {found.state for found in copies(small)} == {CopyState.STORED}
    assert held(small)["held_cause"] == ""


def test_an_outage_of_more_than_a_day_ends_in_a_failure(small: World, storage: FileStorage) -> None:
    small.vendors.sources[CHAT] = Source(says=raising(CredentialsInvalid("the key is refused")))
    sends_file(small)
    small.later(25 * 3600)
    small.copy_files()
    assert (only(small).state, only(small).reason) == (CopyState.FAILED, "gave_up")


def test_failed_copies_are_tried_again_when_a_manager_asks(
    small: World, storage: FileStorage
) -> None:
    source = small.vendors.sources[CHAT] = Source(
        says=raising(DeliveryRejected("gone", code="file_gone"))
    )
    message = sends_file(small)
    small.copy_files()
    source.says = lambda media: PNG
    with writing(small.engine) as db:
        assert media.try_again(db, only(small).message, 0) == LANE
    small.copy_files()
    assert only(small).state is CopyState.STORED
    with writing(small.engine) as db:
        assert media.try_again(db, only(small).message, 0) is None
        assert only(small).message == message


def test_a_rate_that_is_used_up_holds_the_lane(small: World, storage: FileStorage) -> None:
    source = small.vendors.sources[CHAT] = Source()
    sends_file(small)
    told(small, media_id="file-1")
    small.limit(0)
    small.parts = replace(small.parts, storage=storage)
    small.copy_files()
    assert (source.asked, only(small).attempts) == ([], 0)
    assert held(small)["held_until"] is not None


class Killed(BaseException):
    """The worker is gone: nothing of its own runs any more."""


def test_a_worker_killed_in_the_middle_of_a_copy_leaves_no_half_file(
    house: World, tmp_path: Path
) -> None:
    """What it had begun is begun anew, and ends stored once."""
    storage = house.keeps_files(tmp_path)
    answers = iter([Killed(), None])

    def says(media: Media) -> bytes:
        error = next(answers)
        if error is not None:
            raise error
        return PNG

    house.vendors.sources[CHAT] = Source(says=says)
    sends_file(house)
    with pytest.raises(Killed):
        house.copy_files()
    assert (only(house).state, kept(storage)) == (CopyState.LEASED, [])
    house.later(60)
    house.copy_files()
    assert (only(house).state, kept(storage)) == (CopyState.STORED, [SHA])


def test_a_worker_killed_after_the_file_was_kept_copies_it_once(
    small: World, storage: FileStorage
) -> None:
    class Dying(FileStorage):
        def put(self, sha256: str, file: Any) -> None:
            super().put(sha256, file)
            raise Killed

    small.vendors.sources[CHAT] = Source()
    sends_file(small)
    dying = Dying(storage._url, storage._staging)
    small.parts = replace(small.parts, storage=dying)
    with pytest.raises(Killed):
        small.copy_files()
    assert (only(small).state, only(small).sha256) == (CopyState.LEASED, SHA)
    small.parts = replace(small.parts, storage=storage)
    small.later(60)
    small.copy_files()
    assert (only(small).state, kept(storage)) == (CopyState.STORED, [SHA])


def test_a_file_that_kills_its_worker_each_time_ends_failed(
    small: World, storage: FileStorage
) -> None:
    small.vendors.sources[CHAT] = Source(says=raising(Killed()))
    sends_file(small)
    for _ in range(MAX_DEATHS):
        with pytest.raises(Killed):
            small.copy_files()
        small.later(60)
    small.copy_files()
    assert (only(small).state, only(small).reason) == (CopyState.FAILED, "worker_died")


def test_only_one_worker_copies_a_lane(small: World, storage: FileStorage) -> None:
    source = small.vendors.sources[CHAT] = Source()
    sends_file(small)
    with holding(small.engine, LANE, 60):
        small.copy_files()
    assert source.asked == []
    small.copy_files()
    assert len(source.asked) == 1


def test_a_worker_that_was_away_too_long_notes_nothing(small: World, storage: FileStorage) -> None:
    def says(media: Media) -> bytes:
        small.later(60)
        with holding(small.engine, LANE, 60):
            pass
        return PNG

    small.vendors.sources[CHAT] = Source(says=says)
    sends_file(small)
    with pytest.raises(LeaseLost), leased(small.engine, LANE, 15.0) as lease:
        copy(small.parts, lease, lambda: False)
    assert only(small).state is CopyState.LEASED


def test_several_files_are_fetched_at_a_time_and_no_more_than_three(
    small: World, storage: FileStorage
) -> None:
    together = threading.Barrier(3, timeout=60)
    at_once: list[int] = []
    lock = threading.Lock()

    def says(media: Media) -> bytes:
        with lock:
            at_once.append(1)
            most.append(len(at_once))
        together.wait()
        with lock:
            at_once.pop()
        return PNG

    most: list[int] = []
    small.vendors.sources[CHAT] = Source(says=says)
    for place in range(6):
        sends_file(small, contentUri=f"https://files.example/{place}.png")
    small.copy_files()
    assert {found.state for found in copies(small)} == {CopyState.STORED}
    assert max(most) == 3


def test_who_is_forgotten_loses_his_files_and_nobody_elses(
    small: World, storage: FileStorage
) -> None:
    """A content goes when the last message that has it is forgotten."""
    small.vendors.sources[CHAT] = Source()
    sends_file(small)
    sends_file(small, phone="34600999888")
    small.copy_files()
    first, second = (conversation_id(CHAT, "chan-sales", p) for p in ("34600111222", "34600999888"))
    with writing(small.engine) as db:
        assert media.forget_conversations(db, [first], small.parts.now()) == 1
    assert (keep_files(small.parts), kept(storage)) == (0, [SHA])
    with writing(small.engine) as db:
        media.forget_conversations(db, [second], small.parts.now())
    assert (keep_files(small.parts), kept(storage)) == (1, [])
    assert small.count(MEDIA) == small.count(FILE_REMOVALS) == 0


def test_a_file_forgotten_while_it_is_copied_is_not_kept(
    small: World, storage: FileStorage
) -> None:
    where = conversation_id(CHAT, "chan-sales", "34600111222")

    class Forgetting(FileStorage):
        def put(self, sha256: str, file: Any) -> None:
            with writing(small.engine) as db:
                media.forget_conversations(db, [where], small.parts.now())
            keep_files(small.parts)
            super().put(sha256, file)

    small.vendors.sources[CHAT] = Source()
    sends_file(small)
    small.parts = replace(small.parts, storage=Forgetting(storage._url, storage._staging))
    small.copy_files()
    small.parts = replace(small.parts, storage=storage)
    keep_files(small.parts)
    assert (small.count(MEDIA), kept(storage)) == (0, [])


def test_content_that_is_being_removed_is_not_referred_to_anew(
    small: World, storage: FileStorage
) -> None:
    """Else the removal would take the new copy's content along."""
    small.vendors.sources[CHAT] = Source()
    sends_file(small)
    with writing(small.engine) as db:
        media.remove_unreferenced(db, [SHA], small.parts.now())
        given = uploads.add(
            db,
            ANA,
            sha256=SHA,
            size=1,
            name="a",
            content_type="image/png",
            now=small.parts.now(),
        )
    assert given is None
    small.copy_files()
    assert only(small).state is CopyState.PENDING
    keep_files(small.parts)
    small.later(30)
    small.copy_files()
    assert (only(small).state, kept(storage)) == (CopyState.STORED, [SHA])


def test_a_removal_that_the_storage_refuses_is_done_later(
    small: World, storage: FileStorage
) -> None:
    class Refusing(FileStorage):
        def delete(self, sha256: str) -> None:
            raise StorageFailed("storage: delete: OSError")

    small.vendors.sources[CHAT] = Source()
    sends_file(small)
    small.copy_files()
    with writing(small.engine) as db:
        media.forget_messages(db, [only(small).message], small.parts.now())
    small.parts = replace(small.parts, storage=Refusing(storage._url, storage._staging))
    assert (keep_files(small.parts), kept(storage)) == (0, [SHA])
    small.parts = replace(small.parts, storage=storage)
    assert (keep_files(small.parts), kept(storage)) == (1, [])


def test_a_file_that_takes_anothers_place_is_copied_anew(
    small: World, storage: FileStorage
) -> None:
    """An edit may exchange the picture."""
    source = small.vendors.sources[CHAT] = Source()
    message = sends_file(small)
    small.copy_files()
    with writing(small.engine) as db:
        (stored,) = messages_by_id(db, [only(small).message]).values()
        other = replace(stored.media[0], url="https://files.example/other.png")
        moved = replace(stored, media=(other,))
        lanes = {CHAT: LANE}
        media.want(db, lanes, {stored.id: CHAT}, [moved], small.parts.now())
        media.want(db, lanes, {stored.id: CHAT}, [moved], small.parts.now())
    source.says = lambda media: PNG + b"other"
    small.copy_files()
    keep_files(small.parts)
    found = only(small)
    assert (found.message, found.state, found.sha256 == SHA) == (message, CopyState.STORED, False)
    assert kept(storage) == [found.sha256]


def given_by(house: World, employee: EmployeeId = LUIS) -> Media:
    """A file that an employee has uploaded."""
    made = keep_upload(house.parts, employee, io.BytesIO(PNG), "offer.png", "image/png")
    return media_of(made)


def answers_with(house: World, file: Media, key: str = "k1") -> Any:
    where = conversation_id(CHAT, "chan-sales", "34600111222")
    letter = SendRequest(employee=LUIS, conversation=where, media=file, key=key)
    return send(house.parts, letter)


def test_an_employees_file_leaves_under_a_link_of_minutes(house: World, tmp_path: Path) -> None:
    """Made for each attempt: none is kept in the outbox, none stands in the CRM."""
    house.keeps_files(tmp_path)
    house.parts = replace(house.parts, links=SignedLinks("https://bridge.example", "k" * 32))
    house.client_writes()
    house.settle()
    seen = house.script(CHAT, lambda delivery: None)
    assert isinstance(answers_with(house, given_by(house)), Sent)
    house.settle()
    ((delivery,),) = seen.runs
    assert isinstance(delivery.effect, SendMessage)
    assert delivery.effect.media is not None
    link = delivery.effect.media.url
    assert link.startswith("https://bridge.example/media/")
    assert link.endswith(".png")
    assert delivery.file is not None
    assert delivery.file(len(PNG)).content == PNG
    signed = link.removeprefix("https://bridge.example/media/")
    assert house.parts.links.opened(signed, house.parts.now()) == only(house).id
    assert (only(house).state, house.count(UPLOADS)) == (CopyState.STORED, 0)
    stored = b"".join(bytes(row["effect"]) for row in house.rows(OUTBOX))
    assert signed.encode() not in stored
    lasting = f"https://bridge.example/media/of/{only(house).message}/0"
    assert lasting.encode() in stored


@pytest.mark.parametrize(
    ("says", "error"),
    [
        (FileNotFoundError("x"), DeliveryRejected),
        (StorageFailed("storage: open: OSError"), DeliveryTransient),
    ],
)
def test_a_file_that_can_not_be_read_is_refused_or_later(
    small: World, storage: FileStorage, says: Exception, error: type[Exception]
) -> None:
    class Broken(FileStorage):
        def open(self, sha256: str) -> BinaryIO:
            raise says

    small.client_writes()
    small.settle()
    seen = small.script(CHAT, lambda delivery: None)
    file = given_by(small)
    small.parts = replace(
        small.parts,
        storage=Broken(storage._url, storage._staging),
        links=SignedLinks("https://bridge.example", "k" * 32),
    )
    answers_with(small, file)
    small.settle()
    read = seen.runs[0][0].file
    assert read is not None
    with pytest.raises(error):
        read(10)


def test_a_file_forgotten_before_it_left_is_not_sent(small: World, storage: FileStorage) -> None:
    small.client_writes()
    small.settle()
    seen = small.script(CHAT, lambda delivery: None)
    answers_with(small, given_by(small))
    with writing(small.engine) as db:
        media.forget_messages(db, [only(small).message], small.parts.now())
    small.settle()
    effect = seen.runs[0][0].effect
    assert isinstance(effect, SendMessage)
    assert effect.media is not None
    assert (effect.media.url, seen.runs[0][0].file) == ("", None)


def test_no_worker_is_ever_given_a_file_and_the_clock_copies_it(
    small: World, storage: FileStorage, tmp_path: Path
) -> None:
    """A worker that waited for a file would keep messages waiting."""
    small.vendors.sources[CHAT] = Source()
    sends_file(small)
    assert due_lanes(small.parts) == ()
    assert due_copies(small.parts) == (LANE,)
    assert LANE not in small.rings.rung
    clock = Clock(small.parts, Settings.of({"BRIDGE_CONFIG": str(tmp_path)}))
    assert clock._copies.look() == 1
    end = time.monotonic() + 60
    while only(small).state is not CopyState.STORED and time.monotonic() < end:
        time.sleep(0.01)
    clock._copies.stop()
    assert only(small).state is CopyState.STORED


def test_the_doctor_tells_of_failed_copies_and_of_a_storage_that_keeps_nothing(
    small: World, storage: FileStorage, tmp_path: Path
) -> None:
    def told() -> Point:
        with reading(small.engine) as db:
            points = check_standing(db, small.parts.now())
        return next(point for point in points if point.check == "files")

    assert (told().health, check_storage(storage).health) == (Health.OK, Health.OK)
    small.vendors.sources[CHAT] = Source(says=raising(DeliveryRejected("no", code="file_gone")))
    sends_file(small)
    small.copy_files()
    assert (told().health, told().detail) == (
        Health.WRONG,
        "1 files of messages could not be copied",
    )
    (tmp_path / "file").write_text("in the way")
    broken = check_storage(FileStorage((tmp_path / "file").as_uri(), tmp_path))
    assert broken.health is Health.WRONG
    assert "BRIDGE_MEDIA_URL" in broken.todo
