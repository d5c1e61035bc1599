"""The send methods of the stand-in, with the checks that the vendor documents."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.telegram.sandbox_posting import Poster
from connectors.telegram.sandbox_world import Json, Place, SandboxFile, SandboxMessage, World
from connectors.telegram.sends import MOST_PHOTO_UPLOADED, MOST_UPLOADED
from connectors.telegram.words import BOT_CHANNEL

MAX_TEXT, MAX_CAPTION = 4096, 1024
_LINKED_DOCUMENTS = (".pdf", ".zip", ".gif")
_EXTRA: Mapping[str, Json] = {
    "photo": {"width": 800, "height": 600},
    "document": {},
    "audio": {"duration": 3},
    "voice": {"duration": 3},
    "video": {"duration": 3, "width": 640, "height": 480},
    "sticker": {
        "type": "regular",
        "width": 512,
        "height": 512,
        "is_animated": False,
        "is_video": False,
    },
}
METHODS = {
    "sendMessage": "text",
    "sendPhoto": "photo",
    "sendDocument": "document",
    "sendAudio": "audio",
    "sendVoice": "voice",
    "sendVideo": "video",
    "sendSticker": "sticker",
    "sendLocation": "location",
}


class Refusal(Exception):
    """What the vendor answers instead of doing it."""

    def __init__(self, status: int, description: str, parameters: Json | None = None) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.parameters = parameters or {}

    def answer(self) -> Json:
        body: Json = {"ok": False, "error_code": self.status, "description": self.description}
        return body | ({"parameters": self.parameters} if self.parameters else {})


def bad(description: str) -> Refusal:
    return Refusal(400, f"Bad Request: {description}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The parameters of a call, and the files that came with it."""

    values: Mapping[str, Any]
    files: Mapping[str, SandboxFile] = field(default_factory=dict)

    def text(self, key: str) -> str:
        found = self.values.get(key, "")
        return found if isinstance(found, str) else str(found)

    def whole(self, key: str) -> int | None:
        found = self.values.get(key)
        if isinstance(found, str) and found.removeprefix("-").isdigit():
            return int(found)
        return found if isinstance(found, int) and not isinstance(found, bool) else None

    def real(self, key: str) -> float:
        try:
            return float(self.values[key])
        except (KeyError, TypeError, ValueError) as error:
            raise bad(f"{key} is empty") from error


def send(world: World, poster: Poster, method: str, given: Given) -> Json:
    """The Message that was sent; a rep's chat hears of it too, as an update."""
    place = _place(world, given)
    _check_rate(world, place)
    sender = _sender(world, place)
    content = _content(world, METHODS[method], given) | _reply(world, place, given)
    message = world.add(place, content, outgoing=True, sender=sender)
    if place[0] != BOT_CHANNEL:
        message = world.change(
            message, vendor={**message.vendor, "sender_business_bot": _shown_bot(world)}
        )
        poster.update("business_message", message.vendor)
    return message.vendor


def _place(world: World, given: Given) -> Place:
    chat_id = given.whole("chat_id")
    if chat_id is None:
        raise bad("chat_id is empty" if not given.text("chat_id") else "chat not found")
    connection_id = given.text("business_connection_id")
    if connection_id:
        return _business_place(world, connection_id, chat_id)
    group = world.groups.get(chat_id)
    if group is not None:
        _check_group(world, group)
        return BOT_CHANNEL, chat_id
    _check_person(world, chat_id)
    return BOT_CHANNEL, chat_id


def _business_place(world: World, connection_id: str, chat_id: int) -> Place:
    connection = world.connections.get(connection_id)
    if connection is None or not connection["is_enabled"]:
        raise bad("business connection not found")
    if not connection.get("rights", {}).get("can_reply"):
        raise bad("not enough rights to send messages on behalf of the business account")
    if chat_id not in world.people:
        raise bad("BUSINESS_PEER_INVALID")
    if not world.is_open((connection_id, chat_id)):
        raise bad("BUSINESS_PEER_USAGE_MISSING")
    return connection_id, chat_id


