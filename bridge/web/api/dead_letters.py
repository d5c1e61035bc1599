"""/dead-letters: what a person has to decide about. Only for managers and admins."""

from dataclasses import dataclass, replace
from datetime import datetime

from bridge.domain.names import ConversationId
from bridge.pipeline.dead import Box, DeadLetter, dead_letter, drop, take_back_drop
from bridge.pipeline.dead import replay as replay_letter
from bridge.store.engine import reading
from bridge.store.keys import Scope
from bridge.web.api.paging import go_on, start
from bridge.web.api.routing import Call, Nothing, Page, Paging, get, write
from bridge.web.api.shapes import Done
from bridge.web.letters import (
    LetterPlace,
    body_of,
    find_letters,
    headline_of,
    name_of_letter,
    place_after,
)
from bridge.web.masking import without_secrets
from bridge.web.problems import not_found


class DeadLettersQuery(Paging, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`box` of null: the inbox's first, then the outbox's."""

    box: Box | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterShape:
    """`reason` is the first line of why; the whole stands in `detail` of one dead letter, as does
    `body`, the request as it came."""

    box: Box
    id: str
    account: str
    kind: str
    reason: str
    attempts: int
    at: datetime
    conversation: ConversationId | None
    detail: str | None = None
    body: str | None = None


def list_all(call: Call, query: DeadLettersQuery) -> Page[DeadLetterShape]:
    of = f"dead letters {query.box}"
    first = query.box or Box.INBOX
    begin = start(call, query, LetterPlace, of) or LetterPlace(box=first, after=0)
    with reading(call.site.parts.engine) as db:
        found = find_letters(db, begin, query.box is None, query.limit + 1)
    items = tuple(_shape(letter) for letter in found[: query.limit])
    return Page(items=items, next=go_on(call, place_after(found, query.limit), of))


def one(call: Call, _: Nothing) -> DeadLetterShape:
    with reading(call.site.parts.engine) as db:
        letter = dead_letter(db, *_named(call))
    if letter is None:
        raise not_found("dead letter")
    return replace(_shape(letter), detail=letter.reason, body=_masked(call, letter))


def _masked(call: Call, letter: DeadLetter) -> str | None:
    body = body_of(letter)
    return None if body is None else without_secrets(body, call.site.parts.active())


def replay_one(call: Call, _: Nothing) -> Done:
    if not replay_letter(call.site.parts, *_named(call), call.who):
        raise not_found("dead letter")
    return Done()


def drop_one(call: Call, _: Nothing) -> Done:
    if not drop(call.site.parts, *_named(call), call.who):
        raise not_found("dead letter")
    return Done()


def take_back_one(call: Call, _: Nothing) -> Done:
    if not take_back_drop(call.site.parts, *_named(call), call.who):
        raise not_found("dropped dead letter")
    return Done()


def _named(call: Call) -> tuple[Box, int]:
    return name_of_letter(call.path["box"], call.path["id"])


def _shape(letter: DeadLetter) -> DeadLetterShape:
    return DeadLetterShape(
        box=letter.box,
        id=str(letter.id),
        account=letter.account,
        kind=letter.kind,
        reason=headline_of(letter),
        attempts=letter.attempts,
        at=letter.at,
        conversation=ConversationId(letter.conversation) if letter.conversation else None,
    )


ROUTES = (
    get(
        "/dead-letters",
        list_all,
        DeadLettersQuery,
        Page[DeadLetterShape],
        "What could not be decided or delivered, the oldest first",
        Scope.ADMIN,
    ),
    get(
        "/dead-letters/{box}/{id}",
        one,
        Nothing,
        DeadLetterShape,
        "One dead letter, whole",
        Scope.ADMIN,
    ),
    write(
        "POST",
        "/dead-letters/{box}/{id}/replay",
        replay_one,
        Nothing,
        Done,
        "Tries it again; what was done before is not done twice",
        Scope.ADMIN,
    ),
    write(
        "POST",
        "/dead-letters/{box}/{id}/drop",
        drop_one,
        Nothing,
        Done,
        "Decides that this will not be done",
        Scope.ADMIN,
    ),
    write(
        "POST",
        "/dead-letters/{box}/{id}/undo",
        take_back_one,
        Nothing,
        Done,
        "Takes a drop back: it is a dead letter again, and what waited for it waits again",
        Scope.ADMIN,
    ),
)
