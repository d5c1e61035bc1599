"""What people and origins say of renewals: owner, date, state; each with its reason on the feed."""

from dataclasses import replace
from datetime import date

import pytest

from bridge.domain.changes import Notify
from bridge.domain.decisions import Verdict
from bridge.domain.effects import CreateTask, PostNotification, SendEmail, SetProperty
from bridge.domain.events import Event
from bridge.domain.names import HOUSE, AccountName, CrmId, EventKey
from bridge.domain.people import Directory
from bridge.domain.policy import Policy
from bridge.domain.principals import Person, PersonKind
from bridge.domain.reasons import ReasonCode
from bridge.domain.records import CrmKind
from bridge.domain.renewing import (
    OwnerChoice,
    RenewalOrigin,
    RenewalOwner,
    RenewalState,
    RenewalWord,
)
from bridge.domain.renewing_changes import NoteDefault, NoteStep, PutRenewal, QueueChat, StepOutcome
from bridge.domain.renewing_events import RenewalDefaultSet, RenewalRead, RenewalShown
from bridge.domain.renewing_facts import RenewingFacts
from bridge.domain.renewing_policy import (
    ChatSending,
    RenewalDefault,
    RenewalSending,
    SendBy,
    WrittenTo,
)
from tests.domain.building import ANA, BRUNO, CRM, DIRECTORY, LUIS, NOW, QA, WA
from tests.domain.renewals import (
    BILLING,
    BOSS,
    DUE,
    MANAGER,
    OF_NORTE,
    OF_NORTH,
    PARTNERS,
    PAUL,
    PETRA,
    PRIMARY,
    VENDORS,
    after,
    codes,
    decide,
    due,
    facts,
    reading,
    renewal,
    rules,
    says,
    sets,
)

DEFAULT, VENDOR, PARTNER = OwnerChoice.DEFAULT, OwnerChoice.VENDOR, OwnerChoice.PARTNER
NEXT_YEAR = date(2027, 6, 30)


def step(decision: object) -> NoteStep:
    found = [x for x in decision.changes if isinstance(x, NoteStep)]  # type: ignore[attr-defined]
    assert len(found) == 1
    return found[0]


def mails(decision: object) -> list[SendEmail]:
    effects = [planned.effect for planned in decision.effects]  # type: ignore[attr-defined]
    return [effect for effect in effects if isinstance(effect, SendEmail)]


# Who owns it.


def test_an_override_is_set_and_stands_on_the_feed() -> None:
    """REN-09, REN-17: who, old, new, and that it is for this client."""
    known = renewal()
    decision = decide(sets(PARTNER, BRUNO), facts(known), rules())
    changed = after(decision, known)
    assert (changed.override.choice, changed.override.notify) == (PARTNER, BRUNO)
    assert changed.version == 1
    assert decision.subject == known.subject
    assert decision.reasons[0].detail == (
        f"{LUIS} sets the renewal owner of this client: from default to partner ({BRUNO})"
    )
    assert [(f.name, f.value) for f in decision.facts] == [
        ("owner before", f"vendor, {ANA} (default)"),
        ("owner now", f"partner, {BRUNO} (client)"),
    ]


def test_back_to_the_default() -> None:
    """REN-10: a person that was named goes with it."""
    known = renewal(PARTNER, BRUNO)
    changed = after(decide(sets(DEFAULT, BRUNO), facts(known), rules()), known)
    assert (changed.override.choice, changed.override.notify) == (DEFAULT, None)


@pytest.mark.parametrize(
    ("choice", "notify", "code"),
    [
        (PARTNER, None, ReasonCode.RENEWAL_NO_CONTACT),
        (PARTNER, "", ReasonCode.RENEWAL_NO_CONTACT),
        (PARTNER, "stranger@x.example", ReasonCode.RENEWAL_NOT_HIS_USER),
        (PARTNER, PETRA, ReasonCode.RENEWAL_NOT_HIS_USER),
        (VENDOR, PETRA, ReasonCode.RENEWAL_NOT_HIS_USER),
    ],
)
def test_a_wrong_point_of_contact_is_refused(
    choice: OwnerChoice, notify: str | None, code: ReasonCode
) -> None:
    """REN-07, REN-08."""
    decision = decide(sets(choice, notify), facts(renewal()), rules())
    assert (decision.verdict, decision.reasons[0].code) == (Verdict.REJECTED, code)
    assert decision.changes == ()


