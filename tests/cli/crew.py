"""Several worker processes that begin at once: imported once, then forked. `python -m … COUNT`."""

import os
import sys

from bridge import worker
from bridge.cli.processes import start


def main() -> None:
    crew = []
    for _ in range(int(sys.argv[1])):
        pid = os.fork()
        if pid == 0:
            worker.run(start("worker"))
            return
        crew.append(pid)
    for pid in crew:
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
