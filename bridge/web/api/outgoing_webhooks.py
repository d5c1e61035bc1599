"""/outgoing-webhooks: where notifications are posted to, how it stands there, and a test of it."""

from dataclasses import dataclass
from datetime import datetime

from bridge.domain.names import AccountName
from bridge.pipeline.lanes import Way, lane
from bridge.pipeline.testing_webhook import post_test
from bridge.store.engine import reading
from bridge.store.keys import Scope
from bridge.store.lanes import Standing, standing
from bridge.web.api.acting import Actor, acting_employee, refused
from bridge.web.api.routing import Call, Page, Paging, get, write
from bridge.web.api.shapes import Done


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookShape:
    """`paused`: until somebody resumes it; `cause` says why it stands still, or is empty. What was
    posted and answered is in `GET /deliveries?account=`."""

    account: AccountName
    paused: bool
    cause: str
    last_success_at: datetime | None


def list_all(call: Call, _: Paging) -> Page[WebhookShape]:
    account = call.site.policy.webhook
    if account is None:
        return Page(items=(), next=None)
    with reading(call.site.parts.engine) as db:
        found = standing(db, lane(Way.OUT, account))
    return Page(items=(_shape(account, found),), next=None)


def test(call: Call, body: Actor) -> Done:
    employee = acting_employee(call, body.employee)
    refusal = post_test(call.site.parts, employee.id, call.key, call.who)
    if refusal is not None:
        raise refused(refusal)
    return Done()


def _shape(account: AccountName, found: Standing) -> WebhookShape:
    return WebhookShape(
        account=account,
        paused=found.paused,
        cause=found.cause,
        last_success_at=found.last_success_at,
    )


ROUTES = (
    get(
        "/outgoing-webhooks",
        list_all,
        Paging,
        Page[WebhookShape],
        "Where notifications are posted to, and how it stands there",
        Scope.ADMIN,
    ),
    write(
        "POST",
        "/outgoing-webhooks/test",
        test,
        Actor,
        Done,
        "Posts a notification that is a test; what became of it is in the deliveries",
        Scope.ADMIN,
        status=202,
    ),
)
