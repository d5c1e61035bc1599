"""Advisory locks of PostgreSQL are numbers: who shares one by accident waits for the other."""

import re
from pathlib import Path

from bridge import store


def test_each_lock_has_a_number_of_its_own() -> None:
    found = [
        int(number)
        for path in Path(str(store.__file__)).parent.rglob("*.py")
        for number in re.findall(r"^_LOCK = ([\d_]+)", path.read_text(), re.MULTILINE)
    ]
    assert len(found) >= 5
    assert len(set(found)) == len(found)
