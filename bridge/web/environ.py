"""What came over the wire, as PEP 3333 wants it told to an application."""

import io
import sys
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

STREAMS = "bridge.streams"
"""Set by who answers with a file: it is sent piece by piece although its length is known."""


def environ_of(scope: Mapping[str, Any], body: bytes) -> dict[str, Any]:
    """What PEP 3333 asks for, and `REQUEST_URI`: path and query as they came, percent signs and
    all. Headers with an underscore are left out: they could pass for one with a hyphen."""
    raw_path: bytes = scope["raw_path"]
    query: bytes = scope["query_string"]
    uri = raw_path + (b"?" + query if query else b"")
    host, port = scope["server"]
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(raw_path).decode("latin-1"),
        "QUERY_STRING": query.decode("latin-1"),
        "REQUEST_URI": uri.decode("latin-1"),
        "REMOTE_ADDR": scope["client"][0] if scope["client"] else "",
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        if b"_" not in name:
            _add_header(environ, name.decode("latin-1"), value.decode("latin-1"))
    environ["CONTENT_LENGTH"] = str(len(body))  # a chunked body has one now, too
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    return environ


def _add_header(environ: dict[str, Any], name: str, value: str) -> None:
    key = name.upper().replace("-", "_")
    if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        key = f"HTTP_{key}"
    joint = "; " if key == "HTTP_COOKIE" else ", "
    environ[key] = f"{environ[key]}{joint}{value}" if key in environ else value
