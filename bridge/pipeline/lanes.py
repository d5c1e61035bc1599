"""Names of lanes: the unit of order and of work, one per account and direction."""

from enum import StrEnum

from bridge.domain.names import AccountName


class Way(StrEnum):
    IN = "in"
    OUT = "out"
    MIRROR = "mirror"  # reading anew from a CRM what webhooks said has moved
    MEDIA = "media"  # copying files; nobody rings for it, the clock looks for it


def lane(way: Way, account: AccountName) -> str:
    return f"{way}:{account}"


def split(name: str) -> tuple[Way, AccountName]:
    """Raises ValueError for a name that is no lane's."""
    way, _, account = name.partition(":")
    if not account:
        raise ValueError(f"{name!r} is not a lane")
    return Way(way), AccountName(account)
