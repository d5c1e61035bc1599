"""The active configuration: taken from the folder into the store's row, and followed from there."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from bridge.domain.errors import ConfigError
from bridge.domain.names import AccountName
from bridge.domain.policy import Policy
from bridge.pipeline.on_record import lines_of_roles
from bridge.pipeline.parts import Active
from bridge.policy.folder import Files, read_folder
from bridge.policy.proposing import by_name, content_digest, digest_of
from bridge.policy.reading import Loaded, load_files, policy_of
from bridge.policy.secrets import provider_secret, secrets_of
from bridge.policy.writing import Journal, finish, forget, is_open
from bridge.ports import Account, Connector, Tokens
from bridge.store import configs
from bridge.store.audit import CLOCK, Deed, NewLine, Way, Who, note
from bridge.store.config_changes import NewChange, changing, last_change, note_change
from bridge.store.engine import reading, writing

LOOK_SECONDS = 1.0
BY_HAND = "hand"
_TRIES = 5
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A folder that may become active. `journal` says whose change it is; None: by hand. `who` is
    who saves it just now."""

    files: Files
    loaded: Loaded
    journal: Journal | None = None
    who: Who | None = None


class FollowedConfig:
    """The active configuration as the store's row says, looked at once a second at most.

    While the store can't be read, or what the row names can't be used here, the last one known
    stays. Within `by_thread` nobody who asks waits for the store. `base_url` says where an account
    is elsewhere than accounts.yaml names, `public_url` where vendors reach us, `tokens` where all
    workers keep what a vendor let the account in with; without it each process signs in for itself.
    """

    def __init__(
        self,
        engine: Engine,
        environ: Mapping[str, str],
        base_url: Callable[[AccountName], str | None],
        public_url: str = "",
        tokens: Callable[[Account], Tokens] | None = None,
    ) -> None:
        self._engine = engine
        self._environ = environ
        self._base_url = base_url
        self._public_url = public_url
        self._tokens = tokens
        self._lock = threading.Lock()
        self._known: Active | None = None
        self._look_at = 0.0
        self._has_thread = False

    def __call__(self) -> Active:
        """Raises ConfigError when none was ever activated."""
        known = self._known
        if known is not None and (self._has_thread or time.monotonic() < self._look_at):
            return known
        return self._look_now()

    @contextmanager
    def by_thread(self) -> Iterator[None]:
        """Looks in a thread of its own."""
        stopping = threading.Event()

        def look_until_stopped() -> None:
            while not stopping.wait(LOOK_SECONDS / 2):
                with suppress(ConfigError, SQLAlchemyError):
                    self._look_now()

        thread = threading.Thread(target=look_until_stopped, name="config", daemon=True)
        thread.start()
        self._has_thread = True
        try:
            yield
        finally:
            self._has_thread = False
            stopping.set()

    def _look_now(self) -> Active:
        with self._lock:
            if self._known is None or time.monotonic() >= self._look_at:
                self._look()
                self._look_at = time.monotonic() + LOOK_SECONDS
            if self._known is None:
                raise ConfigError("no configuration is active: run `bridge migrate` beside it")
            return self._known

    def _look(self) -> None:
        try:
            with reading(self._engine) as db:
                row = configs.active(db)
                if row is None or (self._known is not None and row.hash == self._known.hash):
                    return
                stored = configs.config(db, row.hash)
        except SQLAlchemyError:
            if self._known is None:
                raise
            return
        if stored is not None:
            self._follow(stored)

    def _follow(self, stored: configs.StoredConfig) -> None:
        try:
            self._known = self._active(stored)
        except ConfigError as error:
            if self._known is None:
                raise
            _log.error("config not followed", hash=stored.hash, error=str(error))

    def _active(self, stored: configs.StoredConfig) -> Active:
        policy = policy_of(stored.canonical)
        accounts = {
            name: self._placed(name, account)
            for name, account in secrets_of(policy, self._environ).items()
        }
        return Active(
            policy=policy,
            hash=stored.hash,
            accounts=accounts,
            provider_secret=provider_secret(policy, self._environ),
        )

    def _placed(self, name: AccountName, account: Account) -> Account:
        """The account with where its vendor is, and where the vendor reaches us."""
        hook = f"{self._public_url}/hooks/{quote(name, safe='')}" if self._public_url else ""
        base_url = self._base_url(name) or account.base_url
        placed = replace(account, base_url=base_url, hook_url=hook)
        return placed if self._tokens is None else replace(placed, tokens=self._tokens(placed))


