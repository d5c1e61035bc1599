"""Sends messages by the Cloud API: the only file of this connector that writes to clients."""

import re
from collections.abc import Mapping, Sequence

from bridge.domain.effects import SendMessage
from bridge.domain.errors import (
    DeliveryRejected,
    DeliveryTransient,
    OutcomeUnknown,
    PayloadInvalid,
)
from bridge.domain.messaging import ChatKind, Media, MediaKind, Messenger, Template
from bridge.ports import (
    Account,
    AccountDown,
    CannotTell,
    Delivery,
    Done,
    Outcome,
    Rejected,
    RetryAt,
    Unknown,
)
from connectors.fetching import Fetching, file_of, trusted_hosts
from connectors.http import HttpAnswer
from connectors.whatsapp.client import http_for, version_of
from connectors.whatsapp.reading import digits_of, is_business_scoped
from connectors.whatsapp.refusals import OUTAGE, refusal, wait
from connectors.whatsapp.uploads import CAPTIONED, MAX_FILE, Upload, upload_of
from connectors.whatsapp.words import MAX_CAPTION, MAX_TEXT

_SEND = "whatsapp: send"
_UPLOAD = "whatsapp: upload"
_NO_ID = f"{_SEND}: no id in the answer"
_CANT_ASK = "whatsapp has no way to look a message up: its statuses bear our key and settle it"
_CHANNEL = re.compile(r"[A-Za-z0-9_-]{1,64}")
_GEO = re.compile(r"geo:(-?[0-9]{1,3}(?:\.[0-9]+)?),(-?[0-9]{1,3}(?:\.[0-9]+)?)")
_Body = dict[str, object]


class WhatsAppOutbound:
    """One call per message; a file has two before: fetched by its link, and uploaded."""

    def __init__(self, account: Account) -> None:
        self._http = http_for(account)
        self._version = version_of(account)
        self._files = Fetching(vendor="whatsapp", trusted=trusted_hosts(account))

    def deliver(self, run: Sequence[Delivery]) -> Sequence[Outcome]:
        """In order. Once the account is down the rest is not tried, and says so."""
        outcomes: list[Outcome] = []
        down: AccountDown | None = None
        for delivery in run:
            outcome = down or self._one(delivery)
            outcomes.append(outcome)
            down = _rest_of_run(delivery, outcome)
        return outcomes

    def find(self, run: Sequence[Delivery]) -> Sequence[CannotTell]:
        """There is no key that would keep a message from being sent twice, and no search."""
        return [CannotTell(reason=_CANT_ASK) for _ in run]

    def _one(self, delivery: Delivery) -> Outcome:
        effect = delivery.effect
        if not isinstance(effect, SendMessage):
            kind = type(effect).__name__
            return Rejected(reason="effect_unsupported", detail=f"whatsapp does not do {kind}")
        refused = _unsendable(effect)
        if refused is not None:
            return refused
        if not delivery.still_ours():
            return _no_longer_ours(delivery)
        try:
            content = self._content(delivery, effect)
        except DeliveryRejected as error:
            return Rejected(reason=error.code or "file_refused", detail=str(error))
        except DeliveryTransient as error:
            if error.account_wide:
                return AccountDown(cause=str(error), until=delivery.now + OUTAGE)
            when = error.retry_at or delivery.now + wait(delivery.attempt)
            return RetryAt(when=when, reason=str(error))
        return content if not isinstance(content, dict) else self._send(delivery, effect, content)

    def _content(self, delivery: Delivery, effect: SendMessage) -> _Body | Outcome:
        """What the message says, its file uploaded; an outcome where WhatsApp refused the file."""
        if effect.template is not None:
            return {"type": "template", "template": _template(effect.template)}
        if effect.media is None:
            return {"type": "text", "text": {"body": effect.text}}
        if effect.media.kind is MediaKind.LOCATION:
            return {"type": "location", "location": _location(effect.media)}
        found = file_of(delivery, self._files, effect.media.url, MAX_FILE)
        file = upload_of(effect.media, found)
        if effect.text and file.kind not in CAPTIONED:
            return Rejected(
                reason="caption_unsupported", detail=f"a {file.kind} has no text beside it"
            )
        uploaded = self._upload(delivery, effect, file)
        if not isinstance(uploaded, str):
            return uploaded
        return {"type": file.kind, file.kind: _file(file, uploaded, effect.text)}

    def _upload(self, delivery: Delivery, effect: SendMessage, file: Upload) -> str | Outcome:
        """The file's id; to upload it again does no harm."""
        body, content_type = file.form()
        answer = self._http.call(
            "POST",
            f"/{self._version}/{effect.channel_id}/media",
            content=body,
            headers={"content-type": content_type},
            reads=True,
        )
        if not 200 <= answer.status < 300:
            outcome = refusal(delivery, _UPLOAD, answer)
            if not isinstance(outcome, Unknown):
                return outcome
        found = _text(answer, "id")
        when = delivery.now + wait(delivery.attempt)
        return found or RetryAt(when=when, reason=f"{_UPLOAD}: HTTP {answer.status}, no id")

    def _send(self, delivery: Delivery, effect: SendMessage, content: _Body) -> Outcome:
        if not delivery.still_ours():
            return _no_longer_ours(delivery)
        body = {**_envelope(effect), **content}
        try:
            answer = self._http.call(
                "POST", f"/{self._version}/{effect.channel_id}/messages", body, called="send"
            )
        except DeliveryTransient as error:
            return AccountDown(cause=str(error), until=delivery.now + OUTAGE)
        except OutcomeUnknown as error:
            return Unknown(reason=str(error))
        if not 200 <= answer.status < 300:
            return refusal(delivery, _SEND, answer)
        ids = _ids(answer)
        return Done(vendor_ids=ids) if "id" in ids else Unknown(reason=_NO_ID)


