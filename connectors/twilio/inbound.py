"""Twilio's webhooks: proves the sender, turns a form or a batch of its event stream into events."""

from bridge.domain.errors import EventUnsupported
from bridge.domain.names import AccountName
from bridge.ports import Account, Answer, Parsed, RawRequest
from connectors.twilio.event_stream import parsed_stream
from connectors.twilio.forms import FORM, content_type, form_of
from connectors.twilio.messages import events_of
from connectors.twilio.signature import check

# No message back: an answer with anything else in it would be sent to the client.
_NO_REPLY = b'<?xml version="1.0" encoding="UTF-8"?><Response></Response>'


class TwilioInbound:
    def __init__(self, account: Account) -> None:
        self._account = AccountName(account.name)
        self._tokens = tuple(token.encode() for token in account.required("auth_token"))

    def handshake(self, request: RawRequest) -> Answer | None:
        return None

    def verify(self, request: RawRequest) -> None:
        check(request, self._tokens)

    def parse(self, request: RawRequest) -> Parsed:
        """One event of a form (two where the client opted out), one per item of an event stream.

        Raises PayloadInvalid for a body that is neither, or a form that is no message.
        """
        if request.method != "GET" and content_type(request) != FORM:
            return parsed_stream(self._account, request.body)
        try:
            return Parsed(events=events_of(self._account, form_of(request), request.received_at))
        except EventUnsupported as word:
            return Parsed.ignore(str(word))

    def accepted(self, request: RawRequest) -> Answer:
        """Empty TwiML: Twilio sends nothing of its own."""
        return Answer(body=_NO_REPLY, content_type="text/xml; charset=utf-8")
