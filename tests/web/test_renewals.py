"""Renewals by API and on pages: who may see and set what, and what is answered where it is not."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.domain.crm_renewals import RenewalRole
from bridge.domain.names import HOUSE, AccountName, ClientId, CrmId, EventKey
from bridge.domain.principals import Person, PersonKind
from bridge.domain.records import CrmKind
from bridge.domain.renewing import (
    ClientContact,
    Override,
    OwnerChoice,
    Renewal,
    RenewalId,
    RenewalOrigin,
    RenewalOwner,
    RenewalReading,
    renewal_of_client,
)
from bridge.domain.renewing_changes import NoteStep, StepOutcome
from bridge.domain.renewing_events import RenewalDefaultSet, RenewalRead
from bridge.domain.renewing_policy import RenewalDefault, Renewals, RenewalSchedule
from bridge.domain.renewing_rules import facts_of
from bridge.domain.subject_access import access_to
from bridge.pipeline.house import decide_here
from bridge.pipeline.renewals.placing import placed
from bridge.pipeline.renewals.viewing import Eyes
from bridge.store import renewals as store
from bridge.store.engine import reading, writing
from bridge.store.keys import Scope
from bridge.store.schema import RENEWALS
from bridge.store.sessions import open_session
from bridge.web.auth import csrf_token
from tests.web.asking import Api
from tests.web.world import ANA, BRUNO, CRM, LUIS, NOW, QA, World

PETRA, RITA = "petra@north.example", "rita@norte.example"
NORTH, NORTE = "partner:north", "reseller:norte"
TODAY = NOW.date()
PRINCIPALS = {
    LUIS: Person(kind=PersonKind.EMPLOYEE, id=LUIS),
    QA: Person(kind=PersonKind.EMPLOYEE, id=QA),
    ANA: Person(kind=PersonKind.EMPLOYEE, id=ANA),
    BRUNO: Person(kind=PersonKind.EMPLOYEE, id=BRUNO),
    PETRA: Person(kind=PersonKind.PARTNER_USER, id=PETRA, tenant=NORTH),
    RITA: Person(kind=PersonKind.RESELLER_USER, id=RITA, tenant=NORTE),
    "stamping": Person(kind=PersonKind.SERVICE, id="stamping"),
    "cl_1": Person(kind=PersonKind.CLIENT, id="cl_1", tenant=NORTE),
}


@pytest.fixture
def office(world: World) -> World:
    """A house that is a partner, has a partner account and a reseller."""
    renewals = Renewals(
        partner_of="HubSpot",
        default=RenewalDefault(owner=RenewalOwner.VENDOR, notify=ANA),
        partners={},
        schedule=RenewalSchedule(at="00:00"),
    )
    world.policy = replace(
        world.policy,
        renewals=renewals,
        users={NORTH: (PETRA,), NORTE: (RITA,)},
        email=AccountName("mail-main"),
    )
    return world


def knows(world: World, name: str, *, tenant: str = "", days: int = 60, **more: Any) -> RenewalId:
    given: dict[str, Any] = {
        "id": RenewalId(f"rn_{name}"),
        "tenant": tenant,
        "name": name,
        "renews_on": TODAY + timedelta(days=days),
        "origin": RenewalOrigin.CRM,
        "ref": name,
        "account": CRM,
        "kind": CrmKind.COMPANY,
        "record": CrmId(name),
        "contacts": (ClientContact(role=RenewalRole.PRIMARY, email=f"{name}@client.example"),),
    }
    one = RenewalReading(**{**given, **more})
    event = RenewalRead(
        event_key=EventKey(f"read:{name}"), occurred_at=NOW, account=HOUSE, reading=one
    )
    decide_here(world.parts, [event])
    return one.id


def api(world: World, who: str, *scopes: Scope) -> Api:
    return Api(world, world.key(PRINCIPALS[who].principal, *(scopes or tuple(Scope))))


def browser(world: World, who: str) -> tuple[Any, str]:
    with writing(world.engine) as db:
        token = open_session(db, PRINCIPALS[who].principal, world.now)
    made = world.app.test_client()
    made.set_cookie("bridge_session", token)
    return made, csrf_token(token)


def names(api: Api) -> list[str]:
    return [one["name"] for one in api.get("/renewals").items]


def test_each_sees_his_own(office: World) -> None:
    """REN-18: managers all, a partner's users theirs, a salesperson what he is notified of."""
    knows(office, "ours")
    knows(office, "north", tenant=NORTH)
    knows(office, "norte", tenant=NORTE)
    assert names(api(office, LUIS)) == ["norte", "north", "ours"]
    assert names(api(office, QA)) == ["norte", "north", "ours"]
    assert names(api(office, "stamping")) == ["norte", "north", "ours"]
    assert names(api(office, PETRA)) == ["north"]
    assert names(api(office, RITA)) == ["norte"]
    assert names(api(office, BRUNO)) == []
    assert names(api(office, ANA)) == ["norte", "north", "ours"]  # the default names her


