"""Kannel's calls (sms-service and dlr-url): proves the sender, turns a call into an event."""

import hmac
import re
from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit

from bridge.domain.errors import EventUnsupported, SignatureInvalid
from bridge.domain.events import Event, MessageReceived, MessageStatusChanged
from bridge.domain.messaging import Chat, Identity, IdentityKind, MessageStatus, Messenger
from bridge.domain.names import AccountName, EventKey
from bridge.ports import Account, Answer, Parsed, RawRequest
from connectors.kannel.fields import Fields, fields_of
from connectors.kannel.words import FAILURES, INTERMEDIATE, REPORTS, safe_word

_DIGITS = re.compile(r"[1-9][0-9]{8,14}")
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_SECONDS = re.compile(r"[0-9]{1,11}")


class KannelInbound:
    """Kannel signs nothing: the proof is the secret at the end of the address."""

    def __init__(self, account: Account) -> None:
        self._account = AccountName(account.name)
        self._secrets = tuple(secret.encode() for secret in account.required("path_secret"))

    def handshake(self, request: RawRequest) -> Answer | None:
        return None

    def verify(self, request: RawRequest) -> None:
        if request.method not in ("GET", "POST"):
            raise SignatureInvalid("kannel: it calls with GET and POST only")
        given = _presented(request.url)
        matches = [hmac.compare_digest(given, secret) for secret in self._secrets]
        if not any(matches):
            raise SignatureInvalid("kannel: the secret in the address is missing or does not match")

    def parse(self, request: RawRequest) -> Parsed:
        """A delivery report where there is a `dlr`, else a message. Raises PayloadInvalid."""
        fields = fields_of(request)
        try:
            return Parsed.one(self._event(fields, request.received_at))
        except EventUnsupported as word:
            return Parsed.ignore(str(word))

    def accepted(self, request: RawRequest) -> Answer:
        """An empty 200: Kannel would send any other word to the client as an SMS."""
        return Answer()

    def _event(self, fields: Fields, received_at: datetime) -> Event:
        when = _when(fields, received_at)
        if "dlr" in fields.values:
            return _report(self._account, fields, when)
        return _received(self._account, fields, when)


def _presented(address: str) -> bytes:
    """What stands behind `/hooks/<account>/`."""
    try:
        segments = urlsplit(address).path.split("/")
    except ValueError:
        return b""
    named = len(segments) > 3 and segments[-3] == "hooks"
    return unquote(segments[-1]).encode("utf-8", "surrogatepass") if named else b""


def _received(account: AccountName, fields: Fields, when: datetime) -> MessageReceived:
    message_id = fields.identifier("id")
    return MessageReceived(
        event_key=EventKey(f"received:{message_id}"),
        occurred_at=when,
        account=account,
        raw=fields.raw(),
        chat=_chat(fields),
        message_id=message_id,
        text=fields.text("text") or "(an empty SMS)",
    )


def _chat(fields: Fields) -> Chat:
    client = fields.identifier("from")
    phone = phone_of(client)
    known = () if phone is None else (Identity(kind=IdentityKind.PHONE, value=phone),)
    return Chat(
        channel_id=fields.identifier("to"),
        messenger=Messenger.SMS,
        chat_id=phone or client,
        phone=phone,
        identities=known,
    )


def phone_of(address: str) -> str | None:
    """E.164 with `+`. SMSCs leave the plus of international numbers out, or write 00; a short code
    or a name is no phone."""
    plain = f"+{address[2:]}" if address.startswith("00") else address
    plain = f"+{plain}" if _DIGITS.fullmatch(plain) else plain
    return plain if _PHONE.fullmatch(plain) else None


def _report(account: AccountName, fields: Fields, when: datetime) -> MessageStatusChanged:
    """Raises EventUnsupported for a report that is no state of a message."""
    word = fields.text("dlr")
    if word == INTERMEDIATE or word not in REPORTS:
        raise EventUnsupported(f"dlr:{safe_word(word)}")
    message_id = fields.identifier("key")
    failed = REPORTS[word] is MessageStatus.FAILED
    return MessageStatusChanged(
        event_key=EventKey(f"status:{message_id}:{word}"),
        occurred_at=when,
        account=account,
        raw=fields.raw(),
        message_id=message_id,
        status=REPORTS[word],
        error_code=FAILURES.get(word, ""),
        error_detail=fields.text("answer")[:500] if failed else "",
    )


def _when(fields: Fields, received_at: datetime) -> datetime:
    """Seconds since 1970; when it came, where Kannel tells no time."""
    told = fields.text("when")
    if not _SECONDS.fullmatch(told) or int(told) == 0:
        return received_at
    return datetime.fromtimestamp(int(told), UTC)
