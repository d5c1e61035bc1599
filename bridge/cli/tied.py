"""Becomes another program that ends when the process that started it does (on Linux).

`python tied.py PARENT PROGRAM ARGUMENT…`: so that a killed `bridge up` leaves no server behind that
holds the port.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def command(program: list[str]) -> list[str]:
    """The command that runs the program tied to this process."""
    # Isolated and without site-packages it starts in a few milliseconds.
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), *program]


def main(parent: int, program: list[str]) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        raise SystemExit(1)  # it ended before the tie was made
    os.execv(program[0], program)  # noqa: S606 - the caller's own children


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
