"""How a refusal of the partner programme is answered: the HTTP status that fits its reason."""

from collections.abc import Mapping

from bridge.domain.reasons import Reason, ReasonCode
from bridge.pipeline.refusals import Refusal

# Who may not read a thing is told that there is none.
_STATUS: Mapping[ReasonCode, int] = {
    ReasonCode.LEAD_UNKNOWN: 404,
    ReasonCode.QUEUE_NOT_MEMBER: 404,
    ReasonCode.REQUEST_FORBIDDEN: 403,
    ReasonCode.LEAD_ALREADY_TAKEN: 409,
    ReasonCode.LEAD_SAME: 409,
    ReasonCode.LEAD_NOT_OFFERED: 409,
    ReasonCode.LEAD_ENDED: 409,
    ReasonCode.LEAD_NOT_OF_BATCH: 409,
    ReasonCode.CHANGED_SINCE: 409,
    ReasonCode.PROGRAMME_ALREADY: 409,
    ReasonCode.PROGRAMME_STAYS: 409,
    ReasonCode.PROGRAMME_OFF: 409,
    ReasonCode.PROGRAMME_UNKNOWN: 409,
    ReasonCode.REVIEW_OVER: 409,
    ReasonCode.PARTNER_ALREADY: 409,
    ReasonCode.PARTNER_UNKNOWN: 404,
}
UNPROCESSABLE = 422
"""Of all others: it could be asked for, but not like this."""


def refusal_of(reason: Reason) -> Refusal:
    return Refusal(reason=reason, status=_STATUS.get(reason.code, UNPROCESSABLE))