def test_a_deactivated_person_can_not_be_chosen() -> None:
    known = renewal(tenant="partner:north")
    gone = facts(known, inactive={PETRA: "was deactivated"})
    decision = decide(sets(PARTNER, PETRA), gone, rules())
    assert codes(decision) == [ReasonCode.RENEWAL_CONTACT_GONE]


def test_setting_what_is_set_changes_nothing() -> None:
    decision = decide(sets(PARTNER, BRUNO), facts(renewal(PARTNER, BRUNO)), rules())
    assert (decision.verdict, decision.changes) == (Verdict.IGNORED, ())


def test_the_second_of_two_admins_hears_what_changed() -> None:
    """Two at once: nothing is overwritten unseen."""
    known = renewal()
    once = after(decide(sets(PARTNER, BRUNO), facts(known), rules()), known)
    decision = decide(sets(VENDOR, seen=0), facts(once), rules())
    assert decision.verdict is Verdict.REJECTED
    assert decision.reasons[0].code is ReasonCode.RENEWAL_CHANGED_MEANWHILE
    assert f"employee:{LUIS} has set the owner to partner ({BRUNO})" in decision.reasons[0].detail
    assert after(decide(sets(VENDOR, seen=1), facts(once), rules()), once).version == 2


def test_an_override_for_a_client_who_left_is_refused() -> None:
    decision = decide(sets(PARTNER, BRUNO), facts(renewal(gone=True)), rules())
    assert codes(decision) == [ReasonCode.RENEWAL_GONE]


@pytest.mark.parametrize(
    ("by", "tenant", "code"),
    [
        (OF_NORTH, "", ReasonCode.REQUEST_NOT_FOUND),
        (OF_NORTH, "reseller:norte", ReasonCode.REQUEST_NOT_FOUND),
        (OF_NORTE, "partner:north", ReasonCode.REQUEST_NOT_FOUND),
        (Person(kind=PersonKind.EMPLOYEE, id=BRUNO), "", ReasonCode.REQUEST_NOT_FOUND),
        (Person(kind=PersonKind.EMPLOYEE, id="x@y.example"), "", ReasonCode.REQUEST_NOT_FOUND),
        (Person(kind=PersonKind.EMPLOYEE, id=QA), "", ReasonCode.ROLE_QUALITY_CONTROL),
    ],
)
def test_whose_business_it_is_not_may_not(by: Person, tenant: str, code: ReasonCode) -> None:
    """Who may not read it hears that there is none, and the feed of its partner stays silent."""
    known = renewal(tenant=tenant)
    for event in (sets(VENDOR, by=by), says(RenewalWord.HANDLED, by=by)):
        decision = decide(event, facts(known), rules())
        assert (decision.verdict, codes(decision)) == (Verdict.REJECTED, [code])


@pytest.mark.parametrize(
    ("by", "tenant", "notify"),
    [
        (OF_NORTH, "partner:north", PAUL),
        (OF_NORTE, "reseller:norte", "rita@norte.example"),
        (Person(kind=PersonKind.EMPLOYEE, id=ANA), "", BRUNO),  # the point of contact
        (MANAGER, "partner:north", PETRA),
    ],
)
def test_a_partner_sets_it_for_his_own_clients(by: Person, tenant: str, notify: str) -> None:
    """REN-18."""
    decision = decide(sets(PARTNER, notify, by=by), facts(renewal(tenant=tenant)), rules())
    assert decision.verdict is Verdict.APPLIED


def test_a_client_that_is_not_there() -> None:
    decision = decide(sets(VENDOR), facts(None), rules())
    assert codes(decision) == [ReasonCode.REQUEST_NOT_FOUND]


def test_without_renewals_yaml_there_is_nothing_to_set() -> None:
    """REN-01."""
    decision = decide(sets(VENDOR), facts(renewal()), replace(rules(), renewals=None))
    assert codes(decision) == [ReasonCode.RENEWAL_NOT_SET_UP]


# The default.


def default_set(
    before: RenewalDefault | None, now: RenewalDefault | None, by: str = ""
) -> RenewalDefaultSet:
    return RenewalDefaultSet(
        event_key=EventKey("default"),
        occurred_at=NOW,
        account=HOUSE,
        tenant="partner:north",
        before=before,
        after=now,
        by=by,
    )


