"""The folder of crash runs: one harness at a time, and nothing of a former run in the next."""

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.chaos.asked import Refused
from tests.chaos.warden import sweep

MARKER = ".crash-runs"
PLACE = "place"  # names the short folder of a run, by which its processes are known
PREFIX = "bridge-crash-"


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Raises Refused where another harness works, or where other files lie."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Refused(
            f"{folder} can't be made ({error.strerror})", "name another folder with --folder"
        ) from error
    marker = folder / MARKER
    if not marker.exists() and any(folder.iterdir()):
        raise Refused(
            f"{folder} holds files that are no crash run's",
            "name a new or an empty folder with --folder",
        )
    with marker.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Refused(
                f"another crash run works in {folder}",
                "wait until it has ended, or name another folder with --folder",
            ) from error
        yield


def clear(folder: Path) -> int:
    """Ends what former runs in the folder have left, and deletes it; how many processes that
    were."""
    ended = sum(_end(place) for place in folder.glob(f"*/{PLACE}"))
    for run in folder.iterdir():
        if run.is_dir():
            shutil.rmtree(run)
    return ended


def _end(file: Path) -> int:
    """Only a folder that a run has made is ever deleted."""
    place = Path(file.read_text())
    if place.parent != Path(tempfile.gettempdir()) or not place.name.startswith(PREFIX):
        return 0
    ended = sweep(place)
    shutil.rmtree(place, ignore_errors=True)
    return ended
