"""A disk of a few megabytes that a test fills up: a tmpfs, so it takes root."""

import errno
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class SmallDisk:
    folder: Path

    @property
    def _ballast(self) -> Path:
        return self.folder / "ballast"

    def fill(self) -> None:
        """Until not a byte is left; may be called again."""
        with self._ballast.open("ab", buffering=0) as file:
            for size in (MEGABYTE, 4096, 1):
                _append_while_it_fits(file.fileno(), size)

    def free(self) -> None:
        self._ballast.unlink(missing_ok=True)


def _append_while_it_fits(file: int, size: int) -> None:
    while True:
        try:
            os.write(file, bytes(size))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            return


@contextmanager
def small_disk(megabytes: int) -> Iterator[SmallDisk]:
    """Outside pytest's folders: what a killed run left mounted does not disturb the next one."""
    folder = Path(tempfile.mkdtemp(prefix="bridge-disk-"))
    options = f"size={megabytes}m,mode=0777"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)
    try:
        yield SmallDisk(folder)
    finally:
        # Lazily: whoever still has a file open there must not make the test fail.
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        shutil.rmtree(folder, ignore_errors=True)
