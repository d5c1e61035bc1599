"""Refusals as RFC 9457 problem documents, each with a code from the one list of reasons."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from flask import Response

from bridge.codec import encode
from bridge.domain.reasons import Reason, ReasonCode
from bridge.domain.reseller_clients import Changed

CONTENT_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemDocument:
    """`reason` is a reason code; `field` the JSON path or parameter that is wrong, if any;
    `meanwhile` what others did since the asker looked, where that is why."""

    type: str
    title: str
    status: int
    detail: str
    reason: ReasonCode
    field: str | None = None
    meanwhile: tuple[Changed, ...] | None = None


class Problem(Exception):
    """Ends a request: as a problem document under /api, as a page elsewhere."""

    def __init__(
        self,
        status: int,
        reason: Reason,
        *,
        field: str | None = None,
        headers: Mapping[str, str] | None = None,
        meanwhile: tuple[Changed, ...] = (),
    ) -> None:
        super().__init__(reason.code)
        self.status = status
        self.reason = reason
        self.field = field
        self.headers = dict(headers or {})
        self.meanwhile = meanwhile

    @property
    def title(self) -> str:
        return HTTPStatus(self.status).phrase

    def document(self) -> ProblemDocument:
        return ProblemDocument(
            type=f"urn:bridge:reason:{self.reason.code}",
            title=self.title,
            status=self.status,
            detail=self.reason.detail,
            reason=self.reason.code,
            field=self.field,
            meanwhile=self.meanwhile or None,
        )

    def response(self) -> Response:
        body = encode(self.document())
        return Response(body, self.status, self.headers, content_type=CONTENT_TYPE)


def invalid(detail: str, field: str | None = None, status: int = 422) -> Problem:
    return Problem(status, Reason(ReasonCode.REQUEST_INVALID, detail), field=field)


def not_found(what: str) -> Problem:
    """The same for what is not there and for what one may not know of (ROL-06)."""
    return Problem(404, Reason(ReasonCode.REQUEST_NOT_FOUND, f"no such {what}"))


def forbidden(reason: Reason) -> Problem:
    return Problem(403, reason)


def conflict(detail: str) -> Problem:
    return Problem(409, Reason(ReasonCode.REQUEST_CONFLICT, detail))


def store_unavailable() -> Problem:
    detail = "the store can't be reached at the moment; try again in a few seconds"
    reason = Reason(ReasonCode.STORE_UNAVAILABLE, detail)
    return Problem(503, reason, headers={"Retry-After": "5"})
