"""Room that accounts share, so that one that floods the door leaves some for the others."""

from collections import Counter
from math import ceil

_GIVEN_OUT = 0.8  # the rest is there for who comes next


class Shares:
    """Those that hold something may each hold an equal part of four fifths of the room; who holds
    nothing yet needs nothing but room. Nothing is set aside and nothing is to be set.

    Not thread-safe.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._held: Counter[str] = Counter()
        self.held = 0

    def take(self, owner: str, amount: int) -> bool:
        """Whether there was room; for nothing there always is."""
        if not amount:
            return True
        mine = self._held.get(owner, 0)
        if self.held + amount > self._size or (mine and mine + amount > self._part()):
            return False
        self._held[owner] = mine + amount
        self.held += amount
        return True

    def give_back(self, owner: str, amount: int) -> None:
        self.held -= amount
        self._held[owner] -= amount
        if not self._held[owner]:
            del self._held[owner]

    def _part(self) -> int:
        return ceil(self._size * _GIVEN_OUT / len(self._held))
