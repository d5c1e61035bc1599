"""Signing in by the company's provider, forms that outlive a session, chats in frames of a CRM's
page: in a real browser (ROL-13, S14)."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask, Response, request
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine

from bridge.domain.names import ConversationId, EmployeeId
from bridge.domain.signin_policy import EmbeddingPolicy, OpenIdPolicy, SignInPolicy
from bridge.openid.provider import OpenIdProvider
from bridge.store.embeds import conversation_shown, create_embed_link
from bridge.store.engine import open_engine, writing
from bridge.store.sessions import create_login_link, end_sessions_of
from connectors.sandboxing import make_sandbox_server
from tests.browser.eyes import eyes_on
from tests.openid.running import CLIENT, SECRET, Wanted, rsa_key, running
from tests.ports import free_port
from tests.serving import served
from tests.web.world import ANA, LUIS, World

PHONE = "+34600111222"


@pytest.fixture
def engine(sqlite_url: str) -> Iterator[Engine]:
    opened = open_engine(sqlite_url)
    yield opened
    opened.dispose()


@pytest.mark.oidc
@pytest.mark.parametrize("width", [390, 1280])
def test_a_colleague_signs_in_with_the_companys_account(
    engine: Engine, browser: Browser, width: int
) -> None:
    port = free_port()
    with served_at(engine, port) as (world, url):
        callbacks = [f"{url}/signin/callback"]
        wanted = Wanted(port=free_port(), callbacks=callbacks, keys=[rsa_key("one")])
        with running(wanted) as issuer, eyes_on(browser, url) as eyes:
            oidc = OpenIdPolicy(issuer=issuer, client_id=CLIENT, client_secret=("S",), label="Acme")
            world.policy = replace(world.policy, signin=SignInPolicy(oidc=oidc))
            eyes.look("light", width)
            page = eyes.page
            eyes.open("/feed")
            expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
            assert (eyes.unnamed(), eyes.overflow()) == ([], 0)
            page.get_by_role("link", name="Sign in with Acme").click()
            page.locator("input[name=login]").fill("ana")
            page.locator("input[name=password]").fill("any")
            page.get_by_role("button").first.click()
            page.get_by_role("button", name="Continue").click()
            page.wait_for_url("**/feed")
            expect(page.get_by_text("Ana Ruiz").first).to_be_attached()
            assert eyes.take_trouble() == []


def test_what_was_typed_outlives_the_session(engine: Engine, browser: Browser) -> None:
    with served_at(engine, free_port()) as (world, url), eyes_on(browser, url) as eyes:
        chat = world.writes(PHONE, "hello")
        page = eyes.page
        eyes.sign_in(link_for(world))
        eyes.open(f"/conversations/{chat}")
        page.locator("textarea[name=text]").fill("Typed\nfor a long time ñ")
        with writing(engine) as db:
            end_sessions_of(db, f"employee:{ANA}", world.now)
        page.locator("form#reply button[type=submit]").last.click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("not lost")
        expect(page.get_by_label("What you wrote")).to_have_value("Typed\nfor a long time ñ")
        assert eyes.unnamed() == []
        other = page.context.new_page()
        other.goto(link_for(world))
        other.get_by_role("button", name="Sign in").click()
        other.wait_for_url("**/conversations")
        page.get_by_role("button", name="Send it now").click()
        page.wait_for_url(f"**/conversations/{chat}**")
        expect(page.get_by_text("for a long time").first).to_be_visible()


def test_what_was_typed_is_for_nobody_who_signs_in_next_in_the_same_tab(
    engine: Engine, browser: Browser
) -> None:
    """A draft stays through a sign-in of the same person, and goes with his signing out."""
    with served_at(engine, free_port()) as (world, url), eyes_on(browser, url) as eyes:
        chat = world.writes(PHONE, "hello")
        page, text = eyes.page, eyes.page.locator("form#reply textarea[name=text]")
        eyes.sign_in(link_for(world))
        eyes.open(f"/conversations/{chat}")
        text.fill("a secret of Ana's")
        eyes.sign_in(link_for(world, LUIS))
        eyes.open(f"/conversations/{chat}")
        expect(text).to_have_value("")
        eyes.sign_in(link_for(world))
        eyes.open(f"/conversations/{chat}")
        expect(text).to_have_value("a secret of Ana's")
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out")
        kept = page.evaluate("Object.values(sessionStorage).join()")
        assert "secret" not in kept
        eyes.sign_in(link_for(world))
        eyes.open(f"/conversations/{chat}")
        expect(text).to_have_value("")


def test_after_signing_out_the_back_button_shows_no_chat(engine: Engine, browser: Browser) -> None:
    with served_at(engine, free_port()) as (world, url), eyes_on(browser, url) as eyes:
        chat = world.writes(PHONE, "of a client alone")
        page = eyes.page
        eyes.sign_in(link_for(world))
        eyes.open(f"/conversations/{chat}")
        expect(page.get_by_text("of a client alone").first).to_be_visible()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out")
        page.go_back()
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
        assert "of a client alone" not in page.content()


def test_a_frame_shows_one_chat_within_the_named_page_and_no_other(
    engine: Engine, browser: Browser
) -> None:
    """The CRM's page is of another site, where browsers keep no cookie but a frame's own."""
    with served_at(engine, free_port()) as (world, url), eyes_on(browser, url) as eyes:
        chat = world.writes(PHONE, "hello from Marta")
        frames = crm()
        with served(frames) as crm_url, served(crm()) as foreign_url:
            origin = crm_url.replace("127.0.0.1", "localhost")
            allowed = EmbeddingPolicy(allowed_origins=(origin,), session=timedelta(hours=1))
            world.policy = replace(world.policy, embedding=allowed)
            page = eyes.page
            page.goto(f"{origin}/?{frame_for(world, chat)}")
            frame = page.frame_locator("iframe")
            expect(frame.get_by_text("hello from Marta")).to_be_visible()
            frame.locator("textarea[name=text]").fill("from within the CRM")
            frame.get_by_role("button", name="Send").click()
            expect(frame.get_by_text("from within the CRM")).to_be_visible()
            foreign = foreign_url.replace("127.0.0.1", "localhost")
            page.goto(f"{foreign}/?{frame_for(world, chat)}")
            assert not shows(page, "hello from Marta")
            eyes.sign_in(link_for(world))
            page.goto(f"{origin}/?{url}/conversations/{chat}")
            assert not shows(page, "hello from Marta")


def shows(page: Page, text: str) -> bool:
    """Whether the frame on this page, once it has loaded, has the text in it."""
    page.wait_for_load_state("networkidle")
    return any(text in frame.content() for frame in page.frames[1:])


def crm() -> Flask:
    """A page of another origin with a frame; the frame's address is its own query."""
    app = Flask("crm")

    def show() -> Response:
        address = request.query_string.decode()
        return Response(
            f'<!doctype html><iframe src="{address}" width="380" height="700"></iframe>'
        )

    app.add_url_rule("/", "show", show)
    return app


@contextmanager
def served_at(engine: Engine, port: int) -> Iterator[tuple[World, str]]:
    """A house at an address that it knows."""
    url = f"http://127.0.0.1:{port}"
    world = World(engine, now=datetime.now(UTC), public_url=url, provider=OpenIdProvider())
    world.provider_secret = SECRET
    world.client("Marta", PHONE, ANA)
    server = make_sandbox_server(world.app, port)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield world, url
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def link_for(world: World, who: EmployeeId = ANA) -> str:
    with writing(world.engine) as db:
        token = create_login_link(db, f"employee:{who}", world.now)
    return f"{world.public_url}/login/{token}"


def frame_for(world: World, chat: ConversationId) -> str:
    with writing(world.engine) as db:
        token = create_embed_link(db, f"employee:{ANA}", conversation_shown(chat), world.now)
    return f"{world.public_url}/embed/{token}"
