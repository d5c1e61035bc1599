"""What an admin may choose about what the bridge writes: options of the account."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bridge.domain.errors import ConfigError
from bridge.domain.messaging import Messenger
from bridge.ports import Account

_MAX_DAYS = 3650


class OnDuplicate(StrEnum):
    """When a rule of the org finds that a new client is there already."""

    LINK = "link"  # the record found is the client's
    ALLOW = "allow"  # made all the same, where the rule lets it pass
    FAIL = "fail"  # a person decides


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`close_after_days`: when a new deal is expected to close. `lead_company`: of a new lead,
    which can't be without one. `task_status`: a closed one of the org, its first by default.
    `username_fields`: by messenger, the field that holds a client's name there; under "" any."""

    on_duplicate: OnDuplicate = OnDuplicate.LINK
    close_after_days: int = 30
    lead_company: str = "-"
    task_status: str = ""
    username_fields: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, account: Account) -> "Settings":
        """Raises ConfigError."""
        options = account.options
        return cls(
            on_duplicate=_on_duplicate(account),
            close_after_days=_days(account),
            lead_company=options.get("lead_company", "").strip() or "-",
            task_status=options.get("task_status", "").strip(),
            username_fields=username_fields(account),
        )

    def username_field(self, messenger: Messenger) -> str:
        return self.username_fields.get(messenger, self.username_fields.get("", ""))


def username_fields(account: Account) -> Mapping[str, str]:
    """Options `telegram_username_field` and the like, and `username_field` for all messengers."""
    named = {messenger.value: f"{messenger}_username_field" for messenger in Messenger}
    found = {**named, "": "username_field"}
    return {one: value for one, name in found.items() if (value := account.options.get(name, ""))}


def _on_duplicate(account: Account) -> OnDuplicate:
    given = account.options.get("on_duplicate", OnDuplicate.LINK)
    try:
        return OnDuplicate(given)
    except ValueError as error:
        raise ConfigError(
            f"account {account.name}: on_duplicate is not one of {', '.join(OnDuplicate)}"
        ) from error


def _days(account: Account) -> int:
    given = account.options.get("close_after_days", "30")
    if not (given.isascii() and given.isdigit() and int(given[:5]) <= _MAX_DAYS):
        raise ConfigError(
            f"account {account.name}: close_after_days is not a number from 0 to {_MAX_DAYS}"
        )
    return int(given)
