"""Whose side a Matrix user is on: the bridge's own, the staff's, or a client's."""

import re
from dataclasses import dataclass

from bridge.domain.errors import ConfigError
from bridge.ports import Account

_USER = re.compile(r"@[^:\s\x00]+:[A-Za-z0-9.:\[\]-]+")
MAX_ID = 255  # spec.matrix.org, appendices: identifiers


@dataclass(frozen=True, slots=True)
class People:
    """`user` is the bridge's own user id; `staff` are user ids, or `*:server` for all of one."""

    user: str
    staff: frozenset[str]

    @classmethod
    def of(cls, account: Account) -> "People":
        """Raises ConfigError when the option `user`, or one of `staff`, is no Matrix user id."""
        user = account.options.get("user", "")
        staff = {name.strip() for name in account.options.get("staff", "").split(",")} - {""}
        if not is_user(user):
            raise _wrong(account, "user", "@bridge:example.org")
        if not all(is_user(name.replace("*:", "@all:", 1)) for name in staff):
            raise _wrong(account, "staff", "@ana:example.org, or *:example.org")
        return cls(user, frozenset(staff))

    def is_bridge(self, user: str) -> bool:
        return user == self.user

    def is_staff(self, user: str) -> bool:
        return user in self.staff or f"*:{user.partition(':')[2]}" in self.staff

    def are_ours(self, user: str) -> bool:
        return self.is_bridge(user) or self.is_staff(user)


def is_user(text: str) -> bool:
    return len(text) <= MAX_ID and _USER.fullmatch(text) is not None


def server_of(user: str) -> str:
    """The server's name, which is also where it answers unless `base_url` says otherwise."""
    return user.partition(":")[2]


def _wrong(account: Account, option: str, example: str) -> ConfigError:
    return ConfigError(
        f"account {account.name}: option {option} has to be a Matrix user id, such as {example}"
    )
