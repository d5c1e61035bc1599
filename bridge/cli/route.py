"""`bridge route`: who would get a client, and why; nothing is written, sent or turned."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import click

from bridge.cli.answers import Command, Failed, answer
from bridge.cli.house import opened, opened_if_any, plain, settings_of_command
from bridge.cli.story import planned, told, why
from bridge.domain.decisions import Decision
from bridge.domain.names import AccountName
from bridge.domain.policy import Policy
from bridge.pipeline.ledger import Record, record_of
from bridge.pipeline.parts import Parts
from bridge.pipeline.rehearse import Rehearsed, rehearse_body, rehearse_stored
from bridge.policy.asking import given_of
from bridge.policy.reading import Loaded
from bridge.policy.routing_tests import Given
from bridge.policy.trial import TRIAL, Standing, trial_among
from bridge.settings import Settings
from bridge.store import mirror
from bridge.store.engine import reading
from bridge.store.turns import read_turns
from bridge.wiring import read_folder, utc_now

MAX_BODY_BYTES = 64 * 1024 * 1024


@click.command(cls=Command)
@click.option("--new-client", is_flag=True, help="Ask about a client, given by the words.")
@click.option("--event", help="A file with a webhook's body (with --account), or a stored event.")
@click.option("--account", help="The account whose webhook the file holds.")
@click.option("--offline", is_flag=True, help="Don't ask the CRM who strangers in the file are.")
@click.argument("words", nargs=-1)
def route(
    new_client: bool, event: str | None, account: str | None, offline: bool, words: tuple[str, ...]
) -> None:
    """Say who would get a client by the folder's rules, and why.

    WORDS are as in `given` of a test: country=MX channel=wa-sales owner=ana@acme.example
    """
    if new_client == (event is not None):
        raise click.UsageError("ask either with --new-client country=MX … or with --event EVENT")
    if event is not None and words:
        raise click.UsageError("--event takes no further words")
    settings = settings_of_command()
    loaded = read_folder(settings)
    if event is None:
        found = [Rehearsed(record=_asked(settings, loaded, _pairs(words)))]
    else:
        found = list(_rehearsed(loaded, event, account, online=not offline))
    text = "\n\n".join("\n".join(_lines(one)) for one in found) or "nothing would be decided"
    answer({"decisions": [plain(one) for one in found]}, text)


def _asked(settings: Settings, loaded: Loaded, words: Mapping[str, str]) -> Record:
    given = given_of(words, loaded.policy)
    return record_of(_tried(settings, loaded.policy, given), loaded.hash, "")


def _tried(settings: Settings, policy: Policy, given: Given) -> Decision:
    """With the people and turns of the store, where there is one."""
    with opened_if_any(settings) as parts:
        if parts is None:
            return trial_among(policy, given, Standing(now=utc_now()))
        with reading(parts.engine) as db:
            turns = read_turns(db)
            standing = Standing(
                now=parts.now(),
                directory=mirror.directory(db, policy.crm),
                turns=turns.last,
                rotations=turns.rotations,
            )
        return trial_among(policy, given, standing)


def _rehearsed(
    loaded: Loaded, event: str, account: str | None, *, online: bool
) -> Sequence[Rehearsed]:
    with opened() as parts:
        active = replace(parts.active(), policy=loaded.policy, hash=loaded.hash)
        if Path(event).is_file():
            name = _account(parts, account)
            return rehearse_body(parts, active, name, _body(Path(event)), online=online)
        try:
            return [rehearse_stored(parts, active, event)]
        except LookupError as error:
            raise Failed(
                str(error.args[0]), "name a file, a decision's number, an event key or a message"
            ) from error


def _account(parts: Parts, account: str | None) -> AccountName:
    known = parts.active().accounts
    if account is None or AccountName(account) not in known:
        raise Failed(
            "whose webhook is it?" if account is None else f"there is no account {account}",
            f"say --account with one of: {', '.join(known)}",
        )
    return AccountName(account)


def _body(path: Path) -> bytes:
    if path.stat().st_size > MAX_BODY_BYTES:
        raise Failed(f"{path} is larger than any webhook", "name a file with one webhook's body")
    return path.read_bytes()


def _pairs(words: Sequence[str]) -> Mapping[str, str]:
    pairs: dict[str, str] = {}
    for word in words:
        key, mark, value = word.partition("=")
        if not (key and mark):
            raise click.UsageError(f"{word}: write it as key=value, such as country=MX")
        if key in pairs:
            raise click.UsageError(f"{key} is given twice")
        pairs[key] = value
    return pairs


def _lines(found: Rehearsed) -> Iterator[str]:
    if found.waits is not None:
        yield f"nothing yet: {found.waits.detail} ({found.waits.code})"
    if found.record is not None:
        yield _headline(found.record)
        # A made-up client has no event and no conversation that anybody could look up.
        yield from why(found.record) if found.record.event_key == TRIAL else told(found.record)
        yield from planned(found.record)


def _headline(record: Record) -> str:
    if record.target is not None:
        return f"{record.target} would get it"
    return "nobody would get it" if record.candidates else "it would go to nobody new"
