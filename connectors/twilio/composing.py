"""What a message is in Twilio's words: the form that is posted to Messages.json."""

import json
import re
from collections.abc import Callable, Mapping

from bridge.domain.effects import SendMessage
from bridge.domain.messaging import Media, Messenger, Template
from bridge.ports import Rejected
from connectors.twilio.addresses import SERVICE, client_address, own_address

CONTENT_SID = re.compile(r"HX[0-9a-fA-F]{32}")
MAX_TEXT = 1600
_LINK = re.compile(r"https?://\S+")
Find = Callable[[Template], str | None]


def addressed(effect: SendMessage) -> Mapping[str, str] | Rejected:
    """`To` and `From`, or what is wrong with them."""
    to = client_address(effect.messenger, effect.chat_id)
    sender = own_address(effect.messenger, effect.channel_id)
    if to is None or sender is None:
        detail = "the chat's or the channel's id is no address of Twilio's"
        return Rejected(reason="address_invalid", detail=detail)
    key = "MessagingServiceSid" if SERVICE.fullmatch(sender) else "From"
    return {"To": to, key: sender}


def content(effect: SendMessage, find_template: Find) -> Mapping[str, str] | Rejected:
    """The text, the file or the template; exactly one of them may be given."""
    if effect.template is not None:
        return _template(effect.template, find_template)
    if bool(effect.text) == (effect.media is not None):
        return Rejected(reason="text_or_file", detail="a message holds a text or a file: send two")
    if effect.media is not None:
        return _file(effect.messenger, effect.media)
    if len(effect.text) > MAX_TEXT:
        detail = f"the text is longer than {MAX_TEXT} characters: send it in parts"
        return Rejected(reason="text_too_long", detail=detail)
    return {"Body": effect.text}


def _file(messenger: Messenger, media: Media) -> Mapping[str, str] | Rejected:
    if media.url.startswith("geo:"):
        return _place(messenger, media)
    if not _LINK.fullmatch(media.url):
        return Rejected(reason="file_without_link", detail="twilio fetches files by a public link")
    return {"MediaUrl": media.url}


def _place(messenger: Messenger, media: Media) -> Mapping[str, str] | Rejected:
    if messenger is not Messenger.WHATSAPP:
        return Rejected(reason="location_unsupported", detail="an SMS holds no place: send a link")
    name = media.name or "Location"
    return {"Body": name, "PersistentAction": f"{media.url}|{name}"}


def _template(template: Template, find: Find) -> Mapping[str, str] | Rejected:
    """Named by its ContentSid, or by its name and language as the list of templates has them."""
    named = (x for x in (template.id, template.name) if CONTENT_SID.fullmatch(x))
    sid = next(named, None) or find(template)
    if sid is None:
        detail = "the account has no such template, or several: name it by its ContentSid (HX…)"
        return Rejected(reason="template_unknown", detail=detail)
    if not template.values:
        return {"ContentSid": sid}
    values = {str(n): value for n, value in enumerate(template.values, 1)}
    return {"ContentSid": sid, "ContentVariables": json.dumps(values)}
