"""`python -m tests.speaking WORD…`: says what it is; stays, fails or begets another where told."""

import json
import os
import random
import sys
import time
from pathlib import Path

from tests.forked import Forked, tied


def main(words: list[str]) -> None:
    match words:
        case ["fail"]:
            sys.stderr.write("went wrong\n")
            sys.exit(3)
        case ["raise"]:
            raise ZeroDivisionError
        case ["beget", path]:
            child = Forked(
                [sys.executable, "-m", "tests.speaking", "stay"],
                env=dict(os.environ),
                preexec_fn=tied,
            )
            Path(path).write_text(str(child.pid))
            os._exit(0)
    said = {
        "arguments": words,
        "own": os.environ.get("OWN"),
        "only_here": os.environ.get("ONLY_HERE"),
        "random": random.random(),
        "offset": time.localtime().tm_gmtoff,
        "pid": os.getpid(),
        "parent": os.getppid(),
        "session": os.getsid(0),
        "folder": str(Path.cwd()),
    }
    sys.stdout.write(json.dumps(said) + "\n")
    if words == ["stay"]:
        time.sleep(600)


if __name__ == "__main__":
    main(sys.argv[1:])
