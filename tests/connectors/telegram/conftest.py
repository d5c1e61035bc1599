"""The stand-in for Telegram's Bot API, an account of it, and a place where files lie."""

from collections.abc import Iterator

import pytest
from flask import Flask, Response

from bridge.ports import Account
from connectors.telegram.outbound import TelegramOutbound
from connectors.telegram.sandbox import sandbox
from tests.connectors.telegram.building import SECRETS, account
from tests.connectors.telegram.phone import Phone
from tests.serving import served


@pytest.fixture
def phone() -> Iterator[Phone]:
    with served(sandbox(SECRETS)) as url:
        yield Phone(url)


@pytest.fixture
def at_sandbox(phone: Phone) -> Account:
    return account(phone.url)


@pytest.fixture
def outbound(at_sandbox: Account) -> TelegramOutbound:
    return TelegramOutbound(at_sandbox)


@pytest.fixture
def files() -> Iterator[str]:
    """`/offer.docx` and `/casa.jpg` are there, `/slow.docx` is not to be had just now."""
    app = Flask("files")

    @app.get("/<name>")
    def file(name: str) -> Response:
        found = {"offer.docx": "application/msword", "casa.jpg": "image/jpeg"}
        if name == "slow.docx":
            return Response(status=503)
        if name not in found:
            return Response(status=404)
        return Response(b"bytes of " + name.encode(), content_type=found[name])

    with served(app) as url:
        yield url
