"""What is to be measured, how often, and with how much: checked before anything starts."""

from dataclasses import dataclass
from pathlib import Path

STORES = ("sqlite", "postgresql")
WORK = "working-"  # what a run needs only while it lasts, in the output folder, begins with it
STEP = 2500  # stores of many messages are built in copies of so many
PARTS = {
    "a": "receiving",
    "b": "from a backlog to the CRM",
    "c": "latency",
    "d": "cost with many messages stored",
    "e": "memory and start-up",
    "f": "pages with many conversations",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`messages` are those of one backlog, `webhooks` those of one round at the door, `stored`
    those that the large store holds, `chats` the conversations of the one of the pages; `paced` is
    how many are sent at two a second."""

    parts: tuple[str, ...] = tuple(PARTS)
    stores: tuple[str, ...] = STORES
    rounds: int = 5
    backlog_rounds: int = 3
    messages: int = 5000
    webhooks: int = 3000
    stored: int = 1_000_000
    chats: int = 100_000
    paced: int = 80
    limited_seconds: int = 20
    output: Path = Path("build/bench")

    @property
    def many_stored(self) -> int:
        return max(STEP, self.stored // STEP * STEP)

    @property
    def few_stored(self) -> int:
        return max(STEP, self.stored // 100 // STEP * STEP)


QUICK = Plan(
    rounds=2, messages=1000, webhooks=600, stored=100_000, chats=10_000, paced=16, limited_seconds=5
)
