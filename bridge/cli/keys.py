"""`bridge keys` and `bridge login`: who gets in, by API key or one-time link."""

import re
from datetime import datetime, timedelta

import click

from bridge.cli.answers import Command, Failed, answer
from bridge.cli.house import opened, plain
from bridge.cli.whom import AS, AS_ANY, SERVICE_NAME, named, some_client, somebody
from bridge.domain.names import ClientId
from bridge.domain.principals import Person, PersonKind
from bridge.pipeline.helping import refusal
from bridge.pipeline.parts import Parts
from bridge.store import audit
from bridge.store import keys as store
from bridge.store.audit import COMMAND, Deed, NewLine
from bridge.store.engine import reading, writing
from bridge.store.keys import ApiKey, Scope
from bridge.store.sessions import LINK_LIFETIME, create_login_link

_SERVICE = re.compile(r"service(:[a-z0-9][a-z0-9._-]{0,63})?")
_PAGE = 100
SCOPE = click.Choice([scope.value for scope in Scope])


@click.group()
def keys() -> None:
    """Create, list and revoke API keys."""


@keys.command(cls=Command)
@click.argument("name")
@click.option("--for", "whom", required=True, help="Somebody's e-mail, or `service`.")
@click.option("--as", "kind", type=AS, help="As what, where an address is several.")
@click.option("--scope", "scopes", type=SCOPE, multiple=True, required=True, help="Repeatable.")
@click.option("--days", type=click.IntRange(1, 3650), help="How long it is valid; else for ever.")
def create(
    name: str, whom: str, kind: str | None, scopes: tuple[str, ...], days: int | None
) -> None:
    """Create a key called NAME; its secret is shown this once."""
    _check_name(name)
    with opened() as parts:
        principal = _principal(parts, name, whom, kind)
        now, granted = parts.now(), [Scope(word) for word in scopes]
        _check_scopes(principal, granted)
        expires = None if days is None else now + timedelta(days=days)
        with writing(parts.engine) as db:
            key, secret = store.create_key(
                db, name=name, principal=principal, scopes=granted, now=now, expires_at=expires
            )
            about = store.detail_of(key)
            made = NewLine(who=COMMAND, deed=Deed.KEY_MADE, object=key.id, detail=about)
            audit.note(db, [made], now)
    text = f"{secret}\n\nKeep it now: it is not shown again. {_line(key, now)}"
    answer({"key": _shown(key), "secret": secret}, text)


@keys.command("list", cls=Command)
def list_all() -> None:
    """List all keys, without their secrets."""
    with opened() as parts:
        found, now = _every(parts), parts.now()
    text = "\n".join(_line(key, now) for key in found) or "there are no keys"
    answer({"keys": [_shown(key) for key in found]}, text)


@keys.command(cls=Command)
@click.argument("key")
def revoke(key: str) -> None:
    """Revoke a key, by its id, at once."""
    with opened() as parts, writing(parts.engine) as db:
        known = store.revoke_key(db, key, parts.now())
        if known:
            line = NewLine(who=COMMAND, deed=Deed.KEY_REVOKED, object=key)
            audit.note(db, [line], parts.now())
    if not known:
        raise Failed(f"there is no key {key}", "`bridge keys list` shows the ids (key_…)")
    answer({"id": key, "revoked": True}, f"{key} is revoked")


@click.command(cls=Command)
@click.argument("employee")
@click.option("--as", "kind", type=AS_ANY, help="As what, where an address is several.")
@click.option("--by", help="Of a client (by his id, --as client): who signs in as him.")
def login(employee: str, kind: str | None, by: str | None) -> None:
    """Print a link that signs somebody in, once.

    An employee, a partner's or a reseller's user; or, with --by, one of these as a client.
    """
    _check_by(kind, by)
    with opened() as parts:
        now = parts.now()
        person = _signing_in(parts, employee, kind, by)
        with writing(parts.engine) as db:
            token = create_login_link(db, person.principal, now, person.behind)
            whom = f"{person.principal} {person.behind}".strip()
            line = NewLine(who=COMMAND, deed=Deed.LINK_MADE, object=whom)
            audit.note(db, [line], now)
        link, expires = f"{parts.public_url}/login/{token}", now + LINK_LIFETIME
    until = expires.isoformat(timespec="seconds")
    text = f"{link}\n\nGood for one sign-in of {person.id}, until {until}. Give it to nobody else."
    shown = {"principal": person.principal, "link": link, "expires_at": plain(expires)}
    is_ours = person.kind is PersonKind.EMPLOYEE
    answer(shown | {"employee": person.id if is_ours else None}, text)


def _check_by(kind: str | None, by: str | None) -> None:
    if (kind == PersonKind.CLIENT) != (by is not None):
        raise click.UsageError("--as client and --by go together: who signs in as the client?")


def _signing_in(parts: Parts, whom: str, kind: str | None, by: str | None) -> Person:
    policy = parts.active().policy
    if by is None:
        return somebody(policy, whom, kind)
    said, address = named(by)
    helper, client = somebody(policy, address, said), ClientId(whom.strip().lower())
    with reading(parts.engine) as db:
        problem = refusal(db, policy, helper, client)
    if problem is not None:
        next_step = "`bridge clients list` shows the ids; managers and his reseller's users may"
        raise Failed(f"{helper.principal}: {problem.detail}", next_step)
    return Person(kind=PersonKind.CLIENT, id=client, client=client, behind=helper.principal)


def _every(parts: Parts) -> list[ApiKey]:
    found: list[ApiKey] = []
    with reading(parts.engine) as db:
        while page := store.list_keys(db, after=found[-1].id if found else "", limit=_PAGE):
            found.extend(page)
    return found


def _check_name(name: str) -> None:
    if not (name.isprintable() and 0 < len(name.strip()) <= 100):
        raise click.UsageError("NAME says what the key is for, in 1 to 100 characters")


def _principal(parts: Parts, name: str, whom: str, kind: str | None) -> str:
    whom = whom.strip().lower()
    if _SERVICE.fullmatch(whom):
        return f"service:{_service_name(name, whom)}"
    said, address = named(whom)
    policy = parts.active().policy
    if said == PersonKind.CLIENT:
        with reading(parts.engine) as db:
            return some_client(db, policy, address).principal
    return somebody(policy, address, said or kind).principal


def _check_scopes(principal: str, scopes: list[Scope]) -> None:
    if Scope.ADMIN in scopes and not principal.startswith(("employee:", "service:")):
        raise Failed(
            f"{principal} is not of this house, and administers nothing in it",
            "leave out --scope admin: read and send are enough for what is his",
        )


def _service_name(name: str, whom: str) -> str:
    given = whom.partition(":")[2] or name.strip().lower().replace(" ", "-")
    if not SERVICE_NAME.fullmatch(given):
        raise click.UsageError(f"say --for service:NAME with letters, digits, . _ -, not {given}")
    return given


def _line(key: ApiKey, now: datetime) -> str:
    scopes = " ".join(sorted(key.scopes))
    return f"{key.id}  {key.name}  {key.principal}  {scopes}  {_standing(key, now)}"


def _standing(key: ApiKey, now: datetime) -> str:
    if key.revoked_at is not None:
        return f"revoked {key.revoked_at.isoformat(timespec='seconds')}"
    if key.expires_at is None:
        return "valid"
    word = "valid until" if key.is_valid(now) else "expired"
    return f"{word} {key.expires_at.isoformat(timespec='seconds')}"


def _shown(key: ApiKey) -> dict[str, object]:
    shown: dict[str, object] = plain(key)
    return shown
