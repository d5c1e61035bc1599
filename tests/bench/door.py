"""`python -m tests.bench.door KIND PORT`: the web process as it is (`durable`), the same app which
stores nothing (`floor`), and the least that Flask can do on the same server (`plain`)."""

import sys
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime

import click
from flask import Flask, request

from bridge import logs
from bridge.domain.names import AccountName
from bridge.ports import RawRequest
from bridge.serving import web_of
from bridge.settings import Settings, environment
from bridge.store.inbox import NewRow
from bridge.web.app import Web
from bridge.web.front import THREADS, Front, serve
from bridge.web.process import Address, run
from tests.bench.webhooks import PATH, PUBLIC_URL

HOST = "127.0.0.1"
KINDS = ("plain", "floor", "durable")


class StoresNothing:
    """Where the receiver would commit, the floor that it is measured against is done at once."""

    waiting_bytes = 0

    def trouble(self) -> str:
        return ""

    def append(self, row: NewRow) -> "Future[None]":
        done: Future[None] = Future()
        done.set_result(None)
        return done


def plain_app(web: Web) -> Flask:
    """Verifies, stores nothing, logs nothing, counts nothing: Flask and one HMAC."""
    app = Flask("plain")
    inbound = web.parts.vendors.inbound(AccountName("hubspot-main"))

    @app.post(PATH)
    def hook() -> str:
        headers = {name.lower(): value for name, value in request.headers.items()}
        came = RawRequest(
            method="POST",
            url=PUBLIC_URL + PATH,
            headers=headers,
            body=request.get_data(),
            received_at=datetime.now(UTC),
        )
        inbound.verify(came)
        return ""

    return app


def main(kind: str, port: int) -> None:
    logs.set_up("web")
    environ = environment()
    settings = Settings.of(environ)
    with web_of(settings, environ) as web:
        if kind == "plain":
            front = Front(plain_app(web), lambda: 1024 * 1024, threads=THREADS)
            serve(front, HOST, port, ready=lambda: click.echo("ready"))
            return
        if kind == "floor":
            web = replace(web, receiver=StoresNothing())  # type: ignore[arg-type]
        address = Address(host=HOST, port=port)
        run(web, settings, address, ready=lambda: click.echo("ready"))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
