"""Resellers' clients in the store: what people do to them, and what their systems tell of use."""

import pytest
from sqlalchemy.exc import IntegrityError

from bridge.domain.names import ClientId, CrmId
from bridge.domain.people import Directory
from bridge.domain.records import CrmKind
from bridge.domain.reseller_clients import ClientDetails, CrmLink
from bridge.domain.reselling_events import (
    ClientArchived,
    ClientEdited,
    ClientLinked,
    ClientRenewed,
    ClientSuspended,
    ClientUnitsAdded,
    ClientUsedUnits,
)
from bridge.pipeline.doctor.standing import check_standing
from bridge.pipeline.house import decide_here, rehearse_here
from bridge.pipeline.ledger import evaluate_again
from bridge.store.engine import reading, writing
from bridge.store.mirror import directory
from bridge.store.schema import DECISIONS, RESELLER_CLIENTS
from bridge.store.unit_movements import ledger
from tests.domain.reselling.building import (
    BILLING,
    BY_LUIS,
    BY_SARA,
    DETAILS,
    STAMPING,
    SUR,
)
from tests.pipeline.reselling import (
    add,
    adds_up,
    asked,
    client_of,
    do,
    ledger_of,
    refused,
    use,
    with_resellers,
)
from tests.pipeline.world import CRM, World
from tests.pipeline.world import client as known_client

ERASED_BY_HUBSPOT = {
    "eventId": 2,
    "subscriptionId": 4849549,
    "portalId": 62515,
    "appId": 54321,
    "occurredAt": 1765043528476,
    "attemptNumber": 0,
    "subscriptionType": "contact.privacyDeletion",
    "objectId": 100001,
    "changeFlag": "DELETED",
    "changeSource": "GDPR_COMPLIANCE_DELETE",
}


def test_a_client_lives_through_his_plans(house: World) -> None:
    """RSL-04, RSL-09, RSL-19, RSL-21: the ledger tells each movement and adds up."""
    with_resellers(house)
    client = add(house)
    assert refused(do(house, ClientUsedUnits, client, units=30)) is None
    assert refused(do(house, ClientUnitsAdded, client, units=5)) is None
    assert refused(do(house, ClientRenewed, client, plan="pro")) is None
    assert refused(do(house, ClientUsedUnits, client, units=500)) is None
    assert refused(do(house, ClientUsedUnits, client, units=1)) == "client_plan.exhausted"
    assert ledger_of(house, client) == [
        ("granted", 100, 100),
        ("used", -30, 70),
        ("added", 5, 75),
        ("lapsed", -75, 0),
        ("granted", 500, 500),
        ("used", -500, 0),
    ]
    assert adds_up(house)
    with reading(house.engine) as db:
        newest = ledger(db, client, None, 2)
        older = ledger(db, client, newest[-1].id, 10)
    assert [line.moved.delta for line in (*newest, *older)] == [-500, 500, -75, 5, -30, 100]
    assert all(line.event is not None for line in newest)


def test_the_same_use_counts_once(house: World) -> None:
    """RSL-04: by webhook twice in one body and in two, by API twice under one key."""
    with_resellers(house)
    client = add(house, reference="A-17")
    house.receives(BILLING, {"events": [use("A-17", "cfdi-1", units=3), use(client, "cfdi-2")]})
    house.receives(BILLING, {"events": [use("A-17", "cfdi-1", units=3)]})
    house.settle()
    do(house, ClientUsedUnits, client, "k1", units=6)
    again = do(house, ClientUsedUnits, client, "k1", units=6)
    assert again.decision is None
    assert client_of(house, client).balance == 90
    assert adds_up(house)


def test_a_use_that_came_is_never_silent(house: World) -> None:
    """RSL-10: what can't be used is refused with its reason, on the client's feed."""
    with_resellers(house)
    client = add(house, plan="forever")
    items = [use(client, "a", units=49), use(client, "b", units=2), use(client, "c")]
    house.receives(BILLING, {"events": [*items, use(client, "d"), use("nobody", "e")]})
    house.settle()
    told = {
        row["event_key"]: (row["verdict"], row["headline"], row["subject"])
        for row in house.rows(DECISIONS)
        if row["kind"] == "UnitsUsed"
    }
    mine = f"client:{client}"
    assert told == {
        "units.used:a": ("applied", "client_plan.units_used", mine),
        "units.used:b": ("rejected", "client_plan.units_too_few", mine),
        "units.used:c": ("applied", "client_plan.units_used", mine),
        "units.used:d": ("rejected", "client_plan.exhausted", mine),
        "units.used:e": ("rejected", "client_plan.client_unknown", None),
    }
    assert client_of(house, client).balance == 0
    assert adds_up(house)


