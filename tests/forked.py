"""Programs of ours as `subprocess` starts them, but forked from a process that has all of the
bridge imported: for tests to which it does not matter how a process came to be."""

import atexit
import ctypes
import inspect
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.nursery import HEAD

ROOT = Path(__file__).parents[1]
_PR_SET_CHILD_SUBREAPER = 36
_INTERPRETER = ("PYTHON", "LD_")  # variables that count only when an interpreter starts
_LIKE_HERE = {"PYTHONUNBUFFERED"}  # the nursery is so, whatever they say


class Forked(subprocess.Popen[bytes]):
    """A program of Python that is given as `-m MODULE`; to `wait` and to signal as any other."""

    def _execute_child(self, *given: Any) -> None:
        method = vars(subprocess.Popen)["_execute_child"]
        asked = inspect.signature(method).bind(self, *given).arguments
        here = (asked["p2cread"], asked["c2pwrite"], asked["errwrite"])
        streams = [own if one == -1 else one for own, one in enumerate(here)]
        self.pid = _nursery().birth(
            {
                "module": asked["args"][2],
                "arguments": list(asked["args"][3:]),
                "environ": dict(os.environ if asked["env"] is None else asked["env"]),
                "folder": str(asked["cwd"] or Path.cwd()),
                "leads": asked["start_new_session"],
                "tied": asked["preexec_fn"] is tied,
            },
            streams,
        )
        self._child_created = True
        pipes = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")
        vars(subprocess.Popen)["_close_pipe_fds"](self, *(asked[name] for name in pipes))


def tied() -> None:
    """As `preexec_fn`: the process is told to end when this one is gone."""


def can_be_forked(command: Sequence[str], environ: Mapping[str, str]) -> bool:
    """Whether it is a module of Python, for the interpreter that runs here as it is."""
    return (
        sys.platform == "linux"
        and tuple(command[:2]) == (sys.executable, "-m")
        and _for_interpreter(environ) == _for_interpreter(os.environ)
    )


def process_of(
    command: Sequence[str], environ: Mapping[str, str], **more: Any
) -> "subprocess.Popen[bytes]":
    """Forked where it can be; a program that is started anywhere else."""
    kind = Forked if can_be_forked(command, environ) else subprocess.Popen
    return kind(list(command), env=dict(environ), **more)


def run(
    command: Sequence[str], environ: Mapping[str, str], seconds: float
) -> "subprocess.CompletedProcess[str]":
    """To its end, with what it said; killed when it takes too long."""
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with process_of(command, environ, **pipes) as process:
        try:
            said, complained = process.communicate(timeout=seconds)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(
        list(command), process.returncode, said.decode(), complained.decode()
    )


def _for_interpreter(environ: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in environ.items()
        if name.startswith(_INTERPRETER) and name not in _LIKE_HERE
    }


class _Nursery:
    """Begun when somebody first asks, ended with this process."""

    def __init__(self) -> None:
        self._one_at_a_time = threading.Lock()
        self._line, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-u", "-m", "tests.nursery", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                cwd=ROOT,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    def birth(self, told: Mapping[str, object], streams: Sequence[int]) -> int:
        """The pid of a child, which is one of this process."""
        body = json.dumps(told).encode()
        with self._one_at_a_time:
            _adopt(True)
            try:
                socket.send_fds(self._line, [len(body).to_bytes(HEAD, "big")], list(streams))
                self._line.sendall(body)
                pid = int.from_bytes(self._line.recv(HEAD, socket.MSG_WAITALL), "big")
                os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)  # it is ours
            finally:
                _adopt(False)
        return pid

    def end(self) -> None:
        self._line.close()
        self._process.wait()


def _adopt(whether: bool) -> None:
    """Makes this process the parent of what those below it leave behind."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, int(whether), 0, 0, 0)


_begun: dict[int, _Nursery] = {}  # by who began it: a fork of the tests has one of its own
_beginning = threading.Lock()


def _nursery() -> _Nursery:
    here = os.getpid()
    with _beginning:
        if here not in _begun:
            _begun[here] = _Nursery()
            atexit.register(_end, here)
        return _begun[here]


def _end(begun_by: int) -> None:
    if begun_by == os.getpid():
        _begun[begun_by].end()