@pytest.mark.parametrize(
    ("before", "now", "by", "said"),
    [
        (None, VENDORS, "", f"the configuration sets … from none to vendor ({ANA})"),
        (VENDORS, PARTNERS, f"employee:{LUIS}", f"from vendor ({ANA}) to partner ({ANA})"),
        (PARTNERS, None, "", f"from partner ({ANA}) to none"),
        (RenewalDefault(), VENDORS, "", f"from vendor to vendor ({ANA})"),
    ],
)
def test_a_change_of_the_default_is_on_the_feed(
    before: RenewalDefault | None, now: RenewalDefault | None, by: str, said: str
) -> None:
    """REN-17: who, old, new, default."""
    given = replace(facts(None), renewing=RenewingFacts(default=before))
    decision = decide(default_set(before, now, by), given, rules())
    assert said.rpartition("… ")[2] in decision.reasons[0].detail
    assert decision.reasons[0].detail.startswith(by or "the configuration")
    assert decision.subject is not None
    assert decision.subject.tenant == "partner:north"
    assert [type(change) for change in decision.changes] == [NoteDefault]


def test_a_default_that_is_noted_already_is_not_noted_twice() -> None:
    given = replace(facts(None), renewing=RenewingFacts(default=PARTNERS))
    decision = decide(default_set(VENDORS, PARTNERS), given, rules(PARTNERS))
    assert (decision.verdict, decision.changes) == (Verdict.IGNORED, ())


def test_nothing_holds_before_the_configuration_is_active() -> None:
    """REN-15: a notice goes by the configuration that is active, whatever is being edited."""
    decision = decide(due(), facts(renewal()), rules(VENDORS))
    assert step(decision).outcome is StepOutcome.LOGGED
    assert step(decide(due(), facts(renewal()), rules(PARTNERS))).outcome is StepOutcome.SENT


# What the origin says.


def read(**changed: object) -> RenewalRead:
    return RenewalRead(
        event_key=EventKey("read"), occurred_at=NOW, account=HOUSE, reading=reading(**changed)
    )


def test_what_moved_is_on_the_feed_and_overrides_stay() -> None:
    """REN-14."""
    known = replace(renewal(PARTNER, BRUNO), version=3)
    event = read(renews_on=NEXT_YEAR, state=RenewalState.RENEWED, contacts=())
    decision = decide(event, facts(known), rules())
    changed = after(decision, known)
    assert changed.override == known.override
    assert (changed.version, changed.revision) == (3, 2)
    assert [reason.detail for reason in decision.reasons] == [
        "the renewal moved from 2026-06-30 to 2027-06-30",
        "the origin says renewed, before pending",
        "the client's contacts are others",
    ]


def test_a_client_of_another_partner_loses_what_the_former_has_set() -> None:
    """Nobody of the former partner stays his point of contact."""
    known = renewal(PARTNER, PETRA, tenant="partner:north")
    decision = decide(read(tenant="reseller:norte"), facts(known), rules())
    changed = after(decision, known)
    assert changed.override.choice is DEFAULT
    assert codes(decision)[0] == ReasonCode.RENEWAL_OWNER_CHANGED
    assert changed.version == 1


def test_the_feed_names_nobody_of_the_client() -> None:
    decision = decide(read(), facts(None), rules())
    told = " ".join(reason.detail for reason in decision.reasons)
    assert not any(address in told for address in (PRIMARY, BILLING, BOSS))


def test_what_has_not_changed_changes_nothing() -> None:
    decision = decide(read(), facts(renewal()), rules())
    assert (decision.verdict, decision.changes) == (Verdict.IGNORED, ())


# Its way to the CRM.


WRITTEN = WrittenTo(owner="renewal_owner", contact="renewal_contact")


def written(decision: object) -> list[tuple[str, str]]:
    effects = [planned.effect for planned in decision.effects]  # type: ignore[attr-defined]
    return [(e.name, e.value) for e in effects if isinstance(e, SetProperty)]


def test_without_a_property_the_store_alone_has_it() -> None:
    """PX-08."""
    decision = decide(sets(PARTNER, BRUNO), facts(renewal()), rules())
    assert decision.effects == ()


def test_where_properties_are_named_the_owner_is_written_to_them() -> None:
    """PX-08."""
    known = renewal()
    decision = decide(sets(PARTNER, BRUNO), facts(known), rules(written_to=WRITTEN))
    assert written(decision) == [("renewal_owner", "partner"), ("renewal_contact", BRUNO)]
    effect = decision.effects[0].effect
    assert isinstance(effect, SetProperty)
    assert (effect.kind, effect.record) == (CrmKind.COMPANY, CrmId("500"))
    assert after(decision, known).shown == f"partner|{BRUNO}"