def take_folder(
    engine: Engine,
    folder: Path,
    connectors: Mapping[str, Connector],
    environ: Mapping[str, str],
    now: datetime,
) -> Loaded:
    """Makes the folder the active configuration, and keeps its files in the history.

    A change of several files that was killed in the middle is finished first. Raises ConfigError
    when something is wrong, which is then also kept beside the last good one.
    """
    try:
        for _ in range(_TRIES):
            taken = _taken(engine, folder, connectors, environ, now)
            if taken is not None:
                return taken
        raise ConfigError(f"{folder}: its files change faster than they can be read")
    except ConfigError as error:
        with writing(engine) as db:
            configs.note_error(db, str(error))
        raise


def note_taken(db: Connection, taken: Taken, now: datetime) -> int:
    """Makes it the active configuration; the number of the change in the history, which is the
    last one's where the files are what they were."""
    loaded, journal = taken.loaded, taken.journal
    contents = by_name(taken.files)
    last = last_change(db)
    digest = digest_of(contents)
    note(db, lines_of_roles(_in_force(db), loaded.policy, _who(taken)), now)
    configs.put_config(db, loaded.hash, loaded.canonical, now)
    configs.activate(db, loaded.hash, now)
    if last is not None and last.folder == digest:
        return last.id
    new = NewChange(
        actor=journal.actor if journal else "",
        way=journal.way if journal else BY_HAND,
        message=journal.message if journal else "",
        back_to=journal.back_to if journal else None,
        folder=digest,
        config=loaded.hash,
        contents=contents,
        digests={name: content_digest(content) for name, content in contents.items()},
    )
    number = note_change(db, new, now)
    before = last.manifest if last is not None else {}
    names = sorted({*before, *new.digests})
    changed = ", ".join(n for n in names if before.get(n) != new.digests.get(n))
    line = NewLine(who=_who(taken), deed=_deed(taken), object=f"config:{number}", detail=changed)
    note(db, [line], now)
    return number


def _who(taken: Taken) -> Who:
    journal = taken.journal
    if taken.who is not None or journal is None:
        return taken.who or CLOCK
    way = Way(journal.way) if journal.way in tuple(Way) else Way.CLOCK
    return Who(actor=journal.actor, way=way)


def _deed(taken: Taken) -> Deed:
    if taken.journal is None:
        return Deed.CONFIG_ACTIVATED
    is_back = taken.journal.back_to is not None
    return Deed.CONFIG_ROLLED_BACK if is_back else Deed.CONFIG_CHANGED


def _in_force(db: Connection) -> Policy | None:
    """None where there is none yet, or only one of a release that this one can't read."""
    row = configs.active(db)
    stored = None if row is None else configs.config(db, row.hash)
    try:
        return None if stored is None else policy_of(stored.canonical)
    except ConfigError:
        return None


def _taken(
    engine: Engine,
    folder: Path,
    connectors: Mapping[str, Connector],
    environ: Mapping[str, str],
    now: datetime,
) -> Loaded | None:
    """None where the files were changed while they were read."""
    journal = _finished(engine, folder)
    files = read_folder(folder)
    loaded = load_files(files, connectors)
    secrets_of(loaded.policy, environ, loaded.places)
    with changing(engine) as db:
        is_other = read_folder(folder).contents != files.contents
        if is_other or (journal is None and is_open(folder)):
            return None
        note_taken(db, Taken(files=files, loaded=loaded, journal=journal), now)
    if journal is not None:
        forget(folder)
    return loaded


def _finished(engine: Engine, folder: Path) -> Journal | None:
    """Waits for whoever is writing the folder now, and ends what a killed process began."""
    if not is_open(folder):
        return None
    with changing(engine):
        return finish(folder)
