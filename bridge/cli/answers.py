"""How every command answers: text for people or JSON for machines, and errors with a next step."""

import json
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from typing import Any

import click

from bridge.domain.errors import BridgeError, ConfigError, CredentialsInvalid, DeliveryTransient


class Failed(BridgeError):
    """What was asked for can't be done; `next_step` says what the user does now."""

    def __init__(self, message: str, next_step: str) -> None:
        BridgeError.__init__(self, message)
        self.next_step = next_step


_NEXT: Mapping[type[BridgeError], str] = {
    ConfigError: "correct it, then run `bridge check`",
    CredentialsInvalid: "renew the account's secrets, then run `bridge doctor`",
    DeliveryTransient: "the vendor can't be reached now; try again in a moment",
}


class Command(click.Command):
    """A command with `--json`; a BridgeError becomes one message on stderr and exit code 1."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.append(
            click.Option(
                ["--json", "as_json"],
                is_flag=True,
                expose_value=False,
                callback=_remember,
                help="Answer in JSON.",
            )
        )

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BridgeError as error:
            complain(error)
            ctx.exit(1)


def wants_json() -> bool:
    context = click.get_current_context(silent=True)
    return bool(context and context.meta.get("bridge.json"))


def answer(value: Any, text: str) -> None:
    """`value` (a dataclass, a mapping, a list) where JSON is wanted, else `text`."""
    if wants_json():
        click.echo(json.dumps(_plain(value), default=str, sort_keys=True))
    else:
        click.echo(text)


def complain(error: BridgeError) -> None:
    step = _next_step(error)
    if wants_json():
        said = {"error": type(error).__name__, "message": str(error), "next": step}
        click.echo(json.dumps(said, sort_keys=True), err=True)
        return
    click.echo(f"error: {error}", err=True)
    if step:
        click.echo(f"next: {step}", err=True)


def _next_step(error: BridgeError) -> str:
    if isinstance(error, Failed):
        return error.next_step
    return next((text for kind, text in _NEXT.items() if isinstance(error, kind)), "")


def _remember(ctx: click.Context, param: click.Parameter, value: bool) -> bool:
    ctx.meta["bridge.json"] = value
    return value


def _plain(value: Any) -> Any:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
