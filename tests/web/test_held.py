"""An answer that is held back, for a server that can't wait by itself."""

from concurrent.futures import Future

import pytest
from werkzeug.test import Client, TestResponse

from bridge.pipeline.receive import NotStored
from bridge.web import held
from bridge.web.held import Held, Ready, hold


def told(durable: Future[None]) -> Ready:
    error = durable.exception()
    status = 202 if error is None else 503
    return Ready(status=status, content_type="text/xml", body=str(error).encode())


def asked(durable: Future[None]) -> TestResponse:
    held = Held(durable=durable, finish=told)
    return Client(lambda environ, start: hold(held, environ, start)).get("/")


def test_what_is_durable_is_answered() -> None:
    durable: Future[None] = Future()
    durable.set_result(None)
    answer = asked(durable)
    assert (answer.status_code, answer.content_type, answer.data) == (202, "text/xml", b"None")


def test_what_could_not_be_stored_is_not() -> None:
    durable: Future[None] = Future()
    durable.set_exception(NotStored("locked"))
    answer = asked(durable)
    assert (answer.status_code, answer.data) == (503, b"locked")


def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held, "WAIT_SECONDS", 0.05)
    assert asked(Future()).status_code == 503
