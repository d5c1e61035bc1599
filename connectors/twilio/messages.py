"""Twilio's forms turned into our events; pure."""

import re
from collections.abc import Iterator
from datetime import datetime

from bridge.domain.errors import EventUnsupported, PayloadInvalid
from bridge.domain.events import ChatBlocked, Event, MessageReceived, MessageStatusChanged
from bridge.domain.messaging import (
    Chat,
    Identity,
    IdentityKind,
    Media,
    MediaKind,
    MessageStatus,
    Referral,
)
from bridge.domain.names import AccountName, EventKey
from connectors.twilio.addresses import chat_id_of, identity_of, messenger_of, phone_of
from connectors.twilio.forms import Form
from connectors.twilio.refusals import advised
from connectors.twilio.words import (
    INCOMING,
    MAX_ID,
    MEDIA_KINDS,
    MEDIA_TYPES,
    OPT_OUTS,
    STATUSES,
    safe_word,
)

MAX_MEDIA = 10
_MEDIA_PATH = re.compile(r"/Messages/([A-Z]{2}[0-9a-fA-F]{32})/Media/(ME[0-9a-fA-F]{32})$")
_NUMBER = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,20})?")
_ORDER = {kind: n for n, kind in enumerate(IdentityKind)}


def events_of(account: AccountName, form: Form, received_at: datetime) -> tuple[Event, ...]:
    """The events of one form. Twilio tells no time: what came is dated when it came.

    Raises EventUnsupported for a status that we do not know, PayloadInvalid for what is neither a
    message nor a status.
    """
    word = form.text("MessageStatus") or form.text("SmsStatus")
    if word and word not in INCOMING:
        return (status_event(account, form.identifier(_sid(form)), word, form, received_at),)
    if "From" not in form.fields:
        raise PayloadInvalid("$.From is missing: neither a message nor a status", "$.From")
    message = _received(account, form, received_at)
    blocked = OPT_OUTS.get(form.text("OptOutType").upper())
    return (message,) if blocked is None else (message, _blocked(message, blocked))


def status_event(
    account: AccountName, message_id: str, word: str, form: Form, occurred_at: datetime
) -> MessageStatusChanged:
    """Raises EventUnsupported for a word that is no status."""
    if word not in STATUSES:
        raise EventUnsupported(f"status:{safe_word(word)}")
    failed = STATUSES[word] is MessageStatus.FAILED
    code = safe_word(form.text("ErrorCode") or word) if failed else ""
    said = form.text("ErrorMessage") or form.text("ChannelStatusMessage")
    return MessageStatusChanged(
        event_key=EventKey(f"status:{message_id}:{word}"),
        occurred_at=occurred_at,
        account=account,
        raw=form.raw(),
        message_id=message_id,
        status=STATUSES[word],
        error_code=code,
        error_detail=advised(code, said),
    )


def _sid(form: Form) -> str:
    return "MessageSid" if form.text("MessageSid") else "SmsSid"


def _received(account: AccountName, form: Form, received_at: datetime) -> MessageReceived:
    message_id = form.identifier(_sid(form))
    media = tuple(_media(form))
    return MessageReceived(
        event_key=EventKey(f"received:{message_id}"),
        occurred_at=received_at,
        account=account,
        raw=form.raw(),
        chat=_chat(form),
        message_id=message_id,
        text=_text(form, media),
        media=media,
        reply_to=form.text("OriginalRepliedMessageSid")[:MAX_ID] or None,
        forwarded=form.flag("Forwarded") or form.flag("FrequentlyForwarded"),
        pressed=form.text("ButtonPayload") or form.text("ListId") or None,
        referral=_referral(form),
    )


def _blocked(message: MessageReceived, blocked: bool) -> ChatBlocked:
    """Twilio has acted on a keyword: nothing more passes to this client, or again."""
    return ChatBlocked(
        event_key=EventKey(f"blocked:{message.message_id}"),
        occurred_at=message.occurred_at,
        account=message.account,
        raw=message.raw,
        chat=message.chat,
        blocked=blocked,
    )


def _chat(form: Form) -> Chat:
    client = form.identifier("From")
    identities = _identities(form, client)
    known = {identity.kind: identity.value for identity in identities}
    return Chat(
        channel_id=form.identifier("To"),
        messenger=messenger_of(client),
        chat_id=chat_id_of(client),
        phone=phone_of(client) or known.get(IdentityKind.PHONE),
        name=form.text("ProfileName").strip() or None,
        identities=identities,
    )


def _identities(form: Form, client: str) -> tuple[Identity, ...]:
    """Of the address, of WhatsApp's number, and of Meta's business-scoped id."""
    told = [client, form.text("ExternalUserId")]
    if number := form.text("WaId"):
        told.append(f"+{number.removeprefix('+')}")
    found = {identity for address in told if (identity := identity_of(address)) is not None}
    return tuple(sorted(found, key=lambda one: (_ORDER[one.kind], one.value)))


def _text(form: Form, media: tuple[Media, ...]) -> str:
    """Body, else the label of what was pressed; where there is nothing at all, that is said."""
    text = form.text("Body") or form.text("ButtonText") or form.text("ListTitle")
    if text or media:
        return text
    if data := form.text("InteractiveData"):
        return data
    kind = safe_word(form.text("MessageType"))
    return "" if kind == "text" else f"(a message of the kind {kind} that Twilio does not show)"


def _media(form: Form) -> Iterator[Media]:
    for n in range(form.count("NumMedia", MAX_MEDIA)):
        yield _file(form.text(f"MediaUrl{n}"), form.text(f"MediaContentType{n}"), form)
    latitude, longitude = form.text("Latitude"), form.text("Longitude")
    if _NUMBER.fullmatch(latitude) and _NUMBER.fullmatch(longitude):
        name = form.text("Label") or form.text("Address")
        place = f"geo:{latitude},{longitude}"
        yield Media(kind=MediaKind.LOCATION, url=place, name=name[:MAX_ID])


def _file(url: str, content_type: str, form: Form) -> Media:
    """Its link opens the file to whoever has it, unless the account demands a sign-in: so it is
    not handed on, and the file is fetched by its ids."""
    plain = content_type.split(";")[0].strip().lower()
    found = _MEDIA_PATH.search(url)
    kind = MEDIA_TYPES.get(plain) or MEDIA_KINDS.get(plain.partition("/")[0], MediaKind.OTHER)
    if kind is MediaKind.STICKER and form.text("MessageType") not in ("", "sticker"):
        kind = MediaKind.IMAGE
    return Media(
        kind=kind,
        content_type=content_type[:MAX_ID],
        media_id=f"{found[1]}/{found[2]}" if found else "",
    )


def _referral(form: Form) -> Referral | None:
    """The advertisement that a WhatsApp chat began with."""
    told = ("ReferralSourceId", "ReferralSourceUrl", "ReferralHeadline", "ReferralCtwaClid")
    if not any(form.text(name) for name in told):
        return None
    return Referral(
        source=form.text("ReferralSourceType") or "link",
        source_id=form.text("ReferralSourceId"),
        url=form.text("ReferralSourceUrl"),
        headline=form.text("ReferralHeadline") or form.text("ReferralBody"),
        click_id=form.text("ReferralCtwaClid"),
    )
