"""What somebody does to a reseller's client, for pages and API: done, or a problem."""

from bridge.domain.reselling_events import ClientAdded, ClientDone
from bridge.pipeline.parts import Parts
from bridge.pipeline.reselling.desk import ClientOutcome, ClientRefusal, carry_out
from bridge.web.problems import Problem


def done(parts: Parts, event: ClientAdded | ClientDone, field: str | None = None) -> ClientOutcome:
    """Problem 404, 403, 409 or 422 with the reason; of 409 also what others did meanwhile."""
    outcome = carry_out(parts, event)
    if isinstance(outcome, ClientRefusal):
        raise Problem(outcome.status, outcome.reason, field=field, meanwhile=outcome.meanwhile)
    return outcome