def test_an_account_speaks_for_its_own_resellers_alone(house: World) -> None:
    """RSL-01: neither by reference nor by our id; the house's own system speaks for all."""
    with_resellers(house)
    mine = add(house, "a", reference="A-1")
    other = add(house, "b", reseller=SUR, plan="other", by=BY_SARA, reference="A-1")
    house.receives(BILLING, {"events": [use(other, "x"), use("A-1", "y")]})
    house.receives(
        STAMPING,
        {"events": [use(other, "x"), use("A-1", "y"), use("A-1", "z", 2, reseller=SUR)]},
    )
    house.settle()
    assert (client_of(house, mine).balance, client_of(house, other).balance) == (99, 4)
    unknown = [
        (row["account"], row["event_key"])
        for row in house.rows(DECISIONS)
        if row["headline"] == "client_plan.client_unknown"
    ]
    assert unknown == [(BILLING, "units.used:x"), (STAMPING, "units.used:y")]


def test_a_refusal_leaves_no_trace(small: World) -> None:
    """RSL-22: suspended twice, there is one entry."""
    with_resellers(small)
    client = add(small)
    before = small.count(DECISIONS)
    assert refused(do(small, ClientSuspended, client)) is None
    assert refused(do(small, ClientSuspended, client)) == "client_plan.unchanged"
    assert refused(do(small, ClientArchived, client, by=BY_SARA)) == "request.not_found"
    assert small.count(DECISIONS) == before + 1


def test_two_admins_at_once(small: World) -> None:
    """The second gets a conflict that says what the first has done."""
    with_resellers(small)
    client = add(small)
    seen = client_of(small, client).version
    do(small, ClientUsedUnits, client, units=1)  # no change of his: nobody need look again
    assert refused(do(small, ClientEdited, client, seen=seen, services={"smtp": 1})) is None
    late = do(small, ClientSuspended, client, by=BY_LUIS, seen=seen)
    assert late.refused is not None
    assert (late.refused.code.value, late.refused.detail) == (
        "request.conflict",
        "somebody else was faster: edited by rita@norte.example; look again, then decide",
    )


def test_a_double_click_does_it_once(small: World) -> None:
    with_resellers(small)
    client = add(small)
    first = do(small, ClientUnitsAdded, client, "click", units=50)
    second = do(small, ClientUnitsAdded, client, "click", units=50)
    assert (first.decision is None, second.decision is None) == (False, True)
    assert client_of(small, client).balance == 150
    assert add(small) == client
    assert small.count(RESELLER_CLIENTS) == 1


def test_a_reference_is_one_clients_of_a_reseller(house: World) -> None:
    """Also within one run, and after it has passed on."""
    with_resellers(house)
    first = add(house, "1", reference="A-1")
    second = add(house, "2", reference="A-2")
    taken = do(house, ClientEdited, second, reference="A-1")
    assert refused(taken) == "client_plan.reference_taken"
    run = [
        asked(house, ClientEdited, first, reference="A-3"),
        asked(house, ClientEdited, second, reference="A-1"),
        asked(house, ClientEdited, first, reference="A-1"),
    ]
    assert [refused(one) for one in decide_here(house.parts, run)] == [
        None,
        None,
        "client_plan.reference_taken",
    ]
    assert client_of(house, second).reference == "A-1"


def test_a_rehearsal_changes_nothing(house: World) -> None:
    with_resellers(house)
    client = add(house)
    run = [
        asked(house, ClientUnitsAdded, client, units=1),
        asked(house, ClientRenewed, client, plan="other"),
        asked(house, ClientSuspended, client),
        asked(house, ClientSuspended, client),
    ]
    before = house.count(DECISIONS)
    outcomes = rehearse_here(house.parts, run)
    assert [refused(one) for one in outcomes] == [
        None,
        "client_plan.plan_unknown",
        None,
        "client_plan.unchanged",
    ]
    assert (client_of(house, client).balance, house.count(DECISIONS)) == (100, before)


def test_the_store_itself_refuses_a_balance_below_zero(house: World) -> None:
    with_resellers(house)
    client = add(house)
    statement = RESELLER_CLIENTS.update().where(RESELLER_CLIENTS.c.id == client)
    with pytest.raises(IntegrityError), writing(house.engine) as db:
        db.execute(statement.values(balance=-1))


def test_a_balance_that_was_meddled_with_is_found(house: World) -> None:
    with_resellers(house)
    client = add(house)
    assert adds_up(house)
    with writing(house.engine) as db:
        db.execute(RESELLER_CLIENTS.update().values(balance=7))
    assert not adds_up(house)
    assert client_of(house, client).balance == 100  # the document was left as it was


