"""POST …/messages and …/media of the stand-in, with the checks that Meta documents."""

import re
from collections.abc import Mapping
from datetime import timedelta

from flask import Flask, Response, jsonify, request

from bridge.domain.errors import PayloadInvalid
from bridge.payload import Payload
from connectors.whatsapp.sandbox_posting import Poster, announce_status
from connectors.whatsapp.sandbox_world import SandboxMessage, SandboxPerson, World
from connectors.whatsapp.uploads import MAX_FILE

MAX_TEXT, MAX_CAPTION, MAX_KEY = 4096, 1024, 512
_FILES = frozenset({"image", "audio", "video", "document", "sticker"})
_CAPTIONED = frozenset({"image", "video", "document"})
_PLACE = re.compile(r"\{\{(\d+)\}\}")
_LATE = {
    131047: "Re-engagement message",
    131026: "Message undeliverable",
}
UNREACHABLE = "0000"  # a number that ends so has no WhatsApp
Answered = tuple[Response, int]


class Refusal(Exception):
    """What Meta answers instead of sending."""

    def __init__(self, code: int, message: str, status: int = 400, subcode: int = 0) -> None:
        super().__init__(message)
        self.code, self.message, self.status, self.subcode = code, message, status, subcode

    def answer(self) -> Answered:
        error: dict[str, object] = {
            "message": f"(#{self.code}) {self.message}",
            "type": "OAuthException",
            "code": self.code,
            "error_data": {"messaging_product": "whatsapp", "details": self.message},
            "fbtrace_id": "AXsgnV2Cm3ZMGF3dF_cfYIn",
        }
        if self.subcode:
            error["error_subcode"] = self.subcode
        return jsonify(error=error), self.status


def add_sending(app: Flask, world: World, poster: Poster) -> None:
    @app.errorhandler(Refusal)
    def refused(refusal: Refusal) -> Answered:
        return refusal.answer()

    @app.post("/<version>/<number_id>/messages")
    def send(version: str, number_id: str) -> Response:
        _check_number(world, number_id)
        if not world.within_rate():
            raise Refusal(130429, "Cloud API message throughput has been reached.", 429)
        try:
            return _send(world, poster, number_id, Payload.from_bytes(request.get_data()))
        except PayloadInvalid as error:
            raise Refusal(100, f"Invalid parameter {error.path}") from error

    @app.post("/<version>/<number_id>/media")
    def upload(version: str, number_id: str) -> Response:
        _check_number(world, number_id)
        return jsonify(id=_upload(world))


def _upload(world: World) -> str:
    file = request.files.get("file")
    if request.form.get("messaging_product") != "whatsapp" or file is None:
        raise Refusal(100, "The parameters messaging_product and file are required.")
    content = file.read()
    if not content or len(content) > MAX_FILE:
        raise Refusal(131053, "Media upload error")
    return world.add_file(content, file.content_type or "application/octet-stream")


def _check_number(world: World, number_id: str) -> None:
    number = world.numbers.get(number_id)
    if number is None:
        raise Refusal(100, "Unsupported post request. Object does not exist.", 400, 33)
    if number["status"] != "CONNECTED":
        raise Refusal(133010, "The account does not exist in the Cloud API")


def _send(world: World, poster: Poster, number_id: str, body: Payload) -> Response:
    if body.text_or("messaging_product") != "whatsapp":
        raise Refusal(100, "The parameter messaging_product is required.")
    to, recipient = body.text_or("to"), body.text_or("recipient")
    if not to and not recipient:
        raise Refusal(131008, "Required parameter is missing: to")
    person = world.by_address(to, recipient) if _is_person(body, to) else None
    if person is None:
        raise Refusal(131009, "Parameter value is not valid: recipient")
    text, content = _content(world, body)
    if not world.within_pair_rate(number_id, person.wa_id):
        raise Refusal(131056, "(Business Account, Consumer Account) pair rate limit hit")
    message = world.add(_message(world, number_id, person, body, text, content))
    _tell(world, poster, message)
    input_ = to or recipient
    known = {"wa_id": person.wa_id} if to else {"user_id": person.user_id}
    return jsonify(
        messaging_product="whatsapp",
        contacts=[{"input": input_, **known}],
        messages=[{"id": message.message_id, "message_status": "accepted"}],
    )


