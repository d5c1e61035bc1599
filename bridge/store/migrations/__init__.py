"""Brings the schema up to date with Alembic; several processes may try at once."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from bridge.domain.errors import ConfigError
from bridge.store.engine import open_engine, writing

_LOCK = 7_165_231


def migrate(url: str) -> None:
    """Upgrades the store at `url` to the newest schema; does nothing when it is there already."""
    engine = open_engine(url)
    try:
        with writing(engine) as db:
            if db.dialect.name == "postgresql":
                db.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            config = _config()
            config.attributes["connection"] = db
            _refuse_newer(_revision(db))
            command.upgrade(config, "head")
    finally:
        engine.dispose()


def require_current(engine: Engine) -> None:
    """Raises ConfigError when the schema is older or newer than this code."""
    with engine.connect() as db:
        found = _revision(db)
    _refuse_newer(found)
    wanted = ScriptDirectory.from_config(_config()).get_current_head()
    if found != wanted:
        raise ConfigError(
            f"the store's schema is {found or 'empty'}, this version needs {wanted}: "
            "run `bridge migrate`"
        )


def _revision(db: Connection) -> str | None:
    return MigrationContext.configure(db).get_current_revision()


def _refuse_newer(found: str | None) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if found is not None and found not in known:
        raise ConfigError(
            f"the store's schema is {found}, which a newer version has made and this one does not "
            "know: install that version again, or restore a backup from before"
        )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config