def test_a_changed_default_is_written_where_it_holds() -> None:
    """PX-08, REN-14: with an override nothing changes."""
    event = RenewalShown(
        event_key=EventKey("s"), occurred_at=NOW, account=HOUSE, renewal=renewal().id
    )
    known = replace(renewal(), shown=f"vendor|{ANA}")
    decision = decide(event, facts(known), rules(PARTNERS, written_to=WRITTEN))
    assert written(decision) == [("renewal_owner", "partner"), ("renewal_contact", ANA)]
    assert after(decision, known).revision == known.revision + 1
    kept = replace(renewal(VENDOR), shown=f"vendor|{ANA}")
    again = decide(event, facts(kept), rules(PARTNERS, written_to=WRITTEN))
    assert (again.verdict, again.effects) == (Verdict.IGNORED, ())


def test_a_plan_of_a_reseller_stands_in_no_crm() -> None:
    known = renewal(origin=RenewalOrigin.RESELLER_CLIENT, account=None, kind=None, record=None)
    decision = decide(sets(PARTNER, BRUNO), facts(known), rules(written_to=WRITTEN))
    assert decision.effects == ()


# A step is due.


def test_where_the_vendor_owns_it_nothing_leaves() -> None:
    """REN-04: logged with whom the vendor writes to."""
    decision = decide(due(), facts(renewal()), rules(VENDORS))
    assert decision.effects == ()
    assert step(decision).outcome is StepOutcome.LOGGED
    assert codes(decision) == [
        ReasonCode.RENEWAL_OWNER_VENDOR,
        ReasonCode.RENEWAL_CLIENT_CONTACT,
        ReasonCode.RENEWAL_CLIENT_CONTACT,
        ReasonCode.RENEWAL_CLIENT_CONTACT,
        ReasonCode.RENEWAL_COPY,
        ReasonCode.RENEWAL_LOGGED,
    ]


def test_where_the_partner_owns_it_his_person_gets_a_mail() -> None:
    """REN-05: with no address of the client's in it."""
    decision = decide(due(), facts(renewal()), rules(PARTNERS))
    (mail,) = mails(decision)
    assert (mail.recipient, mail.employee) == (ANA, ANA)
    assert mail.subject == "Renewal of Casa Clara on 2026-06-30"
    assert "in 45 days" in mail.text
    assert "https://bridge.example/renewals/rn_1" in mail.text
    assert not any(address in mail.text for address in (PRIMARY, BILLING, BOSS))
    assert decision.target == ANA
    assert [(c.employee, c.chosen) for c in decision.candidates] == [(ANA, True)]
    assert step(decision).outcome is StepOutcome.SENT


@pytest.mark.parametrize(
    ("owner", "notify", "tenant", "told"),
    [
        (RenewalOwner.PARTNER, PETRA, "partner:north", [(PETRA, ReasonCode.RENEWAL_SENT)]),
        (RenewalOwner.VENDOR, PETRA, "partner:north", [(PETRA, ReasonCode.RENEWAL_LOGGED)]),
        (RenewalOwner.VENDOR, None, "partner:north", []),
        (RenewalOwner.PARTNER, ANA, "", []),
    ],
)
def test_a_partners_person_reads_in_his_own_list_what_is_due(
    owner: RenewalOwner, notify: str | None, tenant: str, told: list[tuple[str, ReasonCode]]
) -> None:
    """REN-05, REN-06: he who acts or is in copy, and nobody else; an employee has his mail."""
    default = RenewalDefault(owner=owner, notify=notify)
    policy = rules(default, partners={"north": default})
    decision = decide(due(), facts(renewal(tenant=tenant)), policy)
    notices = [one for one in decision.changes if isinstance(one, Notify)]
    assert [(one.employee, one.code) for one in notices] == told
    assert {(one.tenant, one.subject, one.about) for one in notices} <= {
        ("partner:north", "renewal:rn_1", "rn_1")
    }


def test_the_texts_are_the_houses_own_and_values_are_no_templates() -> None:
    send = RenewalSending(
        subject="{client} {days_left} {x}", text="{partner} {contract} {deadline}"
    )
    known = renewal(name="{link}", contract="email overage")
    (mail,) = mails(decide(due(), facts(known), rules(PARTNERS, send=send)))
    assert (mail.subject, mail.text) == ("{link} 45 {x}", "HubSpot email overage 2026-06-30")


