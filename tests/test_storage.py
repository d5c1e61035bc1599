"""Files under the hash of their content: whole or not there, on disk and in an S3 store."""

import hashlib
import io
import os
import time
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from bridge.domain.errors import StorageFailed
from bridge.storage import FileStorage

CONTENT = b"\x89PNG of a contract" * 1000
NAME = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """Address of an S3-compatible server with one bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    keys = {"aws_access_key_id": "k", "aws_secret_access_key": "s", "region_name": "us-east-1"}
    boto3.client("s3", endpoint_url=url, **keys).create_bucket(Bucket="files")
    yield url
    server.stop()


@pytest.fixture(params=["file", "s3", "memory"])
def storage(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> FileStorage:
    if request.param == "file":
        return FileStorage((tmp_path / "kept").as_uri(), tmp_path / "staging")
    if request.param == "memory":
        return FileStorage(f"memory://{tmp_path.name}", tmp_path / "staging")
    monkeypatch.setenv("AWS_ENDPOINT_URL", request.getfixturevalue("s3"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "k")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    return FileStorage(f"s3://files/{tmp_path.name}", tmp_path / "staging")


def test_what_is_put_comes_back_and_can_be_sought_in(storage: FileStorage) -> None:
    storage.put(NAME, io.BytesIO(CONTENT))
    with storage.open(NAME) as file:
        assert file.read() == CONTENT
        file.seek(5)
        assert file.read(3) == CONTENT[5:8]


def test_the_same_content_twice_is_kept_once(storage: FileStorage) -> None:
    storage.put(NAME, io.BytesIO(CONTENT))
    storage.put(NAME, io.BytesIO(CONTENT))
    storage.delete(NAME)
    with pytest.raises(FileNotFoundError):
        storage.open(NAME)


def test_what_is_not_there_is_deleted_already(storage: FileStorage) -> None:
    storage.delete(NAME)
    with pytest.raises(FileNotFoundError):
        storage.open(NAME)


def test_a_storage_that_works_says_so(storage: FileStorage) -> None:
    storage.check()


def test_what_is_staged_leaves_nothing(storage: FileStorage, tmp_path: Path) -> None:
    with storage.stage() as file:
        file.write(CONTENT)
        assert os.listdir(tmp_path / "staging") == []
    assert os.listdir(tmp_path / "staging") == []


class Breaking(io.BytesIO):
    """Fails in the middle, as a disk or a network would."""

    def read(self, size: int | None = -1, /) -> bytes:
        raise OSError("gone")


def test_a_write_that_breaks_leaves_no_half_file(tmp_path: Path) -> None:
    storage = FileStorage((tmp_path / "kept").as_uri(), tmp_path)
    with pytest.raises(StorageFailed):
        storage.put(NAME, Breaking(CONTENT))
    assert [p for p in (tmp_path / "kept").rglob("*") if p.is_file()] == []


def test_a_half_file_under_its_name_is_written_anew(tmp_path: Path) -> None:
    """Somebody restored a backup that was cut short."""
    storage = FileStorage((tmp_path / "kept").as_uri(), tmp_path)
    storage.put(NAME, io.BytesIO(CONTENT))
    place = tmp_path / "kept" / NAME[:2] / NAME[2:4] / NAME
    place.write_bytes(CONTENT[:10])
    storage.put(NAME, io.BytesIO(CONTENT))
    assert place.read_bytes() == CONTENT


def test_what_a_killed_process_left_half_written_goes_after_its_time(tmp_path: Path) -> None:
    storage = FileStorage((tmp_path / "kept").as_uri(), tmp_path)
    storage.put(NAME, io.BytesIO(CONTENT))
    old, new = (tmp_path / "kept" / "arriving" / name for name in ("old", "new"))
    old.write_bytes(b"half")
    new.write_bytes(b"half")
    os.utime(old, (0, 0))
    storage.tidy(time.time() - 3600)
    assert not old.exists()
    assert new.exists()
    assert storage.open(NAME).read() == CONTENT


def test_a_folder_that_can_not_be_made_is_told_without_its_name(tmp_path: Path) -> None:
    (tmp_path / "secret-folder").write_text("a file stands in the way")
    storage = FileStorage((tmp_path / "secret-folder").as_uri(), tmp_path)
    with pytest.raises(StorageFailed) as told:
        storage.check()
    assert "secret-folder" not in str(told.value)


def test_an_s3_store_that_does_not_answer_is_a_failed_storage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "k")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    storage = FileStorage("s3://elsewhere/x", tmp_path)
    with pytest.raises(StorageFailed):
        storage.check()


def test_a_bucket_that_is_missing_is_a_failed_storage(
    s3: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "k")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    with pytest.raises(StorageFailed):
        FileStorage("s3://no-such-bucket/x", tmp_path).put(NAME, io.BytesIO(CONTENT))


def test_a_kind_of_store_that_nobody_knows_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageFailed, match="BRIDGE_MEDIA_URL"):
        FileStorage("gopher://x/y", tmp_path).check()
