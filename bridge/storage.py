"""Keeps files under the hash of their content, on disk or in any store that fsspec knows."""

import importlib
import os
import secrets
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

import fsspec

from bridge.domain.errors import StorageFailed

# An object appears there when it is whole; elsewhere it is written beside its place and renamed.
_WHOLE_AT_ONCE = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss"})
_ARRIVING = "arriving"
_PIECE = 1024 * 1024
_LOCAL = frozenset({"file", "local"})


class FileStorage:
    """A folder `ab/cd/abcd…` for each content. Connects at its first use, so it may be made before
    a fork; safe to share between threads. Every method raises StorageFailed."""

    def __init__(self, url: str, staging: Path) -> None:
        self._url = url
        self._staging = staging
        self._opened: tuple[Any, str] | None = None
        self._errors: tuple[type[Exception], ...] = (OSError,)
        self._lock = threading.Lock()

    @contextmanager
    def stage(self) -> Iterator[BinaryIO]:
        """A file for what is arriving, of which nothing is left, even after a kill."""
        with self._told("staging"):
            self._staging.mkdir(parents=True, exist_ok=True)
            file = tempfile.TemporaryFile(dir=self._staging)
        with file:
            yield cast(BinaryIO, file)

    def put(self, sha256: str, file: BinaryIO) -> None:
        """Keeps the file, from its beginning; the same content once."""
        with self._told("put"):
            fs, root = self._fs()
            path = _path(root, sha256)
            file.seek(0, os.SEEK_END)
            size = file.tell()
            if fs.exists(path) and fs.size(path) == size:
                return
            file.seek(0)
            self._write(fs, root, path, file)

    def open(self, sha256: str) -> BinaryIO:
        """To be read and sought in; FileNotFoundError when it is not there."""
        with self._told("open"):
            fs, root = self._fs()
            return cast(BinaryIO, fs.open(_path(root, sha256), "rb"))

    def delete(self, sha256: str) -> None:
        """What is not there is gone already."""
        with self._told("delete"):
            fs, root = self._fs()
            path = _path(root, sha256)
            if fs.exists(path):
                fs.rm_file(path)

    def check(self) -> None:
        """Writes, reads and removes a small file."""
        with self._told("check"):
            fs, root = self._fs()
            path = f"{root}/{_ARRIVING}/check-{secrets.token_hex(8)}"
            _make_folder(fs, path)
            fs.pipe_file(path, b"bridge")
            found = fs.cat_file(path)
            fs.rm_file(path)
        if found != b"bridge":
            raise StorageFailed("storage: what was written does not come back")

    def tidy(self, older_than: float) -> None:
        """Removes what killed processes left half written, by the time of its last change."""
        with self._told("tidy"):
            fs, root = self._fs()
            if not _is_local(fs):
                return
            for left in Path(root, _ARRIVING).glob("*"):
                if left.stat().st_mtime < older_than:
                    left.unlink(missing_ok=True)

    def _write(self, fs: Any, root: str, path: str, file: BinaryIO) -> None:
        _make_folder(fs, path)
        if _protocol(fs) in _WHOLE_AT_ONCE:
            _copied(fs, path, file)
            return
        arriving = f"{root}/{_ARRIVING}/{secrets.token_hex(16)}"
        _make_folder(fs, arriving)
        try:
            _copied(fs, arriving, file)
            if _is_local(fs):
                _renamed_for_good(arriving, path)
            else:
                fs.mv(arriving, path)
        finally:
            if fs.exists(arriving):
                fs.rm_file(arriving)

    def _fs(self) -> tuple[Any, str]:
        with self._lock:
            if self._opened is None:
                try:
                    fs, root = fsspec.core.url_to_fs(self._url, skip_instance_cache=True)
                except ValueError as error:
                    raise StorageFailed("storage: BRIDGE_MEDIA_URL is of an unknown kind") from (
                        error
                    )
                self._opened = fs, str(root).rstrip("/")
                self._errors = (OSError, *_errors_of(fs))
            return self._opened

    @contextmanager
    def _told(self, operation: str) -> Iterator[None]:
        """Storages put names of buckets and keys into their errors: only the kind is told."""
        try:
            yield
        except FileNotFoundError:
            if operation == "open":
                raise
            raise StorageFailed(f"storage: {operation}: the bucket or folder is missing") from None
        except ImportError as error:
            said = "storage: its package is not installed: pip install 'bridge[s3]'"
            raise StorageFailed(said) from error
        except self._errors as error:
            raise StorageFailed(f"storage: {operation}: {type(error).__name__}") from error


def _path(root: str, sha256: str) -> str:
    return f"{root}/{sha256[:2]}/{sha256[2:4]}/{sha256}"


def _make_folder(fs: Any, path: str) -> None:
    """Where there are none, a bucket would be made: a wrong name has to be an error."""
    if _protocol(fs) not in _WHOLE_AT_ONCE:
        fs.makedirs(fs._parent(path), exist_ok=True)


def _copied(fs: Any, path: str, file: BinaryIO) -> None:
    with fs.open(path, "wb") as there:
        shutil.copyfileobj(file, there, _PIECE)
        if _is_local(fs):
            there.flush()
            os.fsync(there.fileno())


def _renamed_for_good(arriving: str, path: str) -> None:
    """Whole under its name, or not there at all, also after a power cut."""
    os.replace(arriving, path)
    folder = os.open(os.path.dirname(path), os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _protocol(fs: Any) -> str:
    return fs.protocol if isinstance(fs.protocol, str) else str(fs.protocol[0])


def _is_local(fs: Any) -> bool:
    return _protocol(fs) in _LOCAL


def _errors_of(fs: Any) -> tuple[type[Exception], ...]:
    """What the S3 client raises when it can't reach or is not let into the store."""
    if _protocol(fs) not in ("s3", "s3a"):
        return ()
    named = importlib.import_module("botocore.exceptions")
    return (named.BotoCoreError, named.ClientError)
