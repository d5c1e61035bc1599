"""Links to single files that a vendor may follow without signing in, for some minutes."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

from bridge.domain.errors import ConfigError

LIFE = timedelta(minutes=15)
_SIGNATURE_BYTES = 24
_LONGEST = 200


class SignedLinks:
    """A link names the row of a copy and when it ends, and nothing of a client."""

    def __init__(self, public_url: str = "", secret_key: str | None = None) -> None:
        self._public_url = public_url
        self._secret_key = secret_key

    def link(self, copy: int, now: datetime, ending: str = "") -> str:
        """Raises ConfigError without a secret key. `ending` is for vendors that go by a name."""
        until = int((now + LIFE).timestamp())
        signed = f"{copy}.{until}.{self._signature(copy, until)}"
        return f"{self._public_url}/media/{signed}{'.' if ending else ''}{ending}"

    def opened(self, signed: str, now: datetime) -> int | None:
        """The row that it names; None when it is not ours, or no longer valid."""
        parts = signed.split(".")
        if len(signed) > _LONGEST or len(parts) not in (3, 4) or self._secret_key is None:
            return None
        copy, until = _number(parts[0]), _number(parts[1])
        if copy is None or until is None:
            return None
        given = parts[2].encode("utf-8", "surrogatepass")
        if not hmac.compare_digest(given, self._signature(copy, until).encode()):
            return None
        return copy if now < datetime.fromtimestamp(until, UTC) else None

    def _signature(self, copy: int, until: int) -> str:
        if self._secret_key is None:
            raise ConfigError("BRIDGE_SECRET_KEY is missing: links to files can't be signed")
        said = f"media-link:{copy}:{until}".encode()
        digest = hmac.new(self._secret_key.encode(), said, hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest[:_SIGNATURE_BYTES]).decode()


def _number(text: str) -> int | None:
    fits = text.isascii() and text.isdigit() and len(text) <= 12
    return int(text) if fits and str(int(text)) == text else None
