"""`python -m tests.hostile.leaking COMMAND…`: `bridge` with leaks planted, to be found."""

import base64
import os
import sys
import zlib

import structlog
from redis import Redis

from bridge import jobs
from bridge.cli import main
from bridge.web import hooks
from tests.hostile.canary import TEXT


def leaky_row(account: object, raw: object, active: object) -> object:
    """As the real one, but what came stands in the log."""
    structlog.get_logger().info("stored", body=str(getattr(raw, "body", b"")))
    return _row(account, raw, active)  # type: ignore[arg-type]


def leaky_drain(lane: str) -> None:
    """A job that fails before RQ's eyes, with its words kept in Redis as RQ would keep them."""
    packed = base64.b64encode(zlib.compress(TEXT.encode()))
    with Redis.from_url(os.environ["BRIDGE_REDIS_URL"]) as client:
        client.xadd("rq:results:leaked", {"exc_string": packed})
    raise ValueError(TEXT)


_row = hooks._row
setattr(hooks, "_row", leaky_row)  # noqa: B010
setattr(jobs, "drain_lane", leaky_drain)  # noqa: B010

if __name__ == "__main__":
    main(sys.argv[1:])
