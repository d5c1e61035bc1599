"""A test of the house's webhook: one notification that says so, delivered like all others."""

from bridge.domain.announcing import post_of
from bridge.domain.changes import Notify
from bridge.domain.decisions import Decision, Planned, Verdict
from bridge.domain.names import EmployeeId, EventKey
from bridge.domain.reasons import Reason, ReasonCode
from bridge.pipeline.commit import Decided, commit
from bridge.pipeline.loaded import Loaded
from bridge.pipeline.parts import Parts
from bridge.pipeline.refusals import Refusal, refusal
from bridge.store import audit, mirror
from bridge.store.audit import Deed, NewLine, Who
from bridge.store.deciding import deciding


def post_test(parts: Parts, employee: EmployeeId, key: str, by: Who) -> Refusal | None:
    """What became of it stands in the deliveries; `key` tells this test from others."""
    active, now = parts.active(), parts.now()
    account = active.policy.webhook
    if account is None:
        detail = "no webhook is set: name an account in notifications.webhook"
        return refusal(ReasonCode.REQUEST_CONFLICT, detail, 409)
    notice = Notify(employee=employee, conversation=None, message=None, code=ReasonCode.NOTIFY_TEST)
    post = post_of(notice, key, now, parts.public_url)
    decision = Decision(
        event_key=EventKey(f"test:{key}"),
        account=account,
        kind="WebhookTest",
        verdict=Verdict.APPLIED,
        reasons=(Reason(ReasonCode.NOTIFY_TEST, f"{employee} tries the webhook"),),
        decided_at=now,
        occurred_at=now,
        target=employee,
        effects=(Planned(account=account, effect=post, ordering_key=post.key),),
    )
    with deciding(parts.engine) as db:
        _, directory_hash = mirror.directory_and_hash(db, active.policy.crm)
        decided = [Decided(decision=decision, event=None, facts=None)]
        filled = commit(db, active, directory_hash, Loaded(), decided, now)
        audit.note(db, [NewLine(who=by, deed=Deed.WEBHOOK_TESTED, object=account)], now)
    for lane in filled:
        parts.bell.ring(lane)
    return None
