"""Runs a WSGI application on a free loopback port, in a thread of the test."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from wsgiref.types import WSGIApplication

from connectors.sandboxing import make_sandbox_server


@contextmanager
def served(app: WSGIApplication) -> Iterator[str]:
    """Yields the base URL, such as `http://127.0.0.1:40123`."""
    server = make_sandbox_server(app)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
