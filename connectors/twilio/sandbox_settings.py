"""The stand-in's numbers, WhatsApp senders, templates and files, as Twilio's APIs show them."""

from collections.abc import Mapping

from flask import Flask, Response, jsonify, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from bridge.payload import Payload
from connectors.twilio.sandbox_sending import Refusal
from connectors.twilio.sandbox_world import SandboxChannel, World

_ACCOUNT = "/2010-04-01/Accounts/<account_sid>"
_WHEN = "2025-07-30T23:19:04Z"
_MADE = "Wed, 30 Jul 2025 23:19:04 +0000"


def add_settings(app: Flask, world: World, account_sid: str) -> None:
    _add_numbers(app, world, account_sid)
    _add_senders(app, world)
    _add_contents(app, world, account_sid)
    _add_files(app, world)


def _add_numbers(app: Flask, world: World, ours: str) -> None:
    @app.get(f"{_ACCOUNT}/IncomingPhoneNumbers.json")
    def numbers(account_sid: str) -> Response:
        found = [c for c in world.channels.values() if not c.is_sender]
        size, page = request.args.get("PageSize", 50, int), request.args.get("Page", 0, int)
        shown = found[page * size : (page + 1) * size]
        here = f"{request.path}?PageSize={size}&Page="
        return jsonify(
            end=max(len(shown) - 1, 0),
            start=0,
            page=page,
            page_size=size,
            first_page_uri=f"{here}0",
            next_page_uri=f"{here}{page + 1}" if len(found) > (page + 1) * size else None,
            previous_page_uri=None,
            uri=f"{here}{page}",
            incoming_phone_numbers=[_number(ours, one) for one in shown],
        )

    @app.post(f"{_ACCOUNT}/IncomingPhoneNumbers/<sid>.json")
    def change_number(account_sid: str, sid: str) -> Response:
        named = {"SmsUrl": "hook", "SmsMethod": "method", "SmsApplicationSid": "application"}
        changes = {key: request.form[name] for name, key in named.items() if name in request.form}
        return jsonify(_number(ours, _changed(world, sid, changes)))


def _add_senders(app: Flask, world: World) -> None:
    @app.get("/v2/Channels/Senders")
    def senders() -> Response:
        if request.args.get("Channel") not in ("whatsapp", "rcs"):
            raise Refusal(20001, "Channel is required")
        wanted = request.args["Channel"] == "whatsapp"
        found = [_sender(c) for c in world.channels.values() if c.is_sender and wanted]
        return jsonify(senders=found, meta=_meta("senders", len(found)))

    @app.post("/v2/Channels/Senders/<sid>")
    def change_sender(sid: str) -> tuple[Response, int]:
        webhook = Payload.from_bytes(request.get_data()).at("webhook")
        changes = {
            "hook": webhook.text_or("callback_url"),
            "method": webhook.text_or("callback_method", "POST"),
        }
        return jsonify(_sender(_changed(world, sid, changes))), 202


def _add_contents(app: Flask, world: World, account_sid: str) -> None:
    @app.get("/v1/ContentAndApprovals")
    def contents() -> Response:
        found = [_content(account_sid, sid, given) for sid, given in world.contents.items()]
        return jsonify(contents=found, meta=_meta("contents", len(found)))


def _add_files(app: Flask, world: World) -> None:
    @app.get(f"{_ACCOUNT}/Messages/<message_sid>/Media/<sid>")
    def where(account_sid: str, message_sid: str, sid: str) -> AnyResponse:
        """Twilio redirects to a store of its own, where nobody signs in."""
        kept = world.files.get(sid)
        if kept is None or kept.message != message_sid:
            raise Refusal(20404, "The requested resource was not found", 404)
        return redirect(f"/_files/{sid}", code=307)

    @app.get(f"{_ACCOUNT}/Messages/<message_sid>/Media.json")
    def files(account_sid: str, message_sid: str) -> Response:
        with world.lock:
            found = [file for file in world.files.values() if file.message == message_sid]
        shown = [{"sid": file.sid, "content_type": file.content_type} for file in found]
        return jsonify(media_list=shown, next_page_uri=None)

    @app.get("/_files/<sid>")
    def content(sid: str) -> Response:
        kept = world.files[sid]
        return Response(kept.content, content_type=kept.content_type)


def _changed(world: World, sid: str, changes: Mapping[str, str]) -> SandboxChannel:
    changed = world.change_channel(sid, **changes)
    if changed is None:
        raise Refusal(20404, "The requested resource was not found", 404)
    return changed


def _number(account_sid: str, channel: SandboxChannel) -> Mapping[str, object]:
    return {
        "account_sid": account_sid,
        "address_requirements": "none",
        "address_sid": None,
        "api_version": "2010-04-01",
        "beta": False,
        "bundle_sid": None,
        "capabilities": {"voice": True, "sms": True, "mms": True, "fax": False},
        "date_created": _MADE,
        "date_updated": _MADE,
        "emergency_address_sid": None,
        "emergency_address_status": "unregistered",
        "emergency_status": "Inactive",
        "friendly_name": channel.name or channel.address,
        "identity_sid": None,
        "origin": "twilio",
        "phone_number": channel.address,
        "sid": channel.sid,
        "sms_application_sid": channel.application or None,
        "sms_fallback_method": "POST",
        "sms_fallback_url": "",
        "sms_method": channel.method,
        "sms_url": channel.hook,
        "status": "in-use",
        "status_callback": "",
        "status_callback_method": "POST",
        "trunk_sid": None,
        "type": "local",
        "uri": f"/2010-04-01/Accounts/{account_sid}/IncomingPhoneNumbers/{channel.sid}.json",
        "voice_application_sid": None,
        "voice_caller_id_lookup": False,
        "voice_fallback_method": "POST",
        "voice_fallback_url": None,
        "voice_method": "POST",
        "voice_receive_mode": "voice",
        "voice_url": None,
    }


def _sender(channel: SandboxChannel) -> Mapping[str, object]:
    reason = {"code": "63020", "message": "offline", "more_info": "https://www.twilio.com/docs"}
    return {
        "sid": channel.sid,
        "status": channel.status,
        "sender_id": channel.address,
        "friendly_name": None,
        "configuration": None,
        "webhook": {
            "callback_url": channel.hook or None,
            "callback_method": channel.method if channel.hook else None,
            "fallback_url": None,
            "fallback_method": None,
            "status_callback_url": None,
            "status_callback_method": None,
        },
        "profile": {"name": channel.name or None, "about": None},
        "properties": {"quality_rating": "HIGH", "messaging_limit": "10K Customers/24hr"},
        "offline_reasons": [reason] if channel.status == "OFFLINE" else None,
        "url": f"https://messaging.twilio.com/v2/Channels/Senders/{channel.sid}",
    }


def _content(account_sid: str, sid: str, given: Mapping[str, object]) -> Mapping[str, object]:
    return {
        "sid": sid,
        "account_sid": account_sid,
        "date_created": _WHEN,
        "date_updated": _WHEN,
        "friendly_name": given["name"],
        "language": given["language"],
        "variables": given["variables"],
        "types": {"twilio/text": {"body": given["body"]}},
        "approval_requests": {
            "name": given["name"],
            "category": "UTILITY",
            "content_type": "twilio/text",
            "status": given["status"],
            "rejection_reason": "",
            "allow_category_change": True,
        },
    }


def _meta(key: str, count: int) -> Mapping[str, object]:
    here = request.url
    return {
        "page": 0,
        "page_size": max(count, 1),
        "first_page_url": here,
        "previous_page_url": None,
        "next_page_url": None,
        "url": here,
        "key": key,
    }