def test_each_step_has_a_mail_of_its_own_and_the_same_one_when_decided_again() -> None:
    keys = [mails(decide(due(s), facts(renewal()), rules(PARTNERS)))[0].key for s in ("45d", "14d")]
    again = mails(decide(due("45d"), facts(renewal()), rules(PARTNERS)))[0].key
    assert len(set(keys)) == 2
    assert again == keys[0]


@pytest.mark.parametrize(
    ("known", "of", "done", "code"),
    [
        (renewal(gone=True), DUE, (), ReasonCode.RENEWAL_GONE),
        (renewal(renews_on=NEXT_YEAR), DUE, (), ReasonCode.RENEWAL_MOVED),
        (renewal(state=RenewalState.RENEWED), DUE, (), ReasonCode.RENEWAL_STOPPED),
        (renewal(state=RenewalState.CANCELLATION_REQUESTED), DUE, (), ReasonCode.RENEWAL_STOPPED),
        (renewal(), DUE, ("45d",), ReasonCode.RENEWAL_STEP_DONE),
    ],
)
def test_what_was_overtaken_is_not_sent(
    known: object, of: date, done: tuple[str, ...], code: ReasonCode
) -> None:
    given = facts(known, done=frozenset(done), done_for=of)  # type: ignore[arg-type]
    decision = decide(due(of=of), given, rules(PARTNERS))
    assert (decision.verdict, codes(decision)) == (Verdict.IGNORED, [code])
    assert (decision.changes, decision.effects) == ((), ())


def test_a_step_that_the_schedule_has_no_more() -> None:
    decision = decide(due("60d"), facts(renewal()), rules(PARTNERS))
    assert (decision.verdict, codes(decision)) == (Verdict.IGNORED, [ReasonCode.RENEWAL_MOVED])


@pytest.mark.parametrize(
    ("known", "default", "code"),
    [
        (renewal(contacts=()), VENDORS, ReasonCode.RENEWAL_NO_RECIPIENT),
        (renewal(PARTNER, PETRA), VENDORS, ReasonCode.RENEWAL_NOT_HIS_USER),
        (renewal(), RenewalDefault(owner=RenewalOwner.PARTNER), ReasonCode.RENEWAL_NO_CONTACT),
    ],
)
def test_what_can_reach_nobody_is_flagged_and_managers_are_told(
    known: object, default: RenewalDefault, code: ReasonCode
) -> None:
    """REN-16, REN-08: never silent."""
    decision = decide(due(), facts(known), rules(default))  # type: ignore[arg-type]
    assert step(decision).outcome is StepOutcome.FLAGGED
    assert code in codes(decision)
    assert [mail.recipient for mail in mails(decision)] == [LUIS]


def test_a_deactivated_person_gets_nothing_and_managers_hear_it() -> None:
    people = tuple(replace(p, active=p.email != ANA) for p in DIRECTORY.people)
    given = facts(renewal(), directory=Directory(people=people, as_of=NOW))
    decision = decide(due(), given, rules(PARTNERS))
    assert step(decision).outcome is StepOutcome.FLAGGED
    assert [mail.recipient for mail in mails(decision)] == [LUIS]
    assert mails(decision)[0].subject == "A renewal notice reaches nobody"


def test_without_an_account_of_email_it_is_flagged() -> None:
    decision = decide(due(), facts(renewal()), replace(rules(PARTNERS), email=None))
    assert step(decision).outcome is StepOutcome.FLAGGED
    assert ReasonCode.RENEWAL_UNSENT in codes(decision)


def test_a_partner_user_is_no_employee_to_be_asked_for_when_the_mail_leaves() -> None:
    known = renewal(PARTNER, PETRA, tenant="partner:north")
    (mail,) = mails(decide(due(), facts(known), rules()))
    assert (mail.recipient, mail.employee) == (PETRA, None)


# By a task, or a chat message.


TASK = RenewalSending(by=SendBy.CRM_TASK)
CHAT = RenewalSending(
    by=SendBy.CHAT,
    chat=ChatSending(
        channel=WA,
        template="renewal_due",
        employee=LUIS,
        language="es",
        values=("client", "days_left"),
        phones={ANA: "+34600111222"},
    ),
)


