"""Plays the clients, salespeople and admin of the reference system."""

from collections.abc import Mapping

from flask import Flask, Response, jsonify, request

from bridge.domain.crm_partners import (
    CrmPartnerAccount,
    Organisation,
    ProgrammeLead,
    SharingSetting,
)
from bridge.domain.crm_renewals import CrmRenewal
from bridge.domain.errors import PayloadInvalid
from bridge.domain.people import CrmEmployee
from bridge.domain.records import CrmContact, CrmDeal, CrmLead, Pipeline, RecordKind
from bridge.payload import Payload
from bridge.ports import ChannelReading
from connectors.webhook import sandbox_events as events
from connectors.webhook.channel_questions import PartnerPerson
from connectors.webhook.forms import read, written
from connectors.webhook.sandbox_posting import Poster
from connectors.webhook.sandbox_world import Body, SandboxMessage, World

_CHANNEL_SIDE: Mapping[str, type] = {
    "organisation": Organisation,
    "partner_users": PartnerPerson,
    "sharing": SharingSetting,
    "partner_leads": ProgrammeLead,
    "renewals": CrmRenewal,
}
_RECORDS: Mapping[str, tuple[str, type]] = {
    "contacts": ("contact", CrmContact),
    "deals": ("deal", CrmDeal),
    "leads": ("lead", CrmLead),
    "companies": ("company", CrmPartnerAccount),
}


def add_client(app: Flask, world: World, poster: Poster) -> None:
    @app.errorhandler(PayloadInvalid)
    def wrong_body(error: PayloadInvalid) -> tuple[Response, int]:
        return jsonify(error={"code": "invalid", "path": error.path}), 400

    @app.post("/_sandbox/seed")
    def seed() -> Response:
        """`{"webhook": address, "channels", "employees", "pipelines", "contacts", "deals",
        "leads"}`, each item as the questions are answered."""
        _seed(world, Payload.from_bytes(request.get_data()))
        return jsonify(ok=True)

    @app.post("/_sandbox/incoming")
    def incoming() -> Response:
        message = play(world, poster, Payload.from_bytes(request.get_data()))
        return jsonify(message_id=message.id)

    @app.post("/_sandbox/channel")
    def channel() -> Response:
        """`{"channel_id", "state"}`: the channel changes its state, and that is told."""
        body = Payload.from_bytes(request.get_data())
        channel_id, state = body.at("channel_id").text(), body.at("state").text()
        with world.lock:
            world.channels.setdefault(channel_id, {})["state"] = state
        poster.tell(events.channel_changed(channel_id, state))
        return jsonify(ok=True)

    @app.post("/_sandbox/owner")
    def owner() -> Response:
        """`{"kind", "record", "owner"}`: somebody changes an owner in the CRM."""
        body = Payload.from_bytes(request.get_data())
        kind = RecordKind(body.at("kind").text())
        record, owner = body.at("record").text(), body.text_or("owner") or None
        with world.lock:
            world.records[kind][record]["owner"] = owner
        poster.tell(events.owner_changed(kind, record, owner))
        return jsonify(ok=True)

    @app.post("/_sandbox/post")
    def post_as_is() -> Response:
        """Posts the given body, signed, whatever it is."""
        poster.later(Payload.from_bytes(request.get_data()).value)
        return jsonify(ok=True)

    @app.post("/_sandbox/settle")
    def settle() -> Response:
        """Waits until everything is posted, at most `seconds` (5)."""
        return jsonify(settled=poster.settled(request.args.get("seconds", 5.0, float)))


def play(world: World, poster: Poster, body: Payload) -> SandboxMessage:
    """Lets a client write: `{channel_id, chat_id, text?, file?, name?, phone?, username?}`.

    With the `message_id` of an earlier one he edits it (`text`), deletes it (`deleted`) or reacts
    to it (`emoji`, empty to take it back).
    """
    before = world.messages.get(body.text_or("message_id"))
    if before is not None:
        _change(world, poster, before, body)
        return before
    channel_id, chat_id = body.at("channel_id").text(), body.at("chat_id").text()
    if channel_id not in world.channels:
        raise PayloadInvalid("$.channel_id is no channel", "$.channel_id")
    number = world.number()
    message = SandboxMessage(
        seq=number,
        id=body.text_or("message_id") or f"m{number}",
        channel_id=channel_id,
        chat_id=chat_id,
        outgoing=False,
        text=body.text_or("text"),
        file=body.text_or("file"),
    )
    named = {key: body.text_or(key) for key in ("name", "phone", "username")}
    with world.lock:
        known = world.names.setdefault((channel_id, chat_id), {})
        known.update({key: text for key, text in named.items() if text})
    world.add(message)
    poster.tell(events.received(world, message))
    return message


def _change(world: World, poster: Poster, message: SandboxMessage, body: Payload) -> None:
    if body.has("emoji"):
        message.reaction = body.text_or("emoji")
        poster.tell(events.reacted(world, message))
    elif body.mapping().get("deleted"):
        message.deleted = True
        poster.tell(events.deleted(world, message))
    else:
        before, message.text, message.edited = message.text, body.at("text").text(), True
        poster.tell(events.edited(world, message, before))


def _seed(world: World, body: Payload) -> None:
    channels = _given(body, "channels", ChannelReading)
    with world.lock:
        world.address = body.text_or("webhook", world.address)
        world.channels.update({str(one["channel_id"]): one for one in channels})
        world.employees += _given(body, "employees", CrmEmployee)
        world.pipelines += _given(body, "pipelines", Pipeline)
        for key, (kind, form) in _RECORDS.items():
            found = _given(body, key, form)
            world.records[kind].update({str(one["crm_id"]): one for one in found})
        for key, form in _CHANNEL_SIDE.items():
            world.channel_side.setdefault(key, []).extend(_given(body, key, form))


def _given(body: Payload, key: str, form: type) -> list[Body]:
    items = body.get(key)
    if items is None:
        return []
    found = [written(read(form, one, strict=True)) for one in items.items()]
    return [dict(one) for one in found if isinstance(one, Mapping)]
