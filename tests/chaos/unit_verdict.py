"""Units against a model: what each use had to do, the ledger, the balance, and who was mailed."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from sqlalchemy import Engine, select

from bridge.domain.events import UnitsUsed
from bridge.domain.names import ClientId
from bridge.store.engine import reading
from bridge.store.schema import DECISIONS, RESELLER_CLIENTS, UNIT_MOVEMENTS
from tests.chaos.post import Letter
from tests.chaos.units import BILLING, FEW, RITA, Meter, Use

NONE_LEFT = "A client of yours has no units left"
FEW_LEFT = "A client of yours has few units left"
_USED = "units.used:"


@dataclass(frozen=True, slots=True)
class Line:
    """Of a ledger: by how much, and what it came to."""

    delta: int
    balance: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """What the store says: `decided` are the ids of uses in the order of their decisions."""

    decided: tuple[str, ...]
    ledgers: Mapping[ClientId, tuple[Line, ...]]
    balances: Mapping[ClientId, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What had to become of a client: his ledger, and the subjects of the mails about him."""

    lines: tuple[Line, ...]
    mails: tuple[str, ...]


def look_at_units(engine: Engine) -> Units:
    ledgers: defaultdict[ClientId, list[Line]] = defaultdict(list)
    with reading(engine) as db:
        decided = db.scalars(
            select(DECISIONS.c.event_key)
            .where(DECISIONS.c.account == BILLING, DECISIONS.c.kind == UnitsUsed.__name__)
            .order_by(DECISIONS.c.id)
        ).all()
        for row in db.execute(select(UNIT_MOVEMENTS).order_by(UNIT_MOVEMENTS.c.id)):
            ledgers[ClientId(row.client)].append(Line(row.delta, row.balance))
        balances = db.execute(select(RESELLER_CLIENTS.c.id, RESELLER_CLIENTS.c.balance)).all()
    return Units(
        decided=tuple(key.removeprefix(_USED) for key in decided),
        ledgers={client: tuple(lines) for client, lines in ledgers.items()},
        balances={ClientId(client): balance for client, balance in balances},
    )


def course(meter: Meter, uses: Sequence[Use]) -> Course:
    """Each use counts once, all of its units or none; few and none are told once each."""
    left = meter.granted
    lines, mails = [Line(left, left)], []
    for use in uses:
        if use.units > left:
            continue
        was_few, left = left <= FEW, left - use.units
        lines.append(Line(-use.units, left))
        if left == 0:
            mails.append(NONE_LEFT)
        elif left <= FEW and not was_few:
            mails.append(FEW_LEFT)
    return Course(lines=tuple(lines), mails=tuple(mails))


def courses(meters: Sequence[Meter], taken: Set[Use], units: Units) -> Mapping[ClientId, Course]:
    """By what the harness has told, in the order in which it was decided."""
    told = {use.id: use for use in taken}
    order = [told[name] for name in units.decided if name in told]
    return {
        meter.id: course(meter, [use for use in order if use.meter == meter.number])
        for meter in meters
    }


def wrong_units(meters: Sequence[Meter], taken: Set[Use], units: Units) -> Iterator[str]:
    times = Counter(units.decided)
    for use in sorted(taken):
        if times[use.id] != 1:
            yield f"{use.id}: {times[use.id]} decisions"
    yield from (f"{name}: nobody told it" for name in times.keys() - {use.id for use in taken})
    for client, course in courses(meters, taken, units).items():
        ledger = units.ledgers.get(client, ())
        balance = units.balances.get(client)
        if ledger != course.lines:
            yield f"{client}: {_first_difference(ledger, course.lines)}"
        if balance != course.lines[-1].balance:
            yield f"{client}: {balance} units left, not {course.lines[-1].balance}"
        if sum(line.delta for line in ledger) != balance:
            yield f"{client}: the ledger does not add up to {balance}"
        if any(line.balance < 0 for line in ledger):
            yield f"{client}: below zero"


def _first_difference(ledger: Sequence[Line], wanted: Sequence[Line]) -> str:
    for place, (line, other) in enumerate(zip(ledger, wanted, strict=False)):
        if line != other:
            return f"movement {place} is {line}, not {other}"
    return f"{len(ledger)} movements, not {len(wanted)}"


def wrong_mails(
    courses: Mapping[ClientId, Course], letters: Sequence[Letter], in_doubt: Sequence[Letter]
) -> Iterator[str]:
    """Each once; one of which nobody knows whether it left may have come or not."""
    wanted = Counter((client, mail) for client, one in courses.items() for mail in one.mails)
    came, doubted = _counted(courses, letters), _counted(courses, in_doubt)
    for client, subject in sorted(wanted.keys() | came.keys()):
        about = client, subject
        if not wanted[about] - doubted[about] <= came[about] <= wanted[about]:
            yield f"{client}: {came[about]} × {subject!r}, not {wanted[about]}"


def _counted(
    clients: Mapping[ClientId, Course], letters: Sequence[Letter]
) -> Counter[tuple[ClientId, str]]:
    found: Counter[tuple[ClientId, str]] = Counter()
    for letter in letters:
        link = letter.text.rpartition("/clients/")[2]
        if letter.recipient == RITA and link in clients:
            found[ClientId(link), letter.subject] += 1
    return found
