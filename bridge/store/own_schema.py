"""A PostgreSQL schema that is the demo's alone: in an empty database, emptied at each start."""

from collections.abc import Sequence

from sqlalchemy import Connection, make_url, text

SCHEMA = "bridge_demo"
_MARK = "made by bridge up --demo, which empties it at each start"
_LOCK = 7_165_235
_FOREIGN = text("""
    SELECT n.nspname || '.' || c.relname FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.relpersistence <> 't'
    AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
    AND NOT (n.nspname = :schema AND coalesce(obj_description(n.oid, 'pg_namespace'), '') = :mark)
    ORDER BY 1 LIMIT 3""")
_UNMARKED = text("""
    SELECT count(*) FROM pg_catalog.pg_namespace n WHERE n.nspname = :schema
    AND coalesce(obj_description(n.oid, 'pg_namespace'), '') <> :mark""")


def address_within(url: str) -> str:
    """The same database, with all names in the demo's schema."""
    within = make_url(url).update_query_dict({"options": f"-csearch_path={SCHEMA}"})
    return within.render_as_string(hide_password=False)


def taken_for_itself(db: Connection) -> bool:
    """Whether nobody else has it; it stays this connection's until that is closed."""
    return bool(db.scalar(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": _LOCK}))


def not_the_demos(db: Connection) -> Sequence[str]:
    """Some of what lies in the database and that no demo has made."""
    asked = {"schema": SCHEMA, "mark": _MARK}
    found = [str(name) for name in db.scalars(_FOREIGN, asked)]
    return found or ([SCHEMA] if db.scalar(_UNMARKED, asked) else [])


def made_anew(db: Connection) -> None:
    """Marked in the same transaction, so that a killed demo is known as one."""
    db.execute(text(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE"))
    db.execute(text(f"CREATE SCHEMA {SCHEMA}"))
    db.execute(text(f"COMMENT ON SCHEMA {SCHEMA} IS '{_MARK}'"))
