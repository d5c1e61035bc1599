"""`python -u -m tests.nursery FD`: has all of the bridge imported, and forks whoever asks on the
socket FD a child that runs a module as a program.

To start a process takes two seconds, of which nearly all goes into imports; to fork one takes a
fiftieth. Nothing runs here and nothing is opened: a child differs from a program that was started
in its command line alone.
"""

import ctypes
import gc
import json
import os
import runpy
import signal
import socket
import sys
import time
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from bridge.cli import COMMANDS

HEAD = 8  # bytes that tell the length of what follows
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Birth:
    """What a child is to be; `tied` children are told to end when who asked for them is gone."""

    module: str
    arguments: list[str]
    environ: dict[str, str]
    folder: str
    leads: bool
    tied: bool
    streams: list[int]


def main(line: socket.socket) -> None:
    for place, _ in COMMANDS.values():
        import_module(place.partition(":")[0])
    assert len(os.listdir("/proc/self/task")) == 1, "who has threads can't be forked"
    gc.collect()
    gc.freeze()
    while (asked := _heard(line)) is not None:
        birth = _born(line, asked)
        if birth is not None:
            _live(birth)
            return


def _heard(line: socket.socket) -> Birth | None:
    """The next one; None when nobody asks any more."""
    head, streams, _, _ = socket.recv_fds(line, HEAD, 3)
    if not head:
        return None
    told: Any = json.loads(line.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL))
    return Birth(**told, streams=streams)


def _born(line: socket.socket, asked: Birth) -> Birth | None:
    """The birth in the child, None in the nursery.

    The child's parent ends at once, so that it becomes a child of who asked: it alone may wait.
    """
    told, telling = os.pipe()
    between = os.fork()
    if between:
        os.waitpid(between, 0)
        line.sendall(os.read(told, HEAD))  # now it has its new parent
        for one in (told, telling, *asked.streams):
            os.close(one)
        return None
    parent = os.getpid()
    child = os.fork()
    if child:
        os.write(telling, child.to_bytes(HEAD, "big"))
        os._exit(0)
    while os.getppid() == parent:
        time.sleep(0.0005)
    os.close(told)
    os.close(telling)
    line.close()
    return asked


def _live(birth: Birth) -> None:
    if birth.leads:
        os.setsid()
    else:
        os.setpgid(0, 0)
    for number, stream in enumerate(birth.streams):
        os.dup2(stream, number)
        os.close(stream)
    if birth.tied:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    os.chdir(birth.folder)
    os.environ.clear()
    os.environ.update(birth.environ)
    time.tzset()
    sys.argv = [birth.module, *birth.arguments]
    runpy.run_module(birth.module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
