"""Calls to servers on this machine: the sandboxes and our own."""

import json
from typing import Any
from urllib.error import URLError
from urllib.request import ProxyHandler, Request, build_opener

TIMEOUT_SECONDS = 15.0
_opener = build_opener(ProxyHandler({}))


def call(method: str, url: str, body: Any = None, *, bearer: str = "") -> bytes:
    """The answer's body; raises OSError for any other status than 2xx, or when nobody answers."""
    headers = {"Content-Type": "application/json"}
    if bearer:
        headers["Authorization"] = f"Bearer {bearer}"
    given = None if body is None else json.dumps(body).encode()
    asked = Request(url, given, headers, method=method)  # noqa: S310 - loopback addresses of ours
    with _opener.open(asked, timeout=TIMEOUT_SECONDS) as answer:
        read: bytes = answer.read()
        return read


def answers(url: str) -> bool:
    try:
        call("GET", url)
    except (URLError, OSError):
        return False
    return True
