"""The walk of a webhook up to its answer."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import Engine, text
from structlog.testing import capture_logs

from bridge.domain.policy import AccountPolicy
from bridge.ports import NobodyCalls
from bridge.store.engine import open_engine, reading
from tests.web.doors import (
    ACTIVE,
    KEY,
    NOW,
    PLAIN,
    Door,
    PlainInbound,
    accounts,
    door,
    no_active,
)


@pytest.fixture
def walk(engine: Engine) -> Iterator[Door]:
    with door(engine) as opened:
        yield opened


def test_a_webhook_is_stored_as_it_came_and_answered_in_the_vendors_words(walk: Door) -> None:
    body = b'\xff\x00{"not": "json'
    answer = walk.post(data=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.data, answer.content_type) == (202, b"<ok/>", "text/xml")
    row = walk.rows()[0]
    assert (row.lane, row.account, row.method) == ("in:acc", "acc", "POST")
    assert (row.body, row.state, row.received_at) == (body, "pending", NOW)
    assert walk.headers()["content-type"] == "application/json"
    assert walk.bells.rung == ["in:acc"]


def test_the_same_body_twice_is_a_200_twice(walk: Door) -> None:
    """WZ-05: duplicates are recognised later, by event."""
    assert [walk.post().status_code, walk.post().status_code] == [202, 202]
    assert len(walk.rows()) == 2


def test_an_unknown_account_is_404(walk: Door) -> None:
    assert walk.post("/hooks/nobody").status_code == 404
    assert walk.rows() == []


def test_a_body_over_the_accounts_limit_is_413(walk: Door) -> None:
    assert walk.post(data=b"x" * 1000).status_code == 202
    assert walk.post(data=b"x" * 1001).status_code == 413
    assert len(walk.rows()) == 1


def test_a_challenge_is_answered_and_not_stored(walk: Door) -> None:
    answer = walk.client.get("/hooks/acc?challenge=1")
    assert (answer.status_code, answer.data) == (200, b"pong")
    assert walk.rows() == []


@pytest.mark.parametrize(
    "key", ["", "wrong", KEY[:-1], KEY + "x", "ключ".encode().decode("latin-1")]
)
def test_what_is_not_proven_is_401_and_not_stored(walk: Door, key: str) -> None:
    """S1."""
    assert walk.post(headers={"x-key": key}).status_code == 401
    assert walk.rows() == []
    assert walk.bells.rung == []


def test_the_old_secret_is_accepted_while_rotating(walk: Door) -> None:
    """S3."""
    assert walk.post(headers={"x-key": "old-key"}).status_code == 202


def test_a_refused_signature_leaves_a_line_without_secrets(walk: Door) -> None:
    """S17: what follows the account in the URL may be a secret, right or nearly right."""
    with capture_logs() as lines:
        walk.post("/hooks/acc/s3cret-path?token=t0ken", headers={"x-key": "nearly"})
    (line,) = [line for line in lines if line["event"] == "signature mismatch"]
    assert line["url"] == "https://bridge.acme.example/b/hooks/acc/***?***"
    assert not any(word in str(lines) for word in ("s3cret", "t0ken", "nearly"))


def test_one_line_per_webhook(walk: Door) -> None:
    with capture_logs() as lines:
        walk.post()
    (line,) = [line for line in lines if line["event"].startswith("webhook")]
    assert (line["event"], line["account"], line["outcome"]) == ("webhook", "acc", "stored")
    assert line["milliseconds"] > 0


@pytest.mark.parametrize(
    ("asked", "signed"),
    [
        ("/hooks/acc", "/hooks/acc"),
        ("/hooks/acc?a=1&b=%20x&a=2", "/hooks/acc?a=1&b=%20x&a=2"),
        ("/hooks/acc/p%2Fq%20r", "/hooks/acc/p%2Fq%20r"),
        ("/hooks/acc/%c3%A4", "/hooks/acc/%c3%A4"),
        ("/hooks/%61cc", "/hooks/%61cc"),
    ],
)
def test_the_signed_url_is_the_public_one_with_the_raw_path(
    walk: Door, asked: str, signed: str
) -> None:
    """S12: never the Host header, percent signs as they came."""
    answer = walk.post(asked, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
    assert answer.status_code == 202
    inbound = walk.vendors.inbound(walk.rows()[0].account)
    assert isinstance(inbound, PlainInbound)
    assert inbound.seen[0].url == f"https://bridge.acme.example/b{signed}"


def test_headers_are_lower_case_and_doubled_ones_joined(walk: Door) -> None:
    walk.client.post("/hooks/acc", headers=[("X-Key", KEY), ("X-Two", "a"), ("x-two", "b")])
    inbound = walk.vendors.inbound(walk.rows()[0].account)
    assert isinstance(inbound, PlainInbound)
    assert inbound.seen[0].headers["x-two"] in ("a, b", "a,b")
    assert all(name == name.lower() for name in inbound.seen[0].headers)


def test_secrets_are_not_kept_with_the_row(walk: Door) -> None:
    """S17: in header, path and query, also percent-encoded."""
    walk.post(
        f"/hooks/acc/old-key?k={KEY.replace('+', '%2B').replace('/', '%2F')}",
        headers={"Authorization": "Bearer other", "Cookie": "s=1"},
    )
    row = walk.rows()[0]
    assert row.url == "https://bridge.acme.example/b/hooks/acc/***?k=***"
    assert walk.headers()["x-key"] == "***"
    assert not {"authorization", "cookie"} & set(walk.headers())


@pytest.mark.parametrize(
    "path", ["//hooks/acc", "/hooks//acc", "/hooks/", "/hooks", "/hooks/a/../acc"]
)
def test_odd_paths_are_refused_and_never_redirected(walk: Door, path: str) -> None:
    """S12."""
    assert walk.client.post(path, headers={"x-key": KEY}).status_code == 404
    assert walk.rows() == []


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_other_methods_are_405(walk: Door, method: str) -> None:
    answer = walk.client.open("/hooks/acc", method=method, headers={"x-key": KEY})
    assert answer.status_code == 405


@pytest.fixture
def called_by_put(engine: Engine) -> Iterator[Door]:
    with door(engine, connector=replace(PLAIN, methods=frozenset({"PUT", "GET"}))) as opened:
        yield opened


def test_a_vendor_calls_as_its_connector_says(called_by_put: Door) -> None:
    """And what follows the account in the path is the connector's to read."""
    path = "/hooks/acc/_matrix/app/v1/transactions/5"
    answer = called_by_put.client.put(path, headers={"x-key": KEY}, data=b"{}")
    assert answer.status_code == 202
    (row,) = called_by_put.rows()
    assert (row.method, row.url) == ("PUT", f"https://bridge.acme.example/b{path}")
    assert called_by_put.client.put(path, data=b"{}").status_code == 401


