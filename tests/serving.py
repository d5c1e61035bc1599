"""Runs a WSGI application on a free loopback port, in a thread of the test."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from wsgiref.types import WSGIApplication

from werkzeug.serving import WSGIRequestHandler, make_server

from connectors.sandboxing import ConnectionCut


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: object) -> None:
        logging.getLogger("tests.serving").debug(message, *args)

    def run_wsgi(self) -> None:
        try:
            super().run_wsgi()
        except (ConnectionCut, ConnectionError):
            self.close_connection = True


@contextmanager
def served(app: WSGIApplication) -> Iterator[str]:
    """Yields the base URL, such as `http://127.0.0.1:40123`."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
