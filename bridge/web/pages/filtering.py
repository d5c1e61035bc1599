"""The filters in the address of the list of conversations; what is no filter narrows nothing."""

from enum import StrEnum
from typing import TypeVar

from bridge.domain.messaging import Messenger
from bridge.domain.names import ChannelName, EmployeeId
from bridge.domain.notifications import Mark
from bridge.store.listing import LONGEST_WORDS, Wanted
from bridge.web.pages.asking import asked, asked_moment

Word = TypeVar("Word", bound=StrEnum)
ON = "1"


def chats_asked_for() -> Wanted:
    """Of `q`, `mine`, `unanswered`, `mark`, `channel`, `messenger`, `owner`, `failed`, `since`."""
    words, channel, owner = asked("q")[:LONGEST_WORDS], asked("channel"), asked("owner")
    mark = _one_of(Mark, "mark")
    return Wanted(
        words=words,
        mine=asked("mine") == ON,
        unanswered=asked("unanswered") == ON,
        mark=None if mark is Mark.NONE else mark,
        channel=ChannelName(channel) if channel else None,
        messenger=_one_of(Messenger, "messenger"),
        owner=EmployeeId(owner) if owner else None,
        failed=asked("failed") == ON,
        since=asked_moment("since"),
    )


def _one_of(kind: type[Word], name: str) -> Word | None:
    given = asked(name)
    return kind(given) if given in [word.value for word in kind] else None