def _check_rate(world: World, place: Place) -> None:
    wait = world.wait_in(place)
    if wait:
        words = f"Too Many Requests: retry after {wait}"
        raise Refusal(429, words, {"retry_after": wait})


def _check_group(world: World, group: Json) -> None:
    moved = world.moved.get(group["id"])
    if moved is not None:
        words = "Bad Request: group chat was upgraded to a supergroup chat"
        raise Refusal(400, words, {"migrate_to_chat_id": moved})
    if group["id"] in world.blocked:
        raise Refusal(403, "Forbidden: bot was kicked from the group chat")


def _check_person(world: World, chat_id: int) -> None:
    if chat_id in world.blocked:
        raise Refusal(403, "Forbidden: bot was blocked by the user")
    if not any(key[:2] == (BOT_CHANNEL, chat_id) for key in world.messages):
        raise bad("chat not found")


def _sender(world: World, place: Place) -> Json:
    if place[0] == BOT_CHANNEL:
        return _shown_bot(world)
    user: Json = world.connections[place[0]]["user"]
    return user


def _shown_bot(world: World) -> Json:
    return {key: world.bot[key] for key in ("id", "is_bot", "first_name", "username")}


def _content(world: World, kind: str, given: Given) -> Json:
    if kind == "text":
        return {"text": _checked_text(given.text("text"))}
    if kind == "location":
        return {
            "location": {
                "latitude": given.real("latitude"),
                "longitude": given.real("longitude"),
            }
        }
    caption = given.text("caption")
    if len(caption) > MAX_CAPTION:
        raise bad("message caption is too long")
    shown = describe(world, kind, _file_id(world, kind, given))
    return {kind: shown} | ({"caption": caption} if caption else {})


def _checked_text(text: str) -> str:
    if not text.strip():
        raise bad("message text is empty")
    if len(text) > MAX_TEXT:
        raise bad("message is too long")
    return text


def _file_id(world: World, kind: str, given: Given) -> str:
    if kind in given.files:
        file = given.files[kind]
        most = MOST_PHOTO_UPLOADED if kind == "photo" else MOST_UPLOADED
        if len(file.content) > most:
            raise Refusal(413, "Request Entity Too Large")
        if not file.content:
            raise bad("file must be non-empty")
        return world.keep(file)
    named = given.text(kind)
    if named in world.files:
        return named
    if not named.startswith(("http://", "https://")):
        raise bad("wrong remote file identifier specified: can't unserialize it")
    if not world.links_open:
        raise bad("failed to get HTTP URL content")
    if kind == "document" and not named.lower().partition("?")[0].endswith(_LINKED_DOCUMENTS):
        raise bad("wrong type of the web page content")
    name = named.partition("?")[0].rpartition("/")[2]
    return world.keep(SandboxFile(name=name, content_type="", content=b"linked"))


def describe(world: World, kind: str, file_id: str) -> Any:
    """A file as a Message shows it."""
    file = world.files[file_id]
    shown: Json = {
        "file_id": file_id,
        "file_unique_id": f"AQAD{file_id[-8:]}",
        "file_size": len(file.content),
        **_EXTRA[kind],
    }
    if kind == "photo":
        small = {**shown, "width": 90, "height": 68}
        return [small, shown]
    if kind == "document" and file.name:
        shown["file_name"] = file.name
    if kind != "sticker" and file.content_type:
        shown["mime_type"] = file.content_type
    return shown


def _reply(world: World, place: Place, given: Given) -> Json:
    asked = given.values.get("reply_parameters")
    if not isinstance(asked, dict):
        return {}
    number = asked.get("message_id")
    found = world.messages.get((*place, number)) if isinstance(number, int) else None
    if found is not None and not found.deleted:
        return {"reply_to_message": quoted(found)}
    if asked.get("allow_sending_without_reply") is True:
        return {}
    raise bad("message to be replied not found")


def quoted(message: SandboxMessage) -> Json:
    """A quoted message does not show what it quotes itself."""
    return {key: value for key, value in message.vendor.items() if key != "reply_to_message"}
