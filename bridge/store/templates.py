"""Templates of messengers, as last read or told."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, RowMapping, select, update

from bridge.domain.names import AccountName
from bridge.domain.templates import MessageTemplate
from bridge.ports import TemplateReading
from bridge.store.among import among
from bridge.store.schema import TEMPLATES
from bridge.store.upsert import put


def put_templates(
    db: Connection, account: AccountName, readings: Sequence[TemplateReading], now: datetime
) -> None:
    """Replaces all templates of this account."""
    db.execute(TEMPLATES.delete().where(TEMPLATES.c.account == account))
    rows = {
        (reading.template_id, reading.channel_id): {
            "account": account,
            "template_id": reading.template_id,
            "channel_id": reading.channel_id,
            "name": reading.name,
            "language": reading.language,
            "text": reading.text,
            "usable": reading.usable,
            "places": reading.places,
            "category": reading.category,
            "detail": reading.detail,
            "as_of": now,
        }
        for reading in readings
    }
    put(db, TEMPLATES, ["account", "template_id", "channel_id"], list(rows.values()))


def templates_of(db: Connection, accounts: Collection[AccountName]) -> tuple[MessageTemplate, ...]:
    """All that is known of these accounts' templates, by name."""
    if not accounts:
        return ()
    rows = db.execute(
        select(TEMPLATES)
        .where(among(TEMPLATES.c.account, accounts))
        .order_by(TEMPLATES.c.name, TEMPLATES.c.language, TEMPLATES.c.template_id)
        .order_by(TEMPLATES.c.account, TEMPLATES.c.channel_id)
    )
    return tuple(_template(row) for row in rows.mappings())


def disable(
    db: Connection, account: AccountName, template_id: str, detail: str, as_of: datetime
) -> None:
    """The vendor takes it no more, until it is read anew as approved."""
    db.execute(
        update(TEMPLATES)
        .where(TEMPLATES.c.account == account, TEMPLATES.c.template_id == template_id)
        .values(usable=False, detail=detail, as_of=as_of)
    )


def _template(row: RowMapping) -> MessageTemplate:
    return MessageTemplate(
        account=row["account"],
        template_id=row["template_id"],
        name=row["name"],
        language=row["language"],
        text=row["text"],
        usable=row["usable"],
        places=row["places"],
        channel_id=row["channel_id"],
        category=row["category"],
        detail=row["detail"],
        as_of=row["as_of"],
    )
