"""The clock's look at resellers' clients: who nears the end of his term, or has reached it."""

from bridge.domain.names import HOUSE, EventKey
from bridge.domain.policy import Policy
from bridge.domain.reseller_clients import ResellerClient, due_telling
from bridge.domain.reselling_events import ClientTermTold
from bridge.pipeline.house import decide_apart
from bridge.pipeline.parts import Parts
from bridge.store.engine import reading
from bridge.store.reseller_clients import with_untold_ends

BATCH = 100
MOST_BATCHES = 20


def tell_of_terms(parts: Parts) -> int:
    """Tells of those that are due, in batches; how many. Each once, however many clocks look."""
    told = 0
    for _ in range(MOST_BATCHES):
        events = _due(parts)
        outcomes = decide_apart(parts, [[event] for event in events]) if events else ()
        decided = [one for one in outcomes if one.decision is not None and one.refused is None]
        told += len(decided)
        if len(events) < BATCH or not decided:
            return told
    return told


def _due(parts: Parts) -> list[ClientTermTold]:
    policy, now = parts.active().policy, parts.now()
    rules = {key: one.hints for key, one in policy.reselling.resellers.items()}
    with reading(parts.engine) as db:
        found = with_untold_ends(db, rules, now, BATCH)
    return [event for client in found if (event := _event(client, policy, parts))]


def _event(client: ResellerClient, policy: Policy, parts: Parts) -> ClientTermTold | None:
    now = parts.now()
    told = due_telling(client, policy.reselling.hints_of(client.reseller), now)
    if not told or client.term is None:
        return None
    ending = client.term.ends_at - policy.reselling.hints_of(client.reseller).ending
    return ClientTermTold(
        event_key=EventKey(f"client-term:{client.id}:{client.terms}:{told}"),
        occurred_at=client.term.ends_at if client.has_ended(now) else ending,
        account=HOUSE,
        client=client.id,
        term=client.terms,
        told=told,
    )
