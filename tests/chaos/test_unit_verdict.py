"""The comparison of units and mails sees every kind of damage."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bridge.domain.names import ClientId
from tests.chaos.post import Letter, mailed_twice
from tests.chaos.unit_verdict import (
    FEW_LEFT,
    NONE_LEFT,
    Line,
    Units,
    course,
    courses,
    wrong_mails,
    wrong_units,
)
from tests.chaos.units import RITA, SMALL, Meter, Use

METER = Meter(number=1)
USES = [Use(meter=1, place=place) for place in range(12)]
TAKEN = set(USES)


def units(order: Sequence[Use] = USES) -> Units:
    """As the store has it when all is well."""
    wanted = course(METER, order)
    return Units(
        decided=tuple(use.id for use in order),
        ledgers={METER.id: wanted.lines},
        balances={METER.id: wanted.lines[-1].balance},
    )


RIGHT = units()
LINES = RIGHT.ledgers[METER.id]


def of(lines: Sequence[Line], balance: int) -> Units:
    return replace(RIGHT, ledgers={METER.id: tuple(lines)}, balances={METER.id: balance})


def test_what_is_right_is_found_right() -> None:
    assert list(wrong_units([METER], TAKEN, RIGHT)) == []


def test_a_use_of_more_than_is_left_is_none_in_whatever_order_they_came() -> None:
    """RSL-10: the model refuses it whole, and says once that few, once that none are left."""
    found = course(METER, USES)
    assert [line.delta for line in found.lines] == [SMALL, *[-1] * 4, -2, *[-1] * 4]
    assert (found.lines[-1].balance, found.mails) == (0, (FEW_LEFT, NONE_LEFT))
    backwards = units(list(reversed(USES)))
    assert list(wrong_units([METER], TAKEN, backwards)) == []


@pytest.mark.parametrize(
    ("damaged", "word"),
    [
        (of(LINES[:-1], 1), "movements, not"),
        (of((*LINES, Line(-1, -1)), -1), "below zero"),
        (of(LINES, 3), "does not add up"),
        (of((*LINES[:2], LINES[1], *LINES[3:]), 0), "movement 2 is"),
        (replace(RIGHT, decided=RIGHT.decided[1:]), "0 decisions"),
        (replace(RIGHT, decided=(*RIGHT.decided, RIGHT.decided[0])), "2 decisions"),
        (replace(RIGHT, decided=(*RIGHT.decided, "use-9")), "nobody told it"),
        (replace(RIGHT, balances={}), "None units left"),
    ],
)
def test_damage_to_units_is_seen(damaged: Units, word: str) -> None:
    assert word in "\n".join(wrong_units([METER], TAKEN, damaged))


def letter(subject: str, name: str = "1", client: ClientId = METER.id) -> Letter:
    return Letter(RITA, subject, f"Offer units.\n\nhttp://bridge/clients/{client}", name)


FEW, NONE = letter(FEW_LEFT, "few"), letter(NONE_LEFT, "none")


@pytest.mark.parametrize(
    ("letters", "in_doubt", "wrong"),
    [
        ([FEW, NONE], [], 0),
        ([FEW], [NONE.said], 0),
        ([FEW, NONE], [NONE.said], 0),
        ([FEW], [], 1),
        ([FEW, NONE, NONE], [], 1),
        ([FEW, NONE, NONE], [NONE.said], 1),
        ([], [], 2),
    ],
)
def test_damage_to_mails_is_seen(letters: list[Letter], in_doubt: list[Letter], wrong: int) -> None:
    wanted = courses([METER], TAKEN, RIGHT)
    assert len(list(wrong_mails(wanted, letters, in_doubt))) == wrong


def test_a_mail_that_came_twice_is_seen() -> None:
    assert mailed_twice([FEW, NONE]) == []
    assert mailed_twice([FEW, NONE, FEW]) == [f"{RITA} got 2 × {FEW_LEFT!r}"]