def test_every_decision_evaluates_to_the_same_again(small: World) -> None:
    with_resellers(small)
    client = add(small)
    do(small, ClientUnitsAdded, client, units=2)
    do(small, ClientRenewed, client, plan="pro")
    small.receives(BILLING, {"events": [use(client, "a", units=500)]})
    small.settle()
    with reading(small.engine) as db:
        rows = list(db.execute(DECISIONS.select().where(DECISIONS.c.subject.is_not(None))))
    assert len(rows) == 4
    policy = small.active().policy
    for row in rows:
        record = evaluate_again(
            row.kind,
            bytes(row.event),
            bytes(row.facts),
            policy,
            row.config_hash,
            _directory(small),
            row.directory_hash,
        )
        assert record == bytes(row.record)


def test_no_decision_record_holds_who_the_client_is(small: World) -> None:
    with_resellers(small)
    client = add(small)
    do(small, ClientEdited, client, details=ClientDetails(legal_name="Otra Razón Social"))
    for row in small.rows(DECISIONS):
        record = bytes(row["record"]).decode()
        for word in (DETAILS.legal_name, DETAILS.email, DETAILS.phone, "Otra"):
            assert word not in record


@pytest.mark.parametrize("units", [0, -1, 10**9 + 1, 2**62])
def test_units_that_are_none_are_refused_before_the_store_sees_them(
    small: World, units: int
) -> None:
    """RSL-20."""
    with_resellers(small)
    client = add(small)
    for kind in (ClientUnitsAdded, ClientUsedUnits):
        assert refused(do(small, kind, client, units=units)) == "client_plan.units_invalid"


def test_a_client_of_a_reseller_who_left_the_configuration_is_kept(small: World) -> None:
    """Nobody but the house reaches him; he can be suspended, and has no plan to be renewed to."""
    with_resellers(small)
    client = add(small)
    small.use(reselling=type(small.active().policy.reselling)(), users={})
    gone = do(small, ClientRenewed, client, by=BY_LUIS, plan="basic")
    assert refused(gone) == "client_plan.plan_unknown"
    assert refused(do(small, ClientSuspended, client, by=BY_LUIS)) is None
    assert client_of(small, client).is_suspended


def test_an_id_of_nobody(small: World) -> None:
    with_resellers(small)
    assert refused(do(small, ClientSuspended, ClientId("cl_nobody"))) == "request.not_found"
    assert small.count(RESELLER_CLIENTS) == 0


@pytest.mark.parametrize("mirrored", [True, False])
def test_whom_the_crm_erases_is_no_client_of_a_known_name(house: World, mirrored: bool) -> None:
    """Also where the bridge has no chat of him; what he has used up stays counted."""
    with_resellers(house)
    phone, contact = known_client(1)
    if mirrored:
        house.seed(contacts=[contact])
        house.client_writes(phone)
        house.settle()
    client, other = add(house, "a", reference="A-1"), add(house, "b")
    link = CrmLink(kind=CrmKind.CONTACT, crm_id=CrmId("100001"))
    do(house, ClientLinked, client, by=BY_LUIS, link=link)
    do(house, ClientEdited, client, details=ClientDetails(legal_name="Paco Pérez"))
    do(house, ClientUsedUnits, client, units=3)
    house.receives(CRM, [ERASED_BY_HUBSPOT])
    house.settle()
    found = client_of(house, client)
    assert (found.details, found.link) == (ClientDetails(legal_name="(erased)"), None)
    assert (found.balance, found.reference, found.changes) == (97, "A-1", ())
    rows = house.rows(DECISIONS)
    his = [row for row in rows if row["subject"] == f"client:{client}"]
    assert {(row["event"], row["facts"]) for row in his} == {(None, None)}
    assert all(row["facts"] for row in rows if row["subject"] == f"client:{other}")
    assert client_of(house, other).details == DETAILS
    names = {row["id"]: row["legal_name"] for row in house.rows(RESELLER_CLIENTS)}
    assert names[client] == "(erased)"
    assert adds_up(house)


def test_the_doctor_says_whose_ledger_does_not_add_up(small: World) -> None:
    with_resellers(small)
    client = add(small)
    assert _units(small) == [("ok", "every balance is what its ledger adds up to")]
    with writing(small.engine) as db:
        db.execute(RESELLER_CLIENTS.update().values(balance=7))
    said = f"{client} has 7 units, and its ledger adds up to 100"
    assert _units(small) == [("wrong", said)]


def _units(house: World) -> list[tuple[str, str]]:
    with reading(house.engine) as db:
        points = check_standing(db, house.parts.now())
    return [(point.health, point.detail) for point in points if point.check == "units"]


def _directory(house: World) -> Directory:
    with reading(house.engine) as db:
        return directory(db, house.active().policy.crm)
