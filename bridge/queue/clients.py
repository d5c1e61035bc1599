"""Redis clients: one that never keeps anybody waiting, one that may block on a bell."""

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

CONNECT_SECONDS = 0.2
ANSWER_SECONDS = 0.3
PATIENT_SECONDS = 3.0
ERRORS = (RedisError, OSError)


def quick(url: str) -> Redis:
    """Fails within half a second. The library's default client waits for a minute before it says
    that a hung server does not answer."""
    return _client(url, ANSWER_SECONDS)


def patient(url: str) -> Redis:
    """For blocking reads of at most `PATIENT_SECONDS` less a second."""
    return _client(url, PATIENT_SECONDS)


def answers(client: Redis) -> bool:
    """Whether the server answers now."""
    try:
        return bool(client.ping())
    except ERRORS:
        return False


def _client(url: str, answer_seconds: float) -> Redis:
    return Redis.from_url(
        url,
        retry=Retry(NoBackoff(), 0),
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=answer_seconds,
    )
