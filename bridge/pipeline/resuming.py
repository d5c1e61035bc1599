"""A person has mended what held an account, or does not want to wait: it is tried at once."""

from bridge.domain.names import AccountName
from bridge.pipeline.lanes import Way, lane
from bridge.pipeline.parts import Parts
from bridge.store import audit, lanes
from bridge.store.audit import Deed, NewLine, Who
from bridge.store.engine import writing
from bridge.store.examining import held_lanes


def resume(parts: Parts, account: AccountName, by: Who) -> bool:
    """False when nothing of this account is held. What still can't go is held again, and told
    again."""
    mine = {lane(way, account) for way in Way}
    with writing(parts.engine) as db:
        held = [one.name for one in held_lanes(db, parts.now()) if one.name in mine]
        for name in held:
            lanes.resume(db, name)
        if held:
            line = NewLine(who=by, deed=Deed.RESUMED, object=account, detail=" ".join(held))
            audit.note(db, [line], parts.now())
    for name in held:
        parts.bell.ring(name)
    return bool(held)
