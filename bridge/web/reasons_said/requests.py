"""Refusals of what somebody asked for, in words."""

from collections.abc import Mapping

from bridge.domain.reasons import ReasonCode
from bridge.web.languages import Said, _l

SENTENCES: Mapping[ReasonCode, Said] = {
    ReasonCode.REQUEST_INVALID: _l("What was asked for is not complete or not right."),
    ReasonCode.REQUEST_NOT_FOUND: _l("It is not there, or it is not for you."),
    ReasonCode.REQUEST_CONFLICT: _l("It does not go together with how things stand now."),
    ReasonCode.REQUEST_UNAUTHENTICATED: _l("Sign in first."),
    ReasonCode.REQUEST_FORBIDDEN: _l("You may not do this."),
    ReasonCode.REQUEST_TOO_MANY: _l("There were too many attempts; wait a minute and try again."),
    ReasonCode.REQUEST_FAILED: _l("Something went wrong here; it has been logged."),
    ReasonCode.MESSAGE_EMPTY: _l("The message is empty."),
    ReasonCode.MESSAGE_TOO_LONG: _l("The message is too long."),
    ReasonCode.CRM_MISSING: _l("No CRM is connected yet."),
    ReasonCode.STORE_UNAVAILABLE: _l(
        "The store can't be reached at the moment; try again in a few seconds."
    ),
    ReasonCode.MEDIA_PENDING: _l("The file is still being copied; try again in a moment."),
    ReasonCode.MEDIA_FAILED: _l("The file could not be copied."),
}
