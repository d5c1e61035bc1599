"""Why somebody may not sign in as a client, as a problem."""

from bridge.domain.reasons import Reason, ReasonCode
from bridge.web.problems import Problem

_STATUS = {
    ReasonCode.REQUEST_NOT_FOUND: 404,
    ReasonCode.REQUEST_FORBIDDEN: 403,
    ReasonCode.PLAN_ARCHIVED: 409,
}


def refused_help(reason: Reason) -> Problem:
    return Problem(_STATUS.get(reason.code, 422), reason)
