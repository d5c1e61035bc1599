"""How the bridge of a crash run is configured, and the secrets that its accounts need."""

import json
from collections.abc import Mapping
from typing import Any

import yaml

from tests.chaos import programme, units
from tests.chaos.clients import CHANNEL_IDS
from tests.chaos.crms import HUBSPOT, Crm
from tests.chaos.plan import CALL_SECONDS, CHAT, LOOK_UP_SECONDS
from tests.chaos.post import PASSWORD

MAIL = "mail-main"
CHAT_SECRETS = {
    "WAZZUP_API_KEY": "key-of-the-crash-test",
    "WAZZUP_WEBHOOK_KEY": "hook-of-the-crash-test",
}
SECRETS = {**HUBSPOT.environ, **CHAT_SECRETS}
SIDE_SECRETS = {"MAIL_PASSWORD": PASSWORD, "BILLING_SECRET": units.SECRET}
_TIMES = {"call_timeout_seconds": f"{CALL_SECONDS}", "look_up_after_seconds": f"{LOOK_UP_SECONDS}"}


def config_of(crm: Crm, files: str = "") -> Mapping[str, Any]:
    """As YAML has it. `files` is the host of clients' files."""
    chat = {
        "connector": "wazzup",
        "secrets": {"api_key": "WAZZUP_API_KEY", "webhook_key": "WAZZUP_WEBHOOK_KEY"},
        "options": {**_TIMES, "file_hosts": files} if files else _TIMES,
    }
    own = {
        "connector": crm.connector,
        "secrets": {name: variable for name, (variable, _) in crm.secrets.items()},
        "options": {**_TIMES, **crm.options},
    }
    seller = {"role": "salesperson", "gets_new_clients": True}
    return {
        "crm": crm.account,
        "accounts": {crm.account: own, CHAT: chat},
        "channels": {
            "wa-sales": _channel(CHANNEL_IDS[0], "Sales"),
            "wa-north": _channel(CHANNEL_IDS[1], "North"),
        },
        "employees": {
            "ana@acme.example": seller,
            "bruno@acme.example": seller,
            "luis@acme.example": {"role": "manager"},
        },
        "new_clients": {"create": "deal", "pipeline": "default", "stage": crm.stage},
        "ownership": {"fallback": "luis@acme.example"},
        "default": {"employee": "luis@acme.example"},
    }


def with_side(config: Mapping[str, Any], crm: Crm) -> Mapping[str, Any]:
    """A reseller and partners are there too. Who is outside the house is told by mail, its own
    people are not."""
    mail = {
        "connector": "email",
        "secrets": {"password": "MAIL_PASSWORD"},
        "options": {**_TIMES, "host": "mail.acme.example", "from": "bridge@acme.example"},
    }
    billing = {"connector": "webhook", "secrets": {"signing_secret": "BILLING_SECRET"}}
    quiet = {"notify": {"mail": "none"}}
    employees = {name: {**one, **quiet} for name, one in config["employees"].items()}
    return {
        **config,
        "accounts": {**config["accounts"], MAIL: mail, units.BILLING: billing},
        "employees": employees,
        "notifications": {"email": MAIL},
        "plans": units.config(),
        "partners": programme.config(programme.at(crm)),
    }


def as_yaml(config: Mapping[str, Any]) -> str:
    without_aliases = json.loads(json.dumps(config))
    text: str = yaml.safe_dump(without_aliases, sort_keys=False)
    return text


def _channel(channel_id: str, label: str) -> Mapping[str, str]:
    return {"account": CHAT, "messenger": "whatsapp", "id": channel_id, "label": label}