@pytest.mark.parametrize("who", [PETRA, RITA, BRUNO])
def test_what_is_not_his_is_not_there(office: World, who: str) -> None:
    """404, as if there were none: read, set, said, and on every page."""
    name = knows(office, "ours")
    asked = api(office, who)
    assert asked.get(f"/renewals/{name}").status == 404
    body = {"owner": "vendor", "version": 0}
    assert asked.put(f"/renewals/{name}", body).status == 404
    word = {"says": "renewed", "version": 0, "renews_on": str(TODAY + timedelta(days=60))}
    assert asked.post(f"/renewals/{name}/state", word).status == 404
    page, csrf = browser(office, who)
    assert page.get(f"/renewals/{name}").status_code == 404
    form = {"csrf": csrf, "owner": "vendor", "version": "0"}
    assert page.post(f"/renewals/{name}/owner", data=form).status_code == 404
    assert "ours" not in page.get("/renewals").text
    assert "ours" not in page.get("/renewals/preview?days=400").text


def test_one_clients_renewal_with_its_owner_and_why(office: World) -> None:
    """REN-10: the source, and what the default is now."""
    name = knows(office, "clara")
    found = api(office, LUIS).get(f"/renewals/{name}").json
    assert found["renewal"]["owner"] == {
        "owner": "vendor",
        "notify": ANA,
        "source": "default",
        "default": {"owner": "vendor", "notify": ANA},
    }
    assert found["renewal"]["set"] == "default"
    people = found["next"]["recipients"]
    assert [(x["email"], x["copy"]) for x in people] == [
        ("clara@client.example", False),
        (ANA, True),
    ]
    assert [w["code"] for w in found["next"]["warnings"]] == ["renewal.contact_missing"] * 2


def test_the_owner_of_one_client_is_set_by_api(office: World) -> None:
    """REN-09, REN-13, REN-18."""
    name = knows(office, "north", tenant=NORTH)
    asked = api(office, PETRA)
    body = {"owner": "partner", "notify": PETRA.upper(), "version": 0}
    answer = asked.put(f"/renewals/{name}", body)
    assert (answer.status, answer.json["renewal"]["owner"]["notify"]) == (200, PETRA)
    assert answer.json["renewal"]["version"] == 1
    late = api(office, LUIS).put(f"/renewals/{name}", {"owner": "vendor", "version": 0})
    assert (late.status, late.reason) == (409, "renewal.changed_meanwhile")
    assert f"partner:{PETRA}" in late.json["detail"]


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ({"owner": "partner", "version": 0}, 422, "renewal.no_point_of_contact"),
        ({"owner": "partner", "notify": "x@y.example", "version": 0}, 422, "renewal.not_a_user"),
        ({"owner": "boss", "version": 0}, 422, "request.invalid"),
        ({"owner": "vendor"}, 422, "request.invalid"),
        ({"owner": "vendor", "version": "0"}, 422, "request.invalid"),
        ({"owner": "vendor", "version": 7}, 409, "renewal.changed_meanwhile"),
        ({"owner": "vendor", "version": 0, "more": 1}, 422, "request.invalid"),
    ],
)
def test_wrong_orders(office: World, body: Any, status: int, reason: str) -> None:
    """REN-07, REN-08."""
    name = knows(office, "clara")
    answer = api(office, LUIS).put(f"/renewals/{name}", body)
    assert (answer.status, answer.reason) == (status, reason)


