"""Twilio's addresses: `+34…`, `whatsapp:+34…`, `whatsapp:ES.…`; ours and the clients'."""

import re

from bridge.domain.messaging import Identity, IdentityKind, Messenger
from connectors.twilio.words import SCHEMES

_PHONE = re.compile(r"\+[0-9]{7,15}")
_DIGITS = re.compile(r"[0-9]{8,15}")
# Meta's business-scoped user ids; those of the company above it hold ENT.
_SCOPED = re.compile(r"[A-Z]{2}\.[A-Za-z0-9]{1,128}")
_PARENT = re.compile(r"[A-Z]{2}\.ENT\.[A-Za-z0-9]{1,128}")
# What may stand in From and To: phones, short codes, names of senders, user ids, Meta's page ids.
_SENDABLE = re.compile(r"(?:[a-z]{2,20}:)?[+]?[A-Za-z0-9][A-Za-z0-9 ._&-]{0,140}")
SERVICE = re.compile(r"MG[0-9a-fA-F]{32}")


def parted(address: str) -> tuple[str, str]:
    """Scheme (`""` of SMS) and the rest."""
    scheme, colon, rest = address.partition(":")
    return (scheme, rest) if colon else ("", address)


def messenger_of(address: str) -> Messenger:
    return SCHEMES.get(parted(address)[0], Messenger.OTHER)


def phone_of(address: str) -> str | None:
    """E.164 with `+`; None of a short code, a name, a user id."""
    rest = parted(address)[1]
    return rest if _PHONE.fullmatch(rest) else None


def chat_id_of(address: str) -> str:
    """WhatsApp's and SMS' chats are named by the phone or the user id alone; that they are the
    one or the other, the channel says. Elsewhere the whole address is needed."""
    scheme, rest = parted(address)
    return rest if scheme in ("", "whatsapp") else address


def identity_of(address: str) -> Identity | None:
    rest = parted(address)[1]
    if _PHONE.fullmatch(rest):
        return Identity(kind=IdentityKind.PHONE, value=rest)
    if _PARENT.fullmatch(rest):
        return Identity(kind=IdentityKind.PARENT_SCOPED, value=rest)
    if _SCOPED.fullmatch(rest):
        return Identity(kind=IdentityKind.SCOPED, value=rest)
    return None


def client_address(messenger: Messenger, chat_id: str) -> str | None:
    """Where a message to this chat goes; None when it can't be an address. A phone may come
    without its `+`, a short code has none."""
    given = f"+{chat_id}" if _DIGITS.fullmatch(chat_id) else chat_id
    if messenger is Messenger.WHATSAPP and not given.startswith("whatsapp:"):
        given = f"whatsapp:{given}"
    return given if _SENDABLE.fullmatch(given) else None


def own_address(messenger: Messenger, channel_id: str) -> str | None:
    """Whom a message on this channel is from; None when it can't be an address."""
    if messenger is Messenger.WHATSAPP and not channel_id.startswith(("whatsapp:", "MG")):
        channel_id = f"whatsapp:{channel_id}"
    return channel_id if _SENDABLE.fullmatch(channel_id) else None
