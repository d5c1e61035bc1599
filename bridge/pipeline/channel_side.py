"""Reads what partners and renewals need from a CRM, each part by itself."""

from collections.abc import Iterable, Iterator, Sequence

from bridge.domain.changes import RefreshKind
from bridge.domain.names import AccountName, CrmId
from bridge.pipeline.lease import Lease
from bridge.pipeline.partnering import reading as partnering
from bridge.pipeline.parts import Parts
from bridge.pipeline.renewals import reading as renewals
from bridge.store.refreshes import Wish

_LEADS = frozenset({RefreshKind.NEW_LEAD, RefreshKind.PARTNER_LEAD})
_PARTS = (
    frozenset({RefreshKind.PARTNERS}),
    _LEADS,
    frozenset({RefreshKind.RENEWALS}),
    frozenset({RefreshKind.CLIENT}),
)
KINDS = frozenset(kind for part in _PARTS for kind in part)


def apart(wishes: Sequence[Wish]) -> Iterator[list[Wish]]:
    """The wishes of each part that has some."""
    for part in _PARTS:
        if mine := [wish for wish in wishes if wish.kind in part]:
            yield mine


def read_part(parts: Parts, lease: Lease, account: AccountName, wishes: Sequence[Wish]) -> None:
    kinds = {wish.kind for wish in wishes}
    if RefreshKind.PARTNERS in kinds:
        partnering.read_side(parts, lease, account)
    if RefreshKind.RENEWALS in kinds:
        renewals.read_coming(parts, lease, account)
    if RefreshKind.CLIENT in kinds:
        renewals.read_clients(parts, lease, account, _ids(wishes))
    if kinds & _LEADS:
        fresh = _ids(wish for wish in wishes if wish.kind is RefreshKind.NEW_LEAD)
        known = _ids(wish for wish in wishes if wish.kind is RefreshKind.PARTNER_LEAD)
        partnering.read_leads(parts, lease, account, [*fresh, *known], frozenset(fresh))


def _ids(wishes: Iterable[Wish]) -> list[CrmId]:
    return [CrmId(wish.key) for wish in wishes]