def test_the_405_says_how_the_vendor_calls(walk: Door, called_by_put: Door) -> None:
    refused = [opened.client.delete("/hooks/acc") for opened in (walk, called_by_put)]
    assert [answer.status_code for answer in refused] == [405, 405]
    assert [answer.headers["allow"] for answer in refused] == ["GET, POST", "GET, PUT"]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_where_nobody_calls_there_is_no_door(engine: Engine, method: str) -> None:
    silent = replace(PLAIN, inbound=NobodyCalls, methods=frozenset())
    with door(engine, connector=silent) as opened:
        answer = opened.client.open("/hooks/acc", method=method, headers={"x-key": KEY})
        unknown = opened.client.open("/hooks/nobody", method=method, headers={"x-key": KEY})
        assert opened.rows() == []
    assert (answer.status_code, answer.data) == (unknown.status_code, unknown.data)
    assert answer.status_code == 404


def test_a_method_override_is_not_obeyed(walk: Door) -> None:
    walk.post("/hooks/acc?_method=GET", headers={"X-HTTP-Method-Override": "GET"})
    assert walk.rows()[0].method == "POST"


def test_without_configuration_the_vendor_is_asked_to_send_again(engine: Engine) -> None:
    with door(engine, no_active) as opened:
        answer = opened.post()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_without_its_secret_an_account_asks_to_send_again(engine: Engine) -> None:
    """S6: closed, but nothing is lost."""
    bare = {name: replace(account, secrets={}) for name, account in ACTIVE.accounts.items()}
    with door(engine, lambda: replace(ACTIVE, accounts=bare)) as opened:
        answer = opened.post()
        assert (answer.status_code, opened.rows()) == (503, [])


def test_without_its_connector_an_account_asks_to_send_again(engine: Engine) -> None:
    with door(engine, lambda: accounts(acc=AccountPolicy(connector="gone"))) as opened:
        assert opened.post().status_code == 503


def test_a_locked_store_is_a_503_and_recovers(database_url: str) -> None:
    """R5."""
    engine = open_engine(database_url, busy_seconds=0.2)
    lock = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "LOCK TABLE inbox IN EXCLUSIVE MODE"}
    with door(engine) as opened, reading(engine) as other:
        other.execute(text(lock[engine.dialect.name]))
        answer = opened.post()
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        other.rollback()
        assert opened.rows() == []
        assert opened.post().status_code == 202
        assert len(opened.rows()) == 1
    engine.dispose()


def test_a_store_that_is_down_is_a_503() -> None:
    engine = open_engine("postgresql://postgres@127.0.0.1:1/nowhere")
    with door(engine) as opened:
        assert opened.post().status_code == 503


def test_a_bug_in_a_connector_is_logged_without_the_path(
    walk: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: PlainInbound, request: object) -> None:
        raise KeyError("bug")

    monkeypatch.setattr(PlainInbound, "verify", broken)
    with capture_logs() as lines:
        answer = walk.post("/hooks/acc/s3cret")
    assert answer.status_code == 500
    assert walk.rows() == []
    told = [line for line in lines if line["event"].startswith("webhook")]
    assert [line["event"] for line in told] == ["webhook failed", "webhook"]
    assert told[1]["outcome"] == "failed"
    assert "s3cret" not in str([{**line, "exc_info": None} for line in lines])
