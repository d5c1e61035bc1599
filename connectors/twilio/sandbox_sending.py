"""Messages.json of the stand-in, with the checks that Twilio documents."""

import json
import re
from collections.abc import Mapping
from email.utils import format_datetime
from urllib.parse import urlencode

from flask import Flask, Response, jsonify, request

from connectors.twilio.sandbox_posting import OUTSIDE_WINDOW, Poster, report
from connectors.twilio.sandbox_world import SandboxMessage, World

MAX_TEXT = 1600
MAX_FILES = 10
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}|[0-9]{3,8}")
_USER = re.compile(r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}")
_ACCOUNT = "/2010-04-01/Accounts/<account_sid>"


class Refusal(Exception):
    """What Twilio answers instead of sending."""

    def __init__(self, code: int, said: str, status: int = 400) -> None:
        super().__init__(said)
        self.code = code
        self.said = said
        self.status = status

    def answer(self) -> tuple[Response, int]:
        body = {
            "code": self.code,
            "message": self.said,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }
        return jsonify(body), self.status


def add_sending(app: Flask, world: World, poster: Poster) -> None:
    @app.errorhandler(Refusal)
    def refused(refusal: Refusal) -> tuple[Response, int]:
        return refusal.answer()

    @app.post(f"{_ACCOUNT}/Messages.json")
    def send(account_sid: str) -> tuple[Response, int]:
        checked = _checked(world)
        sent = world.add(checked)
        for link in request.form.getlist("MediaUrl"):
            world.add_file(sent.sid, "image/jpeg", link.encode())
        template = bool(sent.content_sid)
        whatsapp = sent.sender.startswith("whatsapp:")
        closed = whatsapp and not template and not world.window_is_open(*sent.chat)
        report(poster, sent, OUTSIDE_WINDOW if closed else None)
        return jsonify(as_vendor(poster.account_sid, sent)), 201

    @app.get(f"{_ACCOUNT}/Messages.json")
    def listed(account_sid: str) -> Response:
        size = request.args.get("PageSize", 50, int)
        page = request.args.get("Page", 0, int)
        with world.lock:
            found = [m for m in reversed(world.messages.values()) if _is_asked_for(m)]
        shown = found[page * size : (page + 1) * size]
        asked = {name: value for name, value in request.args.items() if name != "Page"}
        here = f"{request.path}?{urlencode(asked)}&Page="
        return jsonify(
            end=max(len(shown) - 1, 0),
            start=page * size,
            page=page,
            page_size=size,
            first_page_uri=f"{here}0",
            next_page_uri=f"{here}{page + 1}" if len(found) > (page + 1) * size else None,
            previous_page_uri=None,
            uri=f"{here}{page}",
            messages=[as_vendor(poster.account_sid, message) for message in shown],
        )


def as_vendor(account_sid: str, message: SandboxMessage) -> Mapping[str, object]:
    path = f"/2010-04-01/Accounts/{account_sid}/Messages/{message.sid}"
    when = format_datetime(message.at)
    return {
        "account_sid": account_sid,
        "api_version": "2010-04-01",
        "body": message.body,
        "date_created": when,
        "date_sent": None if message.status == "queued" else when,
        "date_updated": when,
        "direction": "outbound-api" if message.outgoing else "inbound",
        "error_code": message.error_code,
        "error_message": None,
        "from": message.sender or None,
        "messaging_service_sid": message.service or None,
        "num_media": str(len(message.media)),
        "num_segments": "1",
        "price": None,
        "price_unit": None,
        "sid": message.sid,
        "status": message.status,
        "subresource_uris": {"media": f"{path}/Media.json"},
        "to": message.receiver,
        "uri": f"{path}.json",
    }


def _is_asked_for(message: SandboxMessage) -> bool:
    to, sender = request.args.get("To"), request.args.get("From")
    day = request.args.get("DateSent>", "")
    return (
        (not to or message.receiver == to)
        and (not sender or message.sender == sender)
        and message.at.date().isoformat() >= day
    )


def _checked(world: World) -> SandboxMessage:
    """The message that the form asks for; raises Refusal in Twilio's words."""
    form = request.form
    to, sender, service = (form.get(k, "") for k in ("To", "From", "MessagingServiceSid"))
    _check_addresses(world, to, sender, service)
    body, links, content_sid = _content(world)
    if (sender, to) in world.opted_out:
        raise Refusal(21610, "Attempt to send to unsubscribed recipient")
    if form.get("StatusCallback", "https://").partition("://")[0] not in ("http", "https"):
        raise Refusal(21609, "The 'StatusCallback' URL is not a valid URL")
    return SandboxMessage(
        seq=0,
        sid="",
        sender=sender or _of_service(world, to),
        receiver=to,
        outgoing=True,
        at=world.now(),
        body=body,
        media=tuple(links),
        status="queued",
        service=service,
        callback=form.get("StatusCallback", ""),
        content_sid=content_sid,
    )


def _check_addresses(world: World, to: str, sender: str, service: str) -> None:
    if not to:
        raise Refusal(21604, "A 'To' phone number is required.")
    if not sender and not service:
        raise Refusal(21603, "A 'From' phone number is required.")
    scheme, _, plain = to.rpartition(":")
    if not (_PHONE.fullmatch(plain) or (scheme == "whatsapp" and _USER.fullmatch(plain))):
        raise Refusal(21211, f"Invalid 'To' Phone Number: {to}")
    if sender and sender.rpartition(":")[0] != scheme:
        raise Refusal(21910, "Invalid From and To pair. From and To should be of the same channel")
    if sender == to:
        raise Refusal(21266, "'To' and 'From' number cannot be the same")
    if sender and world.channel_of(sender) is None:
        if scheme:
            raise Refusal(63007, "Twilio could not find a Channel with the specified From address")
        raise Refusal(
            21606,
            f"The 'From' phone number {sender} is not a valid, message-capable "
            "Twilio phone number for this destination",
        )


def _of_service(world: World, to: str) -> str:
    """The first sender of the same kind."""
    whatsapp = to.startswith("whatsapp:")
    found = (c.address for c in world.channels.values() if c.is_sender is whatsapp)
    if (address := next(found, None)) is None:
        raise Refusal(21703, "The Messaging Service does not have a phone number available")
    return address


def _content(world: World) -> tuple[str, list[str], str]:
    form = request.form
    body, links = form.get("Body", ""), form.getlist("MediaUrl")
    content_sid = form.get("ContentSid", "")
    if content_sid:
        return _filled(world, content_sid, form.get("ContentVariables", "{}")), [], content_sid
    if not body and not links:
        raise Refusal(21619, "A text message body or media urls must be specified.")
    if len(body) > MAX_TEXT:
        raise Refusal(21617, "The concatenated message body exceeds the 1600 character limit")
    if len(links) > MAX_FILES:
        raise Refusal(21623, "Number of media files exceeds allowed limit")
    if not all(link.startswith(("http://", "https://")) for link in links):
        raise Refusal(21620, "Invalid media URL(s)")
    return body, links, ""


def _filled(world: World, content_sid: str, variables: str) -> str:
    found = world.contents.get(content_sid)
    if found is None:
        raise Refusal(21655, "The ContentSid is Invalid")
    try:
        values = dict(json.loads(variables))
    except (ValueError, TypeError) as error:
        raise Refusal(21656, "The ContentVariables Parameter is invalid") from error
    text = str(found["body"])
    for name, value in values.items():
        text = text.replace(f"{{{{{name}}}}}", str(value))
    return text
