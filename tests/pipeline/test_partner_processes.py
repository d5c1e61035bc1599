"""Several processes on one PostgreSQL: a lead is taken once, a turn is nobody's twice."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence

import pytest
from sqlalchemy import Engine, select

from bridge.pipeline.mirror import sync
from bridge.store.engine import reading
from bridge.store.schema import PARTNER_LEADS, TURN_LOG
from tests.pipeline.partner_house import PABLO, PETRA, Q1, Q2, Q3, SONIA, Partners
from tests.pipeline.test_partnering import in_turn
from tests.pipeline.world import Sandboxes, world

PATIENCE = 300.0  # seconds: the machine may have much other work
Running = subprocess.Popen[str]


pytestmark = pytest.mark.postgres


@pytest.fixture
def at(vendors: Sandboxes, emptied_postgres: Engine) -> Iterator[Partners]:
    with world(emptied_postgres, vendors) as house:
        sync(house.parts)
        made = Partners(house)
        made.switch_on()
        yield made


def start(url: str, *does: Sequence[str]) -> list[Running]:
    """Processes that all begin at one moment."""
    moment = str(time.time() + 3)
    command = [sys.executable, "-m", "tests.pipeline.partner_process", url, moment]
    return [subprocess.Popen([*command, *one], stdout=subprocess.PIPE, text=True) for one in does]


def lines(running: Sequence[Running]) -> list[str]:
    said = []
    for one in running:
        out, _ = one.communicate(timeout=PATIENCE)
        assert one.returncode == 0
        said.extend(out.splitlines())
    return said


def test_prm_13_several_take_at_once_and_one_wins_each(at: Partners, shared_postgres: str) -> None:
    leads = [at.has_lead(number) for number in range(10)]
    for lead in leads:
        at.gives(lead, Q1)
    takers = (PETRA, PABLO, SONIA)
    said = lines(start(shared_postgres, *(["take", who, *leads] for who in takers)))
    answers = Counter(tuple(line.split()) for line in said)
    for lead in leads:
        assert answers[lead, "taken"] == 1
        assert answers[lead, "lead.already_taken"] == 1  # the other member
        outside = answers[lead, "queue.not_a_member"] + answers[lead, "lead.unknown"]
        assert outside == 1
        assert at.lead(lead).holder.name in (PETRA, PABLO)


def test_prm_14_several_processes_and_one_killed_share_out_evenly(
    at: Partners, shared_postgres: str
) -> None:
    """Nine leads over three queues are three each, in order, whoever decides them; the process
    that is killed halfway leaves neither a lead nor a turn half done."""
    at.use(rules=(in_turn(Q1, Q2, Q3),))
    numbers = [str(number) for number in range(9)]
    first = start(shared_postgres, ["come", *numbers])[0]
    assert first.stdout is not None
    assert first.stdout.readline().strip() == "0"
    first.kill()
    first.wait(PATIENCE)
    first.stdout.close()
    again = start(shared_postgres, ["come", *numbers], ["come", *reversed(numbers)])
    assert len(lines(again)) == 18
    with reading(at.house.engine) as db:
        holders = Counter(db.scalars(select(PARTNER_LEADS.c.holder)))
        turns = list(db.scalars(select(TURN_LOG.c.employee).order_by(TURN_LOG.c.id)))
    assert holders == {f"queue:{name}": 3 for name in (Q1, Q2, Q3)}
    assert turns == [Q1, Q2, Q3] * 3
