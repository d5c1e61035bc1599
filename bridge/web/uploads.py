"""Which requests bring a file: they may be larger and slower, and have a room of their own."""

import re

UPLOAD_SECONDS = 120.0
OWNER = "uploads"
_PATHS = re.compile(r"(?:/api/v1)?/clients/import|/api/v1/uploads|/conversations/[^/]{1,100}/reply")


def is_upload(path: str) -> bool:
    return _PATHS.fullmatch(path) is not None
