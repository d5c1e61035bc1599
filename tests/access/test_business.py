"""The activity of the channel side shows exactly what the access function lets read (PRM-07)."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from bridge.domain.helping_events import HelpingEvent
from bridge.domain.names import EmployeeId
from bridge.domain.partner_events import PartnerEvent
from bridge.domain.partner_leads import Holder, HolderKind, LeadState
from bridge.domain.people import Directory
from bridge.domain.principals import Person, PersonKind
from bridge.domain.renewing_events import RenewalEvent
from bridge.domain.reselling_events import ResellingEvent
from bridge.domain.subject_access import access_to
from bridge.domain.subjects import SubjectKind
from bridge.pipeline.subjects_seen import subjects_seen
from bridge.store.engine import reading, writing
from bridge.store.keys import Scope
from bridge.store.mirror import directory
from bridge.store.sessions import open_session
from bridge.web.business import Onlooker, list_business
from bridge.web.business_story import tell_business
from bridge.web.business_words import NAMED
from bridge.web.problems import Problem
from tests.access.channel_side import (
    FACTURA,
    OTHER,
    PAUL,
    PEOPLE,
    PETRA,
    ROSA,
    SUE,
    PlantedSubject,
    Some,
    SomeClient,
    SomeLead,
    SomeRenewal,
    TheProgramme,
    moves_in,
    plant_subjects,
    subjects,
)
from tests.access.companies import fresh_world
from tests.web.asking import Api
from tests.web.world import ANA, BRUNO, LUIS, World


def listed(world: World, person: Person, subject: str = "", page: int = 2) -> set[str]:
    found: set[str] = set()
    place = None
    with reading(world.engine) as db:
        onlooker = Onlooker(
            person=person, policy=world.policy, directory=directory(db, world.policy.crm)
        )
        while True:
            one = list_business(db, onlooker, subject, place, page)
            found |= {f"planted-{h.subject.id}" for h in one.happenings if h.subject}
            place = one.next
            if place is None:
                return found


def told(world: World, person: Person, planted: Sequence[PlantedSubject]) -> set[str]:
    """Those whose story he is told, by the key of the event."""
    found = set()
    with reading(world.engine) as db:
        people = directory(db, world.policy.crm)
        onlooker = Onlooker(person=person, policy=world.policy, directory=people)
        for one in planted:
            key = f"planted-{one.subject.id}"
            with suppress(Problem):
                tell_business(db, onlooker, key)
                found.add(key)
    return found


def expected(
    world: World, person: Person, planted: Sequence[PlantedSubject], people: Directory
) -> set[str]:
    """What is his by `access_to`, of the tenants whose activity is his to watch."""
    names = [one.subject.name for one in planted]
    with reading(world.engine) as db:
        seen = subjects_seen(db, world.policy, people, names)
    assert len(seen) == len(planted)
    return {
        f"planted-{one.subject.id}"
        for one in planted
        if access_to(person, seen[one.subject.name].facts, world.policy).can_read
        and _is_watched(person, one)
    }


def renewals(
    world: World, person: Person, planted: Sequence[PlantedSubject], people: Directory
) -> set[str]:
    """Of these an employee who may read one reads all of it, asked for by its name."""
    names = {one.subject.name: one.subject.id for one in planted}
    with reading(world.engine) as db:
        seen = subjects_seen(db, world.policy, people, names)
    return {
        f"planted-{names[name]}"
        for name, one in seen.items()
        if one.kind is SubjectKind.RENEWAL
        and person.kind is PersonKind.EMPLOYEE
        and access_to(person, one.facts, world.policy).can_read
    }


def _is_watched(person: Person, planted: PlantedSubject) -> bool:
    if person.kind is PersonKind.EMPLOYEE and person.id == ANA:
        return planted.subject.tenant == "partner:north"
    if person.kind is PersonKind.EMPLOYEE and person.id == BRUNO:
        return False
    if person.kind in (PersonKind.EMPLOYEE, PersonKind.SERVICE):
        return True
    return planted.subject.tenant == person.tenant


@settings(
    max_examples=12,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(wanted=st.lists(subjects, min_size=6, max_size=14))
def test_what_is_listed_is_what_may_be_read(sqlite_template: Path, wanted: list[Some]) -> None:
    """For each role, kind, tenant and subject: set(listed) == {s : may_read(s)}."""
    with fresh_world(sqlite_template) as world:
        _check(world, wanted)


def some_of_each() -> list[Some]:
    holders = [Holder(kind=HolderKind.PARTNER, name=user) for user in (PETRA, PAUL, SUE)]
    holders += [Holder(kind=HolderKind.QUEUE, name="mixed"), Holder(kind=HolderKind.NOBODY)]
    return [
        *(
            SomeLead(holder=holder, state=state, tenant=tenant)
            for holder in holders
            for state in (LeadState.OFFERED, LeadState.QUEUED, LeadState.CLOSED)
            for tenant in ("partner:north", "partner:south", "")
        ),
        *(
            SomeClient(reseller=reseller, is_suspended=suspended, is_archived=archived)
            for reseller in (FACTURA, OTHER)
            for suspended in (True, False)
            for archived in (True, False)
        ),
        *(
            SomeRenewal(tenant=tenant, notify=notify)
            for tenant in ("", "partner:north", "reseller:factura")
            for notify in (None, ANA)
        ),
        TheProgramme(),
    ]


def test_the_same_on_both_stores(engine: Engine) -> None:
    _check(World(engine), some_of_each(), page=20)


def _check(world: World, wanted: Sequence[Some], page: int = 2) -> None:
    moves_in(world)
    planted = plant_subjects(world, wanted)
    with reading(world.engine) as db:
        people = directory(db, world.policy.crm)
    for person in PEOPLE:
        his = expected(world, person, planted, people)
        assert listed(world, person, page=page) == his, person
        assert told(world, person, planted) == his | renewals(world, person, planted, people), (
            person
        )


def partner(world: World, user: EmployeeId = PETRA) -> Api:
    return Api(world, world.key(f"partner:{user}", Scope.READ))


def own_lead(tenant: str = "partner:north") -> SomeLead:
    held = Holder(kind=HolderKind.PARTNER, name=PETRA)
    return SomeLead(holder=held, state=LeadState.OFFERED, tenant=tenant)


def test_prm_07_a_partners_user_hears_no_word_about_others(world: World) -> None:
    """That it happened, to what of his, and that it is he whom it went to: no reason, no name."""
    moves_in(world)
    plant_subjects(world, [own_lead(), own_lead("partner:south")])
    [seen] = partner(world).all("/activity")
    assert (seen["subject"]["label"], seen["target"]) == ("Lead pl_000", PETRA)
    assert seen["reason"] == {"code": "rule", "detail": ""}
    assert partner(world, PAUL).all("/activity") == []
    assert partner(world, SUE).all("/activity") == []


def test_prm_07_a_channel_manager_reads_the_activity_of_his_partners_only(world: World) -> None:
    moves_in(world)
    plant_subjects(world, [own_lead(), own_lead("partner:south")])
    ana = Api(world, world.key(f"employee:{ANA}", Scope.READ))
    assert [one["subject"]["id"] for one in ana.all("/activity")] == ["pl_000"]
    luis = Api(world, world.key(f"employee:{LUIS}", Scope.READ))
    told = luis.all("/activity")
    assert {one["subject"]["id"] for one in told} == {"pl_000", "pl_001"}
    assert told[0]["reason"]["detail"] == "secret of partner:south"


@pytest.mark.parametrize(
    "asked", ["lead:pl_001", "lead:pl_404", "lead", "secret", "lead:", "x:y", "lead:pl_000 "]
)
def test_what_is_not_his_is_not_there_for_him(world: World, asked: str) -> None:
    moves_in(world)
    others = Holder(kind=HolderKind.PARTNER, name=SUE)
    plant_subjects(
        world,
        [own_lead(), SomeLead(holder=others, state=LeadState.OFFERED, tenant="partner:south")],
    )
    refused = partner(world).get("/activity", subject=asked)
    assert (refused.status, refused.reason) == (404, "request.not_found")
    assert len(partner(world).all("/activity", subject="lead:pl_000")) == 1


@pytest.mark.parametrize(
    ("principal", "shows", "hides"),
    [
        (f"partner:{PETRA}", "Lead pl_000", "Client cl_001"),
        (f"reseller:{ROSA}", "Client cl_001", "Lead pl_000"),
        (f"employee:{LUIS}", "Client cl_001", "no such"),
    ],
)
def test_the_page_is_home_to_those_whose_business_it_is(
    world: World, principal: str, shows: str, hides: str
) -> None:
    moves_in(world)
    plant_subjects(
        world, [own_lead(), SomeClient(reseller=FACTURA, is_suspended=False, is_archived=False)]
    )
    with writing(world.engine) as db:
        token = open_session(db, principal, world.now)
    browser = world.app.test_client()
    browser.set_cookie("bridge_session", token)
    page = browser.get("/activity")
    assert page.status_code == 200
    assert shows in page.text
    assert hides not in page.text


def test_every_event_of_the_channel_side_has_words() -> None:
    unions = (HelpingEvent, PartnerEvent, RenewalEvent, ResellingEvent)
    assert {kind.__name__ for union in unions for kind in get_args(union)} <= NAMED
