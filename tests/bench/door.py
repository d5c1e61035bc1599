"""The web process of the benchmark: as it is, or with the same app that stores nothing."""

import sys
from concurrent.futures import Future
from dataclasses import replace

import click

from bridge import logs
from bridge.settings import Settings, environment
from bridge.store.inbox import NewRow
from bridge.web.process import Address, run
from bridge.wiring import web_of


class StoresNothing:
    """Where the receiver would commit, the floor that it is measured against is done at once."""

    def append(self, row: NewRow) -> Future[None]:
        durable: Future[None] = Future()
        durable.set_result(None)
        return durable


def main(kind: str, port: int) -> None:
    logs.set_up("web")
    environ = environment()
    settings = Settings.of(environ)
    with web_of(settings, environ) as web:
        if kind == "floor":
            web = replace(web, receiver=StoresNothing())  # type: ignore[arg-type]
        address = Address(host="127.0.0.1", port=port)
        run(web, settings, address, ready=lambda: click.echo("ready"))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
