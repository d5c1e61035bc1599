"""What a stranger's page or a bent address can make a browser do here: nothing (S12, S14)."""

import pytest

from bridge.web.auth import csrf_token
from tests.web.browsing import link
from tests.web.world import ANA, LUIS, World


def test_s14_nobody_is_signed_in_by_a_form_that_was_never_shown_here(world: World) -> None:
    """The token of no cookie at all is one that anybody can make."""
    stranger = world.app.test_client()
    form = {"csrf": csrf_token("")}
    assert stranger.post(f"/login/{link(world)}", data=form).status_code == 403
    assert stranger.get("/conversations").status_code == 303


@pytest.mark.parametrize("query", ["q=\xff", "\xaf=1", "cursor=\xed\xa0\x80", "q=a\xc0\x80"])
def test_s12_an_address_that_is_no_text_is_refused(world: World, query: str) -> None:
    key = {"Authorization": f"Bearer {world.key(f'employee:{ANA}')}"}
    raw = {"QUERY_STRING": query}
    api = world.app.test_client().get("/api/v1/conversations", headers=key, environ_overrides=raw)
    assert (api.status_code, api.get_json()["reason"]) == (400, "request.invalid")
    for page in ("/conversations", "/feed", "/login"):
        assert world.signed_in(LUIS).get(page, environ_overrides=raw).status_code == 400


@pytest.mark.parametrize("path", ["/conversations/\xff", "/events/\xed\xa0\x80", "/\xff"])
def test_s12_a_path_that_is_no_text_is_nowhere(world: World, path: str) -> None:
    raw = {"PATH_INFO": path}
    assert world.signed_in(LUIS).get("/", environ_overrides=raw).status_code == 404