def _no_longer_ours(delivery: Delivery) -> RetryAt:
    return RetryAt(when=delivery.now, reason=f"{_SEND}: no longer ours")


def _rest_of_run(delivery: Delivery, outcome: Outcome) -> AccountDown | None:
    """What the rows behind this one get without a call: a silent vendor is not asked in vain."""
    if isinstance(outcome, AccountDown):
        return outcome
    if isinstance(outcome, Unknown):
        return AccountDown(cause=f"not tried: {outcome.reason}", until=delivery.now + OUTAGE)
    return None


def _unsendable(effect: SendMessage) -> Rejected | None:
    """What WhatsApp has no words for."""
    if effect.messenger is not Messenger.WHATSAPP:
        detail = f"whatsapp has no chats of {effect.messenger}"
        return Rejected(reason="messenger_unsupported", detail=detail)
    if not _CHANNEL.fullmatch(effect.channel_id):
        detail = "a channel of WhatsApp is the id of a phone number"
        return Rejected(reason="channel_unknown", detail=detail)
    if effect.chat_kind is ChatKind.DIRECT and not _recipient(effect):
        detail = "the chat has neither a number nor a user id"
        return Rejected(reason="chat_unknown", detail=detail)
    if effect.template is None and not effect.text and effect.media is None:
        return Rejected(reason="message_empty", detail="there is no text and no file")
    if effect.template is not None and effect.media is not None:
        detail = "a template takes no file beside its values"
        return Rejected(reason="template_with_file", detail=detail)
    return _too_much(effect) or _no_file(effect.media)


def _too_much(effect: SendMessage) -> Rejected | None:
    most = MAX_TEXT if effect.media is None else MAX_CAPTION
    if effect.template is not None or len(effect.text) <= most:
        return None
    detail = f"WhatsApp takes {most} characters: send it in parts"
    return Rejected(reason="text_too_long", detail=detail)


def _no_file(media: Media | None) -> Rejected | None:
    if media is None or (media.url and media.kind is not MediaKind.CONTACT_CARD):
        is_place = media is not None and media.kind is MediaKind.LOCATION
        if not is_place or (media is not None and _GEO.fullmatch(media.url)):
            return None
    detail = "WhatsApp is given files by their link, and places as geo:latitude,longitude"
    return Rejected(reason="file_without_link", detail=detail)


def _envelope(effect: SendMessage) -> _Body:
    group = effect.chat_kind is ChatKind.GROUP
    body: _Body = {
        "messaging_product": "whatsapp",
        "recipient_type": "group" if group else "individual",
        "biz_opaque_callback_data": effect.key,
        **({"to": effect.chat_id} if group else _recipient(effect)),
    }
    if effect.reply_to is not None:
        body["context"] = {"message_id": effect.reply_to}
    return body


def _recipient(effect: SendMessage) -> Mapping[str, str]:
    """By number, or by the user id of a client who does not show his."""
    if is_business_scoped(effect.chat_id):
        return {"recipient": effect.chat_id}
    digits = digits_of(effect.chat_id)
    return {"to": digits} if digits else {}


def _template(template: Template) -> _Body:
    body: _Body = {
        "name": template.name,
        "language": {"policy": "deterministic", "code": template.language},
    }
    if template.values:
        values = [{"type": "text", "text": value} for value in template.values]
        body["components"] = [{"type": "body", "parameters": values}]
    return body


def _location(media: Media) -> _Body:
    latitude, _, longitude = media.url.removeprefix("geo:").partition(",")
    named = {"name": media.name} if media.name else {}
    return {"latitude": latitude, "longitude": longitude, **named}


def _file(file: Upload, media_id: str, caption: str) -> _Body:
    body: _Body = {"id": media_id}
    if caption:
        body["caption"] = caption
    if file.kind == "document":
        body["filename"] = file.name
    if file.voice and file.content_type == "audio/ogg":
        body["voice"] = True
    return body


def _ids(answer: HttpAnswer) -> Mapping[str, str]:
    """`id`, and `chat_id`: the number as WhatsApp has it may differ from the one we sent to."""
    try:
        body = answer.payload()
        message = next(body.at("messages").items()).at("id").text()
        contact = None if (found := body.get("contacts")) is None else next(found.items(), None)
    except (PayloadInvalid, StopIteration):
        return {}
    ids = {"id": message, "chat_id": "" if contact is None else _named(contact.value)}
    return {name: value for name, value in ids.items() if value}


def _named(contact: object) -> str:
    found = contact if isinstance(contact, Mapping) else {}
    given = found.get("wa_id") or found.get("user_id")
    return given.strip() if isinstance(given, str) else ""


def _text(answer: HttpAnswer, key: str) -> str:
    try:
        return answer.payload().text_or(key)
    except PayloadInvalid:
        return ""
