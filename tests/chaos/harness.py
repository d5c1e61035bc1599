"""One crash run: clients write, processes die, vendors fail; then rest, and the comparison."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from bridge.store.engine import open_engine
from tests.chaos.beside import beside, without_partners
from tests.chaos.clients import chats_of, clients_of
from tests.chaos.crms import HUBSPOT, Crm
from tests.chaos.crowd import Crowd
from tests.chaos.files import FileHost, not_as_sent
from tests.chaos.house import House, Side, house
from tests.chaos.plan import Kind, Plan, strikes
from tests.chaos.post import MailServer
from tests.chaos.report import Report
from tests.chaos.salesforce import SALESFORCE
from tests.chaos.standing import Store, accounts_of_items
from tests.chaos.units import meters_of
from tests.chaos.verdict import judge, look

LOOK_SECONDS = 0.05
CRMS: Mapping[str, Crm] = {crm.connector: crm for crm in (HUBSPOT, SALESFORCE)}
Strike = Callable[[House], bool]
"""Something that is done to the house during the run, again and again until it says that it is
over."""


def crash(
    plan: Plan,
    folder: Path,
    *,
    bridge: Sequence[str] = ("bridge.cli",),
    besides: Strike = lambda home: True,
    port: int = 0,
    forked: bool = False,
) -> Report:
    """Runs the plan in an empty `folder`, which keeps the store, where that is a file, and every
    process's log. `bridge`, `port` and `forked` are those of `house`."""
    clients = clients_of(plan)
    chats = chats_of(plan, clients)
    url = f"sqlite:///{folder / 'bridge.sqlite'}" if plan.store is Kind.SQLITE else None
    with (
        FileHost(plan.seed).open() as files,
        MailServer(plan.mail_faults, plan.seed).open() as post,
        house(
            url,
            folder,
            clients,
            bridge=bridge,
            port=port,
            crm=CRMS[plan.crm],
            files=files.origin,
            side=Side(mail_url=post.url, meters=meters_of(plan)),
            forked=forked,
        ) as home,
        _store(home) as engine,
    ):
        give_up_at = time.monotonic() + plan.settle_seconds
        crowd = Crowd(plan, home.door, home.vendor, home.crm_url, give_up_at)
        side = beside(plan, home, give_up_at)
        home.subscribe(plan.sent_twice)
        home.fail(plan)
        crowd.begin(chats)
        side.begin()
        _rage(plan, home, lambda: crowd.is_writing() or side.is_at_work(), besides)
        ended = time.monotonic()
        home.fleet.all_go_on()
        _await_rest(home, engine, plan.faults_linger)
        faults = home.mend()
        files.fails = False
        _await_rest(home, engine, plan.settle_seconds)
        side.agency.stop()
        rested = time.monotonic() - ended
        crm, messenger, store = home.crm(), home.messenger(), look(engine)
        crm = without_partners(home, crm)
        with home.parts() as parts:
            items = accounts_of_items(parts)
            lost_files = not_as_sent(parts, crowd.ledger.taken)
        found = side.judged(home, engine, home.crm_state(), store, post.letters())
    return Report(
        plan=plan,
        ledger=crowd.ledger,
        uses=side.usage.ledger,
        leads=side.agency.ledger,
        mails=len(post.letters()),
        processes=home.fleet.processes,
        faults=faults,
        calls=sum(crm["calls"].values()),
        told=crm["webhooks"],
        owners_changed=crowd.owners_changed,
        reached=len(messenger["sent"]),
        files=(files.served, files.failed),
        store=store,
        settle_seconds=rested,
        folder=folder,
        findings=judge(
            crowd.ledger.taken,
            chats,
            crm,
            store,
            messenger=messenger,
            items=items,
            edited=crowd.ledger.edited,
            lost_files=lost_files,
            side=found,
        ),
    )


@contextmanager
def _store(home: House) -> Iterator[Engine]:
    engine = open_engine(home.settings.database_url)
    try:
        yield engine
    finally:
        engine.dispose()


def _rage(plan: Plan, home: House, is_at_work: Callable[[], bool], besides: Strike) -> None:
    """Strikes as planned, and on until everybody has been heard."""
    begun = time.monotonic()
    ahead = deque(strikes(plan))
    over = False
    while ahead or not over or is_at_work():
        while ahead and time.monotonic() - begun >= ahead[0].at:
            strike = ahead.popleft()
            home.fleet.strike(strike.victim, strike.aim, strike.absence)
        home.fleet.look()
        over = over or besides(home)
        time.sleep(LOOK_SECONDS)


def _await_rest(home: House, engine: Engine, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not _is_at_rest(home, engine) and time.monotonic() < end:
        home.fleet.look()
        time.sleep(4 * LOOK_SECONDS)


def _is_at_rest(home: House, engine: Engine) -> bool:
    """Nothing is left to do here, and the vendors have nothing to tell any more."""
    if _told_all(home) and (store := _looked(engine)) is not None:
        return not store.open_rows
    return False


def _told_all(home: House) -> bool:
    return not home.crm()["webhooks"]["waiting"] and not home.messenger()["webhooks"]["waiting"]


def _looked(engine: Engine) -> Store | None:
    """None while PostgreSQL is coming up again."""
    try:
        return look(engine)
    except OperationalError:
        return None