def _is_person(body: Payload, to: str) -> bool:
    """There are no groups here; a number may be spelled as people do."""
    individual = body.text_or("recipient_type", "individual") == "individual"
    return individual and re.fullmatch(r"[0-9 ()+.-]*", to) is not None


def _message(
    world: World,
    number_id: str,
    person: SandboxPerson,
    body: Payload,
    text: str,
    content: Mapping[str, object],
) -> SandboxMessage:
    key = body.text_or("biz_opaque_callback_data")
    if len(key) > MAX_KEY:
        raise Refusal(100, "biz_opaque_callback_data is too long")
    context = body.get("context") or Payload({}, "$.context")
    reply_to = context.text_or("message_id")
    if reply_to and reply_to not in world.messages:
        raise Refusal(131009, "Parameter value is not valid: context.message_id")
    return SandboxMessage(
        seq=0,
        message_id="",
        number_id=number_id,
        wa_id=person.wa_id,
        outgoing=True,
        at=world.now(),
        kind=body.at("type").text(),
        content=content,
        text=text,
        status="accepted",
        our_key=key,
        reply_to=reply_to,
    )


def _content(world: World, body: Payload) -> tuple[str, Mapping[str, object]]:
    """The text that the client reads, and the part that bears the name of the type."""
    kind = body.at("type").text()
    part = body.at(kind)
    if kind == "text":
        text = part.at("body").text()
        if not 0 < len(text) <= MAX_TEXT:
            raise Refusal(100, f"Param text['body'] must be at most {MAX_TEXT} characters long.")
        return text, part.mapping()
    if kind in _FILES:
        return _file(world, kind, part), part.mapping()
    if kind == "template":
        return _template(world, part), part.mapping()
    if kind == "location":
        return f"{part.at('latitude').text()},{part.at('longitude').text()}", part.mapping()
    raise Refusal(131051, "Unsupported message type")


def _file(world: World, kind: str, part: Payload) -> str:
    if not part.has("id") and not part.has("link"):
        raise Refusal(131008, "Required parameter is missing: id or link")
    if part.has("id") and world.file(part.at("id").text()) is None:
        raise Refusal(131009, "Parameter value is not valid: media id")
    caption = part.text_or("caption")
    if caption and kind not in _CAPTIONED:
        raise Refusal(100, f"Unexpected key caption on {kind}")
    if len(caption) > MAX_CAPTION:
        raise Refusal(100, f"Param caption must be at most {MAX_CAPTION} characters long.")
    return caption


def _template(world: World, part: Payload) -> str:
    name, language = part.at("name").text(), part.at("language").at("code").text()
    found = next(
        (t for t in world.templates if t.get("name") == name and t.get("language") == language),
        None,
    )
    if found is None or found.get("status") != "APPROVED":
        raise Refusal(132001, "Template does not exist in the translation", 404)
    text = _body_of(Payload(found))
    values = [value for one in _listed(part, "components") for value in _values(one)]
    if len(values) != len(set(_PLACE.findall(text))):
        raise Refusal(132000, "Number of parameters does not match the expected number")
    return _PLACE.sub(lambda place: values[int(place[1]) - 1], text)


def _body_of(template: Payload) -> str:
    for component in _listed(template, "components"):
        if component.text_or("type") == "BODY":
            return component.text_or("text")
    return ""


def _values(component: Payload) -> list[str]:
    return [value.at("text").text() for value in _listed(component, "parameters")]


def _listed(parent: Payload, key: str) -> list[Payload]:
    found = parent.get(key)
    return [] if found is None else list(found.items())


def _tell(world: World, poster: Poster, message: SandboxMessage) -> None:
    """The statuses; what WhatsApp does not deliver is accepted first and fails later."""
    code = _late_failure(world, message)
    if code is not None:
        error = {
            "code": code,
            "title": _LATE[code],
            "message": _LATE[code],
            "error_data": {"details": _LATE[code]},
        }
        announce_status(poster, message, "failed", error)
        return
    for word in ("sent", "delivered", "read"):
        announce_status(poster, message, word)


def _late_failure(world: World, message: SandboxMessage) -> int | None:
    if message.wa_id.endswith(UNREACHABLE):
        return 131026
    if message.kind == "template" or world.window_is_open(message.number_id, message.wa_id):
        return None
    return 131047


def advance(world: World, seconds: int) -> None:
    with world.lock:
        world.ahead += timedelta(seconds=seconds)
