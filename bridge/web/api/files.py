"""Files: given to us to be sent, copied anew, and which could not be copied."""

from dataclasses import dataclass

import msgspec
from flask import Request

from bridge.domain.messaging import MediaKind
from bridge.domain.names import AccountName, ConversationId, EmployeeId, MessageId
from bridge.pipeline.uploading import media_of
from bridge.store import media
from bridge.store.engine import reading, writing
from bridge.store.keys import Scope
from bridge.web.api.acting import acting_employee
from bridge.web.api.paging import go_on, start
from bridge.web.api.routing import Call, Nothing, Page, Paging, Route, get, write
from bridge.web.api.shapes import Done
from bridge.web.files import take_upload
from bridge.web.problems import conflict, invalid, not_found


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadShape:
    """`id` is named as `upload` in the message that sends it, once and within 23 hours."""

    id: str
    name: str
    size: int
    content_type: str
    kind: MediaKind


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedCopy:
    """A file that could not be copied; `reason` is a code, `detail` for people."""

    message: MessageId
    place: int
    conversation: ConversationId
    account: AccountName
    kind: MediaKind
    reason: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    before: int


def upload(call: Call, request: Request) -> UploadShape:
    """Nothing is sent yet."""
    given = request.files.get("file")
    if given is None:
        raise invalid("send multipart/form-data with a part named file", field="file")
    employee = acting_employee(call, request.form.get("employee") or None)
    made = take_upload(call.site.parts, EmployeeId(employee.id), given)
    return UploadShape(
        id=made.id,
        name=made.name,
        size=made.size,
        content_type=made.content_type,
        kind=media_of(made).kind,
    )


def list_failed(call: Call, query: Paging) -> Page[FailedCopy]:
    of = "failed copies"
    begin = start(call, query, _Place, of)
    with reading(call.site.parts.engine) as db:
        found = media.failures(db, begin.before if begin else None, query.limit + 1)
    kept = found[: query.limit]
    more = _Place(before=kept[-1].id) if len(found) > query.limit else None
    items = tuple(
        FailedCopy(
            message=copy.message,
            place=copy.place,
            conversation=copy.conversation,
            account=copy.account,
            kind=copy.media.kind,
            reason=copy.reason,
            detail=copy.detail,
        )
        for copy in kept
    )
    return Page(items=items, next=go_on(call, more, of))


def try_again(call: Call, body: Nothing) -> Done:
    message, place = MessageId(call.path["id"]), call.path["place"]
    if not (place.isascii() and place.isdigit() and len(place) < 4):
        raise not_found("file")
    with writing(call.site.parts.engine) as db:
        copy = media.one(db, message, int(place))
        if copy is None or not call.viewer(db).readable(db, [copy.conversation]):
            raise not_found("file")
        if media.try_again(db, message, int(place)) is None:
            raise conflict("this file has not failed: it is there, or on its way")
    return Done()


class _Multipart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`file` is the file itself, `employee` whom a service acts for."""

    file: bytes
    employee: str = ""


ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/uploads",
        name="files_upload",
        summary="Gives us a file, to be sent with a message",
        bind=lambda request: lambda call: upload(call, request),
        given=_Multipart,
        answer=UploadShape,
        scope=Scope.SEND,
        status=201,
        takes_file=True,
    ),
    get(
        "/media/failed",
        list_failed,
        Paging,
        Page[FailedCopy],
        "Files of messages that could not be copied, the newest first",
        Scope.ADMIN,
    ),
    write(
        "POST",
        "/messages/{id}/media/{place}/retry",
        try_again,
        Nothing,
        Done,
        "Copies a file anew that could not be copied",
        Scope.ADMIN,
    ),
)
