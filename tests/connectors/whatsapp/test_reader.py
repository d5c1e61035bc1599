"""Numbers and templates as Meta lists them, and what the bridge can do with each."""

from typing import Any

import pytest
from flask import Flask, Response, jsonify, request

from bridge.domain.errors import (
    ConfigError,
    CredentialsInvalid,
    DeliveryTransient,
    OutcomeUnknown,
)
from bridge.domain.messaging import ChannelState, Messenger
from bridge.ports import Account, TemplateReading
from connectors.whatsapp.reader import WhatsAppReader
from connectors.whatsapp.templates import templates
from tests.connectors.whatsapp.building import NUMBER, WABA, account
from tests.connectors.whatsapp.meta import TEMPLATE, Meta
from tests.serving import served


def test_a_number_is_a_channel_with_a_window(at_meta: Account) -> None:
    (channel,) = WhatsAppReader(at_meta).channels()
    assert (channel.channel_id, channel.messenger) == (NUMBER, Messenger.WHATSAPP)
    assert (channel.plain_id, channel.name) == ("+1 555-078-3881", "Acme")
    assert (channel.state, channel.detail) == (ChannelState.ACTIVE, "CONNECTED GREEN TIER_1K")
    assert (channel.window_hours, channel.can_write_first) == (24, True)


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("CONNECTED", ChannelState.ACTIVE),
        ("LINKED", ChannelState.ACTIVE),
        ("FLAGGED", ChannelState.ACTIVE),
        ("PENDING", ChannelState.CONNECTING),
        ("DISCONNECTED", ChannelState.UNREACHABLE),
        ("BANNED", ChannelState.BLOCKED),
        ("DELETED", ChannelState.DISABLED),
        ("SOMETHING_NEW", ChannelState.UNKNOWN),
    ],
)
def test_each_state_has_a_meaning(
    meta: Meta, at_meta: Account, word: str, state: ChannelState
) -> None:
    meta.steer("seed", numbers=[{"id": NUMBER, "status": word}])
    (channel,) = WhatsAppReader(at_meta).channels()
    assert channel.state is state


def paged(count: int) -> Flask:
    """Numbers on several pages, and how often they were asked for."""
    app = Flask(__name__)
    app.config["asked"] = []

    @app.get("/v23.0/<waba>/phone_numbers")
    def page(waba: str) -> Response:
        after = int(request.args.get("after", 0))
        app.config["asked"].append((waba, after))
        more = {"next": "https://elsewhere.example"} if after + 1 < count else {}
        paging = {"cursors": {"after": str(after + 1)}, **more}
        return jsonify(data=[{"id": f"{waba}{after}"}], paging=paging)

    return app


def test_all_pages_of_all_accounts_are_read() -> None:
    """The next page is asked of the same host, whatever its link says."""
    with served(paged(3)) as url:
        found = WhatsAppReader(account(url, waba_id="1, 2")).channels()
    assert [channel.channel_id for channel in found] == ["10", "11", "12", "20", "21", "22"]


def test_pages_without_end_end() -> None:
    with served(paged(1000)) as url, pytest.raises(OutcomeUnknown, match="50 pages"):
        WhatsAppReader(account(url)).channels()


@pytest.mark.parametrize("waba_id", ["", "abc", "1;2", "1/2", "../x"])
def test_an_account_that_is_none_is_refused(waba_id: str) -> None:
    with pytest.raises(ConfigError, match="waba_id"):
        WhatsAppReader(account(waba_id=waba_id))


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("401", CredentialsInvalid),
        ("429", DeliveryTransient),
        ("500", OutcomeUnknown),
        ("html", OutcomeUnknown),
        ("reset", DeliveryTransient),
    ],
)
def test_what_meta_answers_is_told_apart(
    meta: Meta, at_meta: Account, fault: str, error: type[Exception]
) -> None:
    meta.fail(fault, match="phone_numbers")
    with pytest.raises(error):
        WhatsAppReader(at_meta).channels()


@pytest.mark.parametrize("data", [None, 5, [5], [{}], [{"id": []}]])
def test_a_list_of_another_shape_is_unknown(data: Any) -> None:
    app = Flask(__name__)
    app.get("/v23.0/<waba>/phone_numbers")(lambda waba: jsonify(data=data))
    with served(app) as url, pytest.raises(OutcomeUnknown):
        WhatsAppReader(account(url)).channels()


def template(**changed: Any) -> TemplateReading:
    app = Flask(__name__)
    app.get(f"/v23.0/{WABA}/message_templates")(lambda: jsonify(data=[TEMPLATE | changed]))
    with served(app) as url:
        (found,) = templates(account(url))
    return found


def test_a_template_is_listed_with_its_text_and_places(at_meta: Account) -> None:
    (found,) = templates(at_meta)
    assert (found.name, found.language, found.usable) == ("promo", "en_US", True)
    assert found.text == "Fall Sale\nHi {{1}}, use {{2}}\nNot interested? Tap Stop"
    assert (found.places, found.detail) == (2, "APPROVED")


def test_a_place_named_twice_wants_one_value() -> None:
    assert template(components=[{"type": "BODY", "text": "{{1}} and {{ 1 }}"}]).places == 1


@pytest.mark.parametrize("status", ["PENDING", "REJECTED", "PAUSED", "DISABLED"])
def test_a_template_that_is_not_approved_is_not_usable(status: str) -> None:
    found = template(status=status, rejected_reason="ABUSIVE_CONTENT")
    assert (found.usable, found.detail) == (False, f"{status}: ABUSIVE_CONTENT")


BODY = {"type": "BODY", "text": "Hi"}


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"parameter_format": "NAMED"}, "its places have names"),
        ({"category": "AUTHENTICATION"}, "one-time codes"),
        ({"components": [{"type": "HEADER", "format": "IMAGE"}, BODY]}, "header is a file"),
        (
            {"components": [{"type": "HEADER", "format": "TEXT", "text": "{{1}}"}, BODY]},
            "header has a place",
        ),
        (
            {
                "components": [
                    BODY,
                    {"type": "BUTTONS", "buttons": [{"type": "URL", "url": "https://x/{{1}}"}]},
                ]
            },
            "button",
        ),
        (
            {"components": [BODY, {"type": "BUTTONS", "buttons": [{"type": "COPY_CODE"}]}]},
            "button",
        ),
        ({"components": [BODY, {"type": "CAROUSEL", "cards": []}]}, "carousel"),
    ],
)
def test_a_template_that_wants_more_than_texts_says_so(changed: dict[str, Any], why: str) -> None:
    found = template(**changed)
    assert not found.usable
    assert why in found.detail


@pytest.mark.parametrize(
    "button",
    [
        {"type": "QUICK_REPLY", "text": "Stop"},
        {"type": "PHONE_NUMBER", "phone_number": "+1"},
        {"type": "URL", "url": "https://x/y"},
    ],
)
def test_buttons_that_want_nothing_are_no_obstacle(button: dict[str, str]) -> None:
    assert template(components=[BODY, {"type": "BUTTONS", "buttons": [button]}]).usable


@pytest.mark.parametrize("changed", [{"name": 5}, {"components": 5}, {"components": [5]}])
def test_a_template_of_another_shape_is_unknown(changed: dict[str, Any]) -> None:
    with pytest.raises(OutcomeUnknown):
        template(**changed)