def test_as_a_task_in_the_crm() -> None:
    decision = decide(due(), facts(renewal()), rules(PARTNERS, send=TASK))
    (planned,) = decision.effects
    task = planned.effect
    assert isinstance(task, CreateTask)
    assert (planned.account, task.owner, task.record) == (CRM, CrmId("crm-ana"), CrmId("500"))
    assert (task.due, task.subject) == (DUE, "Renewal of Casa Clara on 2026-06-30")


@pytest.mark.parametrize(
    ("known", "default"),
    [
        (
            renewal(origin=RenewalOrigin.RESELLER_CLIENT, account=None, kind=None, record=None),
            PARTNERS,
        ),
        (renewal(account=AccountName("other-crm")), PARTNERS),
        (renewal(PARTNER, PETRA, tenant="partner:north"), VENDORS),
    ],
)
def test_whom_no_task_can_reach_gets_a_mail(known: object, default: RenewalDefault) -> None:
    policy = rules(default, send=TASK)
    decision = decide(due(), facts(known), policy)  # type: ignore[arg-type]
    assert len(mails(decision)) == 1
    assert ReasonCode.RENEWAL_OTHER_WAY in codes(decision)


def test_as_a_template_on_a_messenger() -> None:
    decision = decide(due(), facts(renewal()), rules(PARTNERS, send=CHAT))
    assert decision.effects == ()
    (chat,) = [x for x in decision.changes if isinstance(x, QueueChat)]
    assert (chat.phone, chat.channel, chat.employee) == ("+34600111222", WA, LUIS)
    assert chat.template.values == ("Casa Clara", "45")


def test_whose_number_is_not_known_gets_a_mail() -> None:
    default = RenewalDefault(owner=RenewalOwner.PARTNER, notify=BRUNO)
    decision = decide(due(), facts(renewal()), rules(default, send=CHAT))
    assert [mail.recipient for mail in mails(decision)] == [BRUNO]
    assert ReasonCode.RENEWAL_OTHER_WAY in codes(decision)


# The safety notice.


@pytest.mark.parametrize(
    ("word", "default", "outcome", "told"),
    [
        (None, PARTNERS, StepOutcome.WARNED, [LUIS]),
        (RenewalWord.HANDLED, PARTNERS, StepOutcome.REACTED, []),
        (None, VENDORS, StepOutcome.REACTED, []),
    ],
)
def test_managers_are_told_of_a_partner_who_does_not_react(
    word: RenewalWord | None, default: RenewalDefault, outcome: StepOutcome, told: list[str]
) -> None:
    known = renewal()
    if word is not None:
        known = after(decide(says(word), facts(known), rules(default)), known)
    decision = decide(due("safety-7d"), facts(known), rules(default))
    assert step(decision).outcome is outcome
    assert [mail.recipient for mail in mails(decision)] == told


def test_the_managers_mail_names_no_client() -> None:
    (mail,) = mails(decide(due("safety-7d"), facts(renewal()), rules(PARTNERS)))
    assert "Casa Clara" not in mail.text
    assert "https://bridge.example/renewals/rn_1" in mail.text


# What people say of it.


def test_a_word_is_kept_with_who_said_it() -> None:
    known = renewal(tenant="partner:north")
    decision = decide(says(RenewalWord.CONFIRMED, by=OF_NORTH), facts(known), rules())
    changed = after(decision, known)
    assert (changed.state, changed.version) == (RenewalState.CONFIRMED, 1)
    assert changed.said is not None
    assert changed.said.by == f"partner:{PETRA}"
    assert decision.reasons[0].detail == f"{PETRA} says of the renewal of 2026-06-30: confirmed"


@pytest.mark.parametrize(
    "event",
    [says(RenewalWord.RENEWED, seen=4), says(RenewalWord.RENEWED, of=NEXT_YEAR)],
    ids=["an older version", "another date"],
)
def test_a_word_about_what_has_moved_is_refused(event: Event) -> None:
    decision = decide(event, facts(renewal()), rules())
    assert codes(decision) == [ReasonCode.RENEWAL_CHANGED_MEANWHILE]


def test_posts_of_the_house_tell_nothing_of_the_client() -> None:
    policy: Policy = replace(rules(PARTNERS), webhook=AccountName("pager"))
    decision = decide(due("safety-7d"), facts(renewal()), policy)
    posts = [p.effect for p in decision.effects if isinstance(p.effect, PostNotification)]
    assert [(post.employee, post.about) for post in posts] == [(LUIS, "rn_1")]
    assert [type(x) for x in decision.changes if isinstance(x, PutRenewal)] == []
