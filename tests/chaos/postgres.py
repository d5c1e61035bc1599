"""A PostgreSQL server among the processes of a house, which is killed like all of them."""

import shutil
import signal
from collections.abc import Mapping
from pathlib import Path

from tests.chaos.processes import Program
from tests.lanes import BY_NAME
from tests.services import DURABLE_POSTGRES, new_cluster, unprivileged

# As it comes, but small, for it is one of several on its machine. What it has committed has to be
# there again after a kill.
_SETTINGS = {**DURABLE_POSTGRES, "shared_buffers": "64MB", "max_wal_size": "256MB"}


def postgres_program(directory: Path, environ: Mapping[str, str]) -> Program:
    """The server on a new, empty cluster in `directory`, which is made."""
    initdb = BY_NAME["postgres"].program()
    assert initdb is not None  # who asks for it has looked
    directory.mkdir()
    user = unprivileged()
    if user is not None:
        shutil.chown(directory, user)
    cluster = new_cluster(initdb, directory, _SETTINGS)
    return Program(command=cluster.command, environ=environ, user=user, stop=signal.SIGINT)
