"""In a group it counts who wrote, not only what the group is called."""

from bridge.domain.messaging import ChatKind
from tests.domain.building import decide, facts, messages_after, received, where

GROUP = where(kind=ChatKind.GROUP, name="Acme & Nortia", phone=None)


def test_a_message_in_a_group_is_its_writers() -> None:
    (message,) = messages_after(decide(received(chat=GROUP, author_name="Eva"), facts())).values()
    assert message.author_name == "Eva"


def test_where_the_vendor_does_not_say_who_it_is_the_chats() -> None:
    (message,) = messages_after(decide(received(chat=GROUP), facts())).values()
    assert message.author_name == "Acme & Nortia"
