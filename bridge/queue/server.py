"""Which Redis server it is: the queue needs 6.2 or newer."""

import re

from bridge.queue import clients

OLDEST = (6, 2)


def server_version(url: str) -> tuple[int, ...] | None:
    """Such as (7, 2, 4); None when it does not answer within half a second."""
    client = clients.quick(url)
    try:
        said = client.info("server")
    except clients.ERRORS:
        return None
    finally:
        client.close()
    found = re.findall(r"\d+", str(dict(said).get("redis_version", "")))
    return tuple(int(part) for part in found[:3])
