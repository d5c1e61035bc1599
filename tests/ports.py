"""A port for a server that is started later, and that has to be there again when it was killed."""

import random
import socket

# Below those that the system gives to whoever calls: nobody takes one before or between.
PORTS = range(15_000, 30_000)
_given: set[int] = set()


def free_port() -> int:
    """Another one each time, and hardly that of another process that asks as well."""
    for port in random.SystemRandom().sample(PORTS, 200):
        if port not in _given and _is_free(port):
            _given.add(port)
            return port
    raise RuntimeError(f"no port from {PORTS.start} to {PORTS.stop} is free on this machine")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: what a killed one left behind is in nobody's way.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