def test_quality_control_reads_and_sets_nothing(office: World) -> None:
    name = knows(office, "clara")
    asked = api(office, QA)
    assert asked.get(f"/renewals/{name}").status == 200
    answer = asked.put(f"/renewals/{name}", {"owner": "vendor", "version": 0})
    assert (answer.status, answer.reason) == (403, "role.quality_control")


def test_a_service_names_whom_it_acts_for(office: World) -> None:
    name = knows(office, "clara")
    asked = api(office, "stamping")
    body = {"owner": "partner", "notify": BRUNO, "version": 0}
    assert asked.put(f"/renewals/{name}", body).status == 422
    assert asked.put(f"/renewals/{name}", {**body, "employee": LUIS}).status == 200


def test_a_word_stops_the_reminders(office: World) -> None:
    name = knows(office, "clara", days=46)
    asked = api(office, LUIS)
    assert len(asked.get("/renewals/preview", days=50).json["notices"]) == 3
    word = {"says": "confirmed", "version": 0, "renews_on": str(TODAY + timedelta(days=46))}
    answer = asked.post(f"/renewals/{name}/state", word)
    assert answer.json["renewal"]["state"] == "confirmed"
    assert asked.get("/renewals/preview", days=50).json["notices"] == []


def test_the_calendar_goes_on_where_it_ended(office: World) -> None:
    for number in range(5):
        knows(office, f"c{number}", days=60 + number // 2)
    asked = api(office, LUIS)
    first = asked.get("/renewals", limit=2)
    second = asked.get("/renewals", limit=2, cursor=first.json["next"])
    third = asked.get("/renewals", limit=2, cursor=second.json["next"])
    found = [x["name"] for page in (first, second, third) for x in page.items]
    assert found == ["c0", "c1", "c2", "c3", "c4"]
    assert third.json["next"] is None
    last = str(TODAY + timedelta(days=60))
    assert [x["name"] for x in asked.get("/renewals", last=last).items] == ["c0", "c1"]


def test_the_calendar_is_of_what_is_coming(office: World) -> None:
    """As far as the look-ahead; the past and the far away where they are asked for."""
    for days in (-1, 0, 120, 121):
        knows(office, f"in {days}", days=days)
    asked = api(office, LUIS)
    assert names(asked) == ["in 0", "in 120"]
    past = asked.get("/renewals", first=str(TODAY - timedelta(days=30)), last=str(TODAY))
    assert [x["name"] for x in past.items] == ["in -1", "in 0"]
    far = asked.get("/renewals", first=str(TODAY + timedelta(days=121)))
    assert [x["name"] for x in far.items] == ["in 121"]


# The default.


def test_without_a_partner_there_are_no_settings(office: World) -> None:
    """REN-01."""
    renewals = office.policy.renewals
    assert renewals is not None
    office.policy = replace(office.policy, renewals=replace(renewals, partner_of=""))
    answer = api(office, LUIS).get("/renewals/default")
    assert (answer.status, answer.reason) == (403, "renewal.no_partner_account")
    assert api(office, LUIS).get("/renewals/default", tenant="partner:west").status == 403
    assert api(office, LUIS).get("/renewals/default", tenant=NORTH).status == 200
    office.policy = replace(office.policy, renewals=None)
    assert api(office, LUIS).get("/renewals/default").reason == "renewal.not_set_up"
    page, _ = browser(office, LUIS)
    answered = page.get("/settings/partners/communications")
    assert answered.status_code == 403
    assert "renewals.yaml" in answered.text


@pytest.mark.parametrize(
    ("who", "tenant", "status"),
    [
        (LUIS, "", 200),
        (QA, "", 200),
        (LUIS, NORTH, 200),
        (ANA, "", 404),
        (PETRA, "", 200),  # his own
        (PETRA, NORTH, 200),
        (PETRA, NORTE, 404),
        (RITA, NORTH, 404),
    ],
)
def test_who_sees_a_default(office: World, who: str, tenant: str, status: int) -> None:
    answer = api(office, who).get("/renewals/default", tenant=tenant)
    assert answer.status == status


# The pages.


def test_the_owner_is_edited_on_the_clients_page(office: World) -> None:
    """REN-18: and a double click is one click."""
    name = knows(office, "north", tenant=NORTH)
    page, csrf = browser(office, PETRA)
    shown = page.get(f"/renewals/{name}").text
    assert "Follows the default" in shown
    key = re.findall(r'name="key" value="(\w+)"', shown)[0]
    form = {"csrf": csrf, "key": key, "version": "0", "owner": "partner", "notify": PETRA}
    for _ in range(2):
        assert page.post(f"/renewals/{name}/owner", data=form).status_code == 303
    again = page.get(f"/renewals/{name}").text
    assert "Set for this client" in again
    assert f"{PETRA} sets the renewal owner of this client" in again
    late = page.post(f"/renewals/{name}/owner", data={**form, "owner": "vendor"})
    assert late.status_code == 409
    assert "somebody was faster" in late.text.lower()


def test_pages_show_the_calendar_and_the_notices(office: World) -> None:
    knows(office, "Casa <b>Clara</b>", days=46)
    page, _ = browser(office, LUIS)
    assert "Casa &lt;b&gt;Clara&lt;/b&gt;" in page.get("/renewals").text
    assert "Casa &lt;b&gt;Clara&lt;/b&gt;" in page.get("/renewals/month?month=2026-04").text
    assert "Clara" not in page.get("/renewals/month").text
    shown = page.get("/renewals/preview").text
    assert "the vendor sends it" in shown
    assert "client&#39;s primary contact" in shown


def test_the_last_warning_is_no_notice_of_the_schedule(office: World) -> None:
    name = knows(office, "north", days=12)
    day = TODAY + timedelta(days=12)
    outcome = StepOutcome.WARNED
    step = NoteStep(renewal=name, renews_on=day, step="safety-7d", outcome=outcome, at=NOW)
    with writing(office.engine) as db:
        store.put_steps(db, [step])
    page, _ = browser(office, LUIS)
    answer = page.get(f"/renewals/{name}").text
    assert "The last warning before Mar 16, 2026" in answer
    assert "Mar 16, 2026, in 12 days" in answer


@pytest.mark.parametrize("outcome", list(StepOutcome))
def test_a_renewal_shows_what_became_of_its_notices(office: World, outcome: StepOutcome) -> None:
    name = knows(office, "north", days=12)
    day = TODAY + timedelta(days=12)
    step = NoteStep(renewal=name, renews_on=day, step="14d", outcome=outcome, at=NOW)
    with writing(office.engine) as db:
        store.put_steps(db, [step])
    page, _ = browser(office, LUIS)
    answer = page.get(f"/renewals/{name}")
    assert answer.status_code == 200
    assert "<strong>14 days before Mar 16, 2026</strong>" in answer.text
    assert api(office, LUIS).get(f"/renewals/{name}").json["steps"][0]["renews_on"] == str(day)


@pytest.mark.parametrize(
    "address",
    [
        "/renewals?first=soon",
        "/renewals?cursor=x",
        "/renewals/month?month=soon",
        "/renewals/month?month=2026-13",
        "/renewals/month?month=9999-12",
        "/renewals/preview?days=0",
        "/renewals/preview?days=a",
        "/renewals/preview?days=99999999999999999999",
    ],
)
def test_wrong_addresses_are_told(office: World, address: str) -> None:
    page, _ = browser(office, LUIS)
    assert page.get(address).status_code == 400


@pytest.mark.parametrize(
    "form",
    [
        {"owner": "boss", "version": "0"},
        {"owner": "vendor"},
        {"owner": "vendor", "version": "-1"},
        {"owner": "vendor", "version": "x"},
    ],
)
def test_wrong_forms_are_told(office: World, form: dict[str, str]) -> None:
    name = knows(office, "clara")
    page, csrf = browser(office, LUIS)
    answer = page.post(f"/renewals/{name}/owner", data={**form, "csrf": csrf})
    assert answer.status_code == 400


def test_a_resellers_client_has_a_tab_of_his_renewals(office: World) -> None:
    page, _ = browser(office, RITA)
    answer = page.get("/clients/cl_1/renewals")
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/renewals/{renewal_of_client(ClientId('cl_1'))}"
    assert page.get(answer.headers["Location"]).status_code == 404


# Nobody's clients in somebody else's list.


CLIENT = st.fixed_dictionaries(
    {
        "tenant": st.sampled_from(["", NORTH, NORTE, "reseller:sur"]),
        "choice": st.sampled_from(list(OwnerChoice)),
        "notify": st.sampled_from([None, ANA, BRUNO, PETRA, RITA]),
        "gone": st.booleans(),
    }
)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(clients=st.lists(CLIENT, min_size=1, max_size=6), default=st.sampled_from([ANA, BRUNO]))
def test_what_is_listed_is_what_may_be_read(
    office: World, clients: list[dict[str, Any]], default: str
) -> None:
    """A client's own address never appears in another reseller's list."""
    renewals = Renewals(
        partner_of="HubSpot", default=RenewalDefault(owner=RenewalOwner.VENDOR, notify=default)
    )
    office.policy = replace(office.policy, renewals=renewals)
    with writing(office.engine) as db:
        db.execute(RENEWALS.delete())
        store.put_renewals(
            db,
            [
                placed(_renewal(number, one), frozenset(), renewals, NOW)
                for number, one in enumerate(clients)
            ],
        )
    for person in PRINCIPALS.values():
        with reading(office.engine) as db:
            eyes = Eyes(db, person, office.policy, NOW)
            listed = {one.renewal.id for one in eyes.calendar(None, None, None, 50)}
            told = {
                recipient.email
                for notice in eyes.preview(400).notices
                for recipient in notice.addressed.recipients.people
            }
            mine = {
                one.id
                for number, given in enumerate(clients)
                if not (one := _renewal(number, given)).reading.gone
                and access_to(person, facts_of(one, renewals), office.policy).can_read
            }
        assert listed == mine
        others = {f"c{n}@client.example" for n in range(len(clients)) if f"rn_{n}" not in mine}
        assert not told & others


def _renewal(number: int, given: dict[str, Any]) -> Renewal:
    return Renewal(
        reading=RenewalReading(
            id=RenewalId(f"rn_{number}"),
            tenant=given["tenant"],
            name=f"c{number}",
            renews_on=TODAY + timedelta(days=60),
            origin=RenewalOrigin.RESELLER_CLIENT,
            ref=f"cl_{number}",
            contacts=(ClientContact(role=RenewalRole.PRIMARY, email=f"c{number}@client.example"),),
            gone=given["gone"],
        ),
        override=Override(choice=given["choice"], notify=given["notify"]),
    )


def test_a_new_partner_reads_nothing_of_what_the_former_did(office: World) -> None:
    name = knows(office, "moved", tenant=NORTH)
    body = {"owner": "partner", "notify": PETRA, "version": 0}
    assert api(office, PETRA).put(f"/renewals/{name}", body).status == 200
    assert PETRA in browser(office, PETRA)[0].get(f"/renewals/{name}").text
    reading = RenewalReading(
        id=name,
        tenant=NORTE,
        name="moved",
        renews_on=TODAY + timedelta(days=60),
        origin=RenewalOrigin.CRM,
        ref="moved",
    )
    event = RenewalRead(
        event_key=EventKey("moves"), occurred_at=NOW, account=HOUSE, reading=reading
    )
    decide_here(office.parts, [event])
    shown = browser(office, RITA)[0].get(f"/renewals/{name}").text
    assert "belongs to another partner now" in shown
    assert PETRA not in shown
    assert browser(office, PETRA)[0].get(f"/renewals/{name}").status_code == 404


def test_a_changed_default_is_on_the_feed_of_whom_it_concerns(office: World) -> None:
    """REN-17."""
    for tenant in ("", NORTH, NORTE):
        event = RenewalDefaultSet(
            event_key=EventKey(f"default:{tenant}"),
            occurred_at=NOW,
            account=HOUSE,
            tenant=tenant,
            before=None,
            after=RenewalDefault(),
        )
        decide_here(office.parts, [event])
    (one,) = api(office, PETRA).get("/activity").items
    assert one["subject"]["id"] == f"default:{NORTH}"
    assert len(api(office, LUIS).get("/activity").items) == 3
