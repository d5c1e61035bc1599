"""Values that the e-mail tests share."""

from datetime import UTC, datetime

from bridge.domain.effects import SendEmail
from bridge.ports import Account, Delivery

PASSWORD = "pässword-0123456789"
USERNAME = "bridge@acme.example"
SENDER = "bridge@acme.example"
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def account(**options: str) -> Account:
    return Account(
        name="mail",
        connector="email",
        secrets={"password": (PASSWORD,)},
        options={"host": "127.0.0.1", "from": SENDER, **options},
    )


def mail(
    recipient: str = "ana@acme.example",
    subject: str = "A client waits",
    text: str = "See there.",
    key: str = "em_1",
) -> SendEmail:
    return SendEmail(key=key, recipient=recipient, subject=subject, text=text)


def delivery(effect: SendEmail, now: datetime = NOW) -> Delivery:
    return Delivery(effect=effect, idempotency_key="key-1", attempt=1, now=now)
