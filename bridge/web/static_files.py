"""The pages' own files: style sheets, scripts, icons; asked for once by each browser.

Their addresses bear a digest of what they hold, so a browser may keep them for ever and a new
version is a new address.
"""

import gzip
import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from flask import Response, request

FOLDER = Path(__file__).parent / "static"
PREFIX = "/static"
_WORTH_PACKING = 1024  # bytes
_KEPT = "public, max-age=31536000, immutable"
_ASKED_AGAIN = "public, max-age=300"


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """`packed` is its content as gzip; empty where that gains nothing."""

    content: bytes
    packed: bytes
    type: str
    digest: str


@lru_cache(maxsize=1)
def files() -> Mapping[str, File]:
    """By their names under `/static/`; there is nothing else that could be asked for."""
    paths = (path for path in FOLDER.rglob("*") if path.is_file())
    return {path.relative_to(FOLDER).as_posix(): _file(path) for path in paths}


def _file(path: Path) -> File:
    content = path.read_bytes()
    packed = gzip.compress(content, 9, mtime=0) if len(content) > _WORTH_PACKING else b""
    return File(
        content=content,
        packed=packed if len(packed) < len(content) else b"",
        type=mimetypes.guess_type(path.name)[0] or "text/plain",
        digest=hashlib.sha256(content).hexdigest()[:12],
    )


def address(name: str) -> str:
    """Where a page finds it; KeyError for a file that is not there."""
    return f"{PREFIX}/{name}?v={files()[name].digest}"


def serve(filename: str) -> Response:
    """A file; 404 with nothing in it where there is none of that name."""
    file = files().get(filename)
    if file is None:
        return Response(status=404)
    is_packed = bool(file.packed) and request.accept_encodings["gzip"] > 0
    answer = Response(file.packed if is_packed else file.content, mimetype=file.type)
    answer.headers["Vary"] = "Accept-Encoding"
    if is_packed:
        answer.headers["Content-Encoding"] = "gzip"
    is_exact = request.args.get("v") == file.digest
    answer.headers["Cache-Control"] = _KEPT if is_exact else _ASKED_AGAIN
    answer.set_etag(f"{file.digest}{'-gzip' if is_packed else ''}")
    answer.make_conditional(request)
    return answer
