"""Whatever leads there are: somebody's lists show what the access function lets him read."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.domain.names import EmployeeId
from bridge.domain.partner_leads import NOBODY, Holder, HolderKind, LeadState, PartnerLead
from bridge.domain.principals import PersonKind
from bridge.pipeline.partnering.looking import looker
from bridge.store.engine import reading
from tests.access.companies import fresh_world
from tests.domain.partner_building import (
    CARL,
    CORA,
    MARTA,
    PABLO,
    PETRA,
    POLICY,
    Q1,
    Q2,
    Q3,
    SONIA,
    employee,
    lead,
    partner,
)
from tests.web.programme import api, has_leads, principal, programme
from tests.web.world import ANA, NORA, QA

HOLDERS = (
    *(partner(who) for who in (PETRA, PABLO, SONIA)),
    *(employee(who) for who in (MARTA, CORA, CARL)),
    *(Holder(kind=HolderKind.QUEUE, name=name) for name in (Q1, Q2, Q3)),
    Holder(kind=HolderKind.OTHER, name="005X"),
    NOBODY,
)
LOOKING = (MARTA, QA, CORA, CARL, PETRA, PABLO, SONIA, ANA, NORA)


def made(kinds: list[tuple[Holder, LeadState]]) -> list[PartnerLead]:
    def tenant(holder: Holder) -> str:
        is_partner = holder.kind is HolderKind.PARTNER
        return POLICY.partners.tenant_of(EmployeeId(holder.name)) if is_partner else ""

    return [
        lead(number, holder=holder, state=state, tenant=tenant(holder))
        for number, (holder, state) in enumerate(kinds)
    ]


@pytest.mark.parametrize("who", LOOKING)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(kinds=st.lists(st.tuples(st.sampled_from(HOLDERS), st.sampled_from(LeadState)), max_size=12))
def test_the_list_is_what_he_may_read(
    sqlite_template: Path, who: EmployeeId, kinds: list[tuple[Holder, LeadState]]
) -> None:
    """PRM-07, PRM-12, PRM-24."""
    leads = made(kinds)
    with fresh_world(sqlite_template) as world:
        programme(world)
        has_leads(world, leads)
        kind, _, name = principal(who).partition(":")
        person = world.policy.person(PersonKind(kind), name)
        assert person is not None
        asking = api(world, who)
        listed = {one["id"] for one in asking.all("/partners/leads", all=True, limit=5)}
        with reading(world.engine) as db:
            eyes = looker(db, world.policy, person)
        assert listed == {one.id for one in leads if eyes.access(one).can_read}
