"""Who a WhatsApp chat is with: by number, by business-scoped user id, or by both."""

from collections.abc import Iterable
from dataclasses import dataclass

from bridge.domain.errors import PayloadInvalid
from bridge.domain.messaging import Chat, ChatKind, Identity, IdentityKind, Messenger
from bridge.payload import Payload
from connectors.whatsapp.reading import identifier_or, is_business_scoped, phone_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """All that was said of one client. `user_id` is his business-scoped user id."""

    wa_id: str = ""
    user_id: str = ""
    parent_id: str = ""
    username: str = ""
    name: str = ""

    @property
    def chat_id(self) -> str:
        """The number; the user id of whoever took a user name, as his number may be withheld at
        any time, or of whom no number is known. `""` when there is neither."""
        hides = bool(self.username) or not self.wa_id
        return self.user_id if hides and self.user_id else self.wa_id or self.parent_id

    @property
    def identities(self) -> tuple[Identity, ...]:
        phone = phone_of(self.wa_id)
        known = (
            (IdentityKind.PHONE, phone or ""),
            (IdentityKind.SCOPED, self.user_id),
            (IdentityKind.PARENT_SCOPED, self.parent_id),
        )
        return tuple(Identity(kind=kind, value=value) for kind, value in known if value)

    def chat(self, channel_id: str) -> Chat:
        return Chat(
            channel_id=channel_id,
            messenger=Messenger.WHATSAPP,
            chat_id=self.chat_id,
            phone=phone_of(self.wa_id),
            username=self.username or None,
            name=self.name or None,
            identities=self.identities,
        )


class People:
    """The `contacts` of a change, found by number or user id, never by their place in the list."""

    def __init__(self, contacts: Iterable[Payload]) -> None:
        """What is broken among them is left out: a name is no reason to lose a message."""
        self._known = [person for item in contacts if (person := _read(item)) is not None]

    def one(self, item: Payload, prefix: str) -> Person:
        """Who an item speaks of: under `from`, `to` or `recipient`, and beside it the user ids.

        Raises PayloadInvalid when it names nobody and there is not exactly one contact.
        """
        number = identifier_or(item, f"{prefix}_id" if prefix == "recipient" else prefix)
        user_id = identifier_or(item, f"{prefix}_user_id")
        parent_id = identifier_or(item, f"{prefix}_parent_user_id")
        if is_business_scoped(number):
            number, user_id = "", user_id or number
        found = self._find(number, user_id, parent_id)
        person = Person(
            wa_id=number or found.wa_id,
            user_id=user_id or found.user_id,
            parent_id=parent_id or found.parent_id,
            username=found.username,
            name=found.name,
        )
        if not person.chat_id:
            raise PayloadInvalid(f"{item.path} names nobody", item.path)
        return person

    def _find(self, number: str, user_id: str, parent_id: str) -> Person:
        given = {number, user_id, parent_id} - {""}
        if not given:
            return self._known[0] if len(self._known) == 1 else Person()
        for person in self._known:
            if given & {person.wa_id, person.user_id, person.parent_id}:
                return person
        return Person()


def group_chat(channel_id: str, group_id: str) -> Chat:
    return Chat(
        channel_id=channel_id,
        messenger=Messenger.WHATSAPP,
        chat_id=group_id,
        kind=ChatKind.GROUP,
    )


def _read(item: Payload) -> Person | None:
    try:
        profile = item.get("profile") or Payload({}, item.path)
        return Person(
            wa_id=identifier_or(item, "wa_id"),
            user_id=identifier_or(item, "user_id"),
            parent_id=identifier_or(item, "parent_user_id"),
            username=profile.text_or("username"),
            name=profile.text_or("name").strip(),
        )
    except PayloadInvalid:
        return None
