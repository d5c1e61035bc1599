"""`bridge clients import|export`: clients from a table and into one."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import click

from bridge.cli.answers import Command, Failed, answer
from bridge.cli.client_people import AS, BY, actor, reader
from bridge.cli.clients import RESELLER, clients, known
from bridge.cli.house import opened, plain
from bridge.domain.reasons import Reason
from bridge.pipeline.reselling.desk import Onlooker, every_client
from bridge.pipeline.reselling.exporting import MOST_CLIENTS, as_csv, as_xlsx
from bridge.pipeline.reselling.importing import ImportOrder, ImportReport, import_clients
from bridge.sheets.tables import MOST_BYTES, SheetRefused
from bridge.store.engine import reading
from bridge.store.listing_clients import ClientsWanted

_FORMATS = click.Choice(["csv", "xlsx"])


@clients.command("import", cls=Command)
@click.argument("file", type=click.File("rb"))
@RESELLER
@click.option("--only-right", is_flag=True, help="Add the right rows where others are not.")
@click.option("--dry-run", is_flag=True, help="Only tell each row's fate.")
@BY
@AS
@click.pass_context
def bring(
    ctx: click.Context,
    file: BinaryIO,
    reseller: str | None,
    only_right: bool,
    dry_run: bool,
    by: str | None,
    kind: str | None,
) -> None:
    """Add the clients of FILE, CSV or XLSX: all, or none as long as a row is not right.

    What was imported before is not added again. Exit code 1 when a row is refused.
    """
    content = file.read(MOST_BYTES + 1)
    with opened() as parts:
        order = ImportOrder(
            by=actor(parts, by, kind),
            reseller=known(parts, reseller),
            dry_run=dry_run,
            only_right=only_right,
        )
        try:
            report = import_clients(parts, order, content)
        except SheetRefused as refused:
            raise Failed(str(refused), "nothing was imported; correct the file") from refused
    if isinstance(report, Reason):
        raise Failed(report.detail, "nothing was imported; say another --by or --reseller")
    answer(plain(report), "\n".join(_told(report)))
    if not report.is_right:
        ctx.exit(1)


@clients.command("export", cls=Command)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@RESELLER
@click.option("--format", "form", type=_FORMATS, help="By the file's ending when not given.")
@click.option("--archived", is_flag=True, help="Those in the archive.")
def take(file: Path, reseller: str | None, form: str | None, archived: bool) -> None:
    """Write clients to FILE as CSV or XLSX; an existing file is not overwritten."""
    form = form or ("xlsx" if file.suffix.lower() == ".xlsx" else "csv")
    with opened() as parts:
        policy, now = parts.active().policy, parts.now()
        mine = None if reseller is None else frozenset({known(parts, reseller)})
        wanted = ClientsWanted(now=now, resellers=mine, archived=archived)
        with reading(parts.engine) as db:
            found = every_client(db, Onlooker(person=reader(), policy=policy), wanted, MOST_CLIENTS)
    if found is None:
        raise Failed(f"more than {MOST_CLIENTS} clients", "name one --reseller")
    written = as_xlsx(found, policy, now) if form == "xlsx" else as_csv(found, policy, now)
    try:
        with file.open("xb") as opened_file:
            opened_file.write(written)
    except FileExistsError:
        raise Failed(f"{file} is there already", "name another file, or remove it") from None
    except OSError as error:
        raise Failed(f"{file} can't be written: {error.strerror}", "name another file") from error
    answer({"file": str(file), "clients": len(found)}, f"{len(found)} clients in {file}")


def _told(report: ImportReport) -> Iterator[str]:
    yield from report.remarks
    for row in report.rows:
        why = f": {row.field or ''} {row.reason.detail}".replace(":  ", ": ") if row.reason else ""
        yield f"row {row.row}: {row.fate.replace('_', ' ')}{why}"
    if report.imported:
        yield "imported"
    else:
        yield "nothing was imported" + (": a dry run" if report.dry_run else "; correct the rows")
