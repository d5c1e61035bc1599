"""Which method of the Bot API sends a message, and with which parameters; pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from bridge.domain.effects import SendMessage
from bridge.domain.messaging import Media, MediaKind
from bridge.ports import Rejected
from connectors.telegram.chats import number_in_chat
from connectors.telegram.words import BOT_CHANNEL, CAPTIONS

_MB = 1024 * 1024
# What Telegram fetches by a link, and takes by upload: core.telegram.org/bots/api#sending-files
MOST_BY_LINK, MOST_PHOTO_BY_LINK = 20 * _MB, 5 * _MB
MOST_UPLOADED, MOST_PHOTO_UPLOADED = 50 * _MB, 10 * _MB
_DOCUMENTS_BY_LINK = (".pdf", ".zip", ".gif")

_METHODS = {
    MediaKind.IMAGE: ("sendPhoto", "photo"),
    MediaKind.AUDIO: ("sendAudio", "audio"),
    MediaKind.VOICE: ("sendVoice", "voice"),
    MediaKind.VIDEO: ("sendVideo", "video"),
    MediaKind.STICKER: ("sendSticker", "sticker"),
    MediaKind.DOCUMENT: ("sendDocument", "document"),
    MediaKind.OTHER: ("sendDocument", "document"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """A call. `file` is the parameter that takes the file, `media` what it is."""

    method: str
    parameters: Mapping[str, object] = field(repr=False)
    file: str = ""
    media: Media | None = None

    @property
    def most_uploaded(self) -> int:
        return MOST_PHOTO_UPLOADED if self.file == "photo" else MOST_UPLOADED


def send_of(effect: SendMessage) -> Send | Rejected:
    """The call for an effect; Rejected for what Telegram has no words for."""
    if effect.template is not None:
        return Rejected(reason="template_unsupported", detail="Telegram has no templates")
    if not effect.text and effect.media is None:
        return Rejected(reason="text_or_file", detail="a message holds a text or a file")
    if effect.media is None:
        return Send(method="sendMessage", parameters={**_to(effect), "text": effect.text})
    refused = _uncaptioned(effect, effect.media)
    if refused is not None:
        return refused
    if effect.media.kind is MediaKind.LOCATION:
        return _place(effect, effect.media)
    if effect.media.kind not in _METHODS:
        detail = "Telegram takes no contact cards from us: write the number"
        return Rejected(reason="media_unsupported", detail=detail)
    if not (effect.media.url or effect.media.media_id):
        return Rejected(reason="file_without_link", detail="the file has no link")
    return _file(effect, effect.media)


def _uncaptioned(effect: SendMessage, media: Media) -> Rejected | None:
    if not effect.text:
        return None
    most = CAPTIONS.get(media.kind, 0)
    if len(effect.text) <= most:
        return None
    detail = f"Telegram takes {most} characters beside a file of this kind: send the text alone"
    return Rejected(reason="text_or_file", detail=detail)


def goes_by_link(send: Send) -> bool:
    """Whether Telegram itself can get the file, by what is known of it before asking."""
    media = send.media
    if media is None or not media.url:
        return True
    most = MOST_PHOTO_BY_LINK if send.file == "photo" else MOST_BY_LINK
    if media.size is not None and media.size > most:
        return False
    return send.file != "document" or _ending(media).endswith(_DOCUMENTS_BY_LINK)


def _file(effect: SendMessage, media: Media) -> Send:
    method, name = _METHODS[media.kind]
    parameters = {**_to(effect), name: media.url or media.media_id}
    if effect.text:
        parameters["caption"] = effect.text
    return Send(method=method, parameters=parameters, file=name, media=media)


def _place(effect: SendMessage, media: Media) -> Send | Rejected:
    latitude, _, longitude = media.url.removeprefix("geo:").partition(",")
    try:
        at = {"latitude": float(latitude), "longitude": float(longitude)}
    except ValueError:
        return Rejected(reason="place_unreadable", detail="a place is told as geo:lat,lon")
    return Send(method="sendLocation", parameters={**_to(effect), **at})


def _to(effect: SendMessage) -> Mapping[str, object]:
    parameters: dict[str, object] = {"chat_id": _chat_id(effect.chat_id)}
    if effect.channel_id != BOT_CHANNEL:
        parameters["business_connection_id"] = effect.channel_id
    quoted = effect.reply_to and number_in_chat(effect.reply_to, effect.channel_id, effect.chat_id)
    if quoted:
        # What the client has deleted meanwhile is no reason not to answer him.
        parameters["reply_parameters"] = {
            "message_id": quoted,
            "allow_sending_without_reply": True,
        }
    return parameters


def _chat_id(given: str) -> int | str:
    digits = given.removeprefix("-")
    return int(given) if digits.isascii() and digits.isdigit() and len(digits) < 20 else given


def _ending(media: Media) -> str:
    """What Telegram's own fetcher goes by: the end of the link's path."""
    try:
        return urlsplit(media.url).path.lower()
    except ValueError:
        return ""
