"""Forms of the settings: what somebody changes in a field is what changes in the YAML (ROL, NEW,
FEED, NOT, CHN), and a wrong answer stands beside its field."""

import json
from collections.abc import Mapping

import pytest
from werkzeug.datastructures import MultiDict

from bridge.domain.messaging import Messenger
from bridge.web.pages.settings import (
    channels_form,
    clients_form,
    notices_form,
    people_form,
    pools_form,
    presets,
    rules_form,
)
from bridge.web.pages.settings.clients_form import place
from bridge.web.pages.settings.filled import Filled, filled, told
from bridge.web.pages.settings.rules_form import choice
from bridge.web.problems import Problem
from tests.web.filling import after, raw, typed

ANA, BRUNO, LUIS, NORA = (f"{who}@acme.example" for who in ("ana", "bruno", "luis", "nora"))

PEOPLE = """\
# Who may what.
employees:
  Ana@acme.example: {role: salesperson, gets_new_clients: true}   # since May
  bruno@acme.example:
    role: salesperson
    channels: [wa-sales]
  luis@acme.example: {role: manager}
"""


@pytest.mark.parametrize(
    ("given", "before", "becomes"),
    [
        ({f"role:{ANA}": "manager"}, "{role: salesperson, gets", "{role: manager, gets"),
        ({f"new:{ANA}": ""}, "gets_new_clients: true", "gets_new_clients: false"),
        ({f"role:{LUIS}": ""}, "  luis@acme.example: {role: manager}\n", ""),
        (
            {f"channels:{BRUNO}[]": "wa-sales,wa-north"},
            "channels: [wa-sales]",
            "channels: [wa-sales, wa-north]",
        ),
        ({f"all:{BRUNO}": "true"}, "    channels: [wa-sales]\n", ""),
        (
            {f"all:{LUIS}": "", f"channels:{LUIS}[]": "wa-sales"},
            "{role: manager}",
            "{role: manager, channels: [wa-sales]}",
        ),
        (
            {f"mail:{LUIS}": "digest"},
            "{role: manager}",
            "{role: manager, notify: {mail: digest}}",
        ),
    ],
)
def test_people_only_what_was_changed_changes(
    given: Mapping[str, str], before: str, becomes: str
) -> None:
    fields = people_form.fields_of(raw(PEOPLE), (ANA, BRUNO, LUIS))
    made = people_form.edits_of(typed(fields, given), raw(PEOPLE))
    assert after(PEOPLE, made.edits) == PEOPLE.replace(before, becomes)


def test_rol_03_somebody_whom_only_the_crm_knows_gets_an_entry() -> None:
    fields = people_form.fields_of(raw(PEOPLE), (NORA,))
    form = typed(fields, {f"role:{NORA}": "salesperson", f"new:{NORA}": "true"})
    made = people_form.edits_of(form, raw(PEOPLE))
    entry = raw(after(PEOPLE, made.edits))["employees"]
    assert isinstance(entry, Mapping)
    assert entry[NORA] == {"role": "salesperson", "gets_new_clients": "true"}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({f"role:{ANA}": "boss"}, f"role:{ANA}"),
        ({f"mail:{ANA}": "hourly"}, f"mail:{ANA}"),
        ({f"new:{NORA}": "true"}, f"role:{NORA}"),
    ],
)
def test_people_a_wrong_answer_stands_beside_its_field(
    given: Mapping[str, str], field: str
) -> None:
    fields = people_form.fields_of(raw(PEOPLE), (ANA, NORA))
    assert set(people_form.edits_of(typed(fields, given), raw(PEOPLE)).errors) == {field}


def test_rol_15_classic_sales_makes_salespeople_who_get_new_clients() -> None:
    fields = people_form.fields_of(raw(PEOPLE), (ANA, LUIS, NORA))
    form = presets.tried_on(typed(fields, {}), presets.CLASSIC, (), LUIS)
    made = people_form.edits_of(form, raw(PEOPLE))
    assert [edit.path for edit in made.edits] == [("employees", NORA)]
    house = presets.house_edits(presets.CLASSIC, raw(PEOPLE), LUIS)
    assert [edit.path for edit in house] == [("ownership", "fallback"), ("default", "employee")]


def test_rol_16_at_a_desk_new_clients_belong_to_its_head_alone() -> None:
    fields = people_form.fields_of(raw(PEOPLE), (ANA, BRUNO, LUIS))
    form = presets.tried_on(typed(fields, {}), presets.DESK, (ANA, BRUNO), LUIS)
    made = people_form.edits_of(form, raw(PEOPLE))
    text = after(PEOPLE, made.edits)
    assert text.count("role: manager") == 3
    assert "Ana@acme.example: {role: manager, gets_new_clients: false}" in text
    assert "luis@acme.example: {role: manager, gets_new_clients: true}" in text
    house = presets.house_edits(presets.DESK, raw(PEOPLE), LUIS)
    assert house[0].path == ("notifications", "managers_hear_all_chats")


def test_rol_17_one_person_is_a_manager_whomever_was_chosen() -> None:
    fields = people_form.fields_of(raw(PEOPLE), (ANA, NORA))
    form = presets.tried_on(typed(fields, {}), presets.ALONE, (ANA,), NORA)
    made = people_form.edits_of(form, raw(PEOPLE))
    assert [edit.path for edit in made.edits] == [("employees", NORA)]


CLIENTS = """\
channels:
  wa-sales: {account: wazzup-main, messenger: whatsapp, id: 8c, create: lead}
new_clients:
  create: deal
  pipeline: default   # ids, not labels
  stage: new
timeline: {save_messages: true, write_to: [contact, deal, lead]}
default: {employee: luis@acme.example}
"""


@pytest.mark.parametrize(
    ("given", "before", "becomes"),
    [
        ({"create": "lead"}, "create: deal", "create: lead"),
        (
            {"place": place("support", "first")},
            "pipeline: default   # ids, not labels\n  stage: new",
            "pipeline: support   # ids, not labels\n  stage: first",
        ),
        (
            {"typed_pipeline": "p 9", "typed_stage": "s9"},
            "pipeline: default   # ids, not labels\n  stage: new",
            "pipeline: p 9   # ids, not labels\n  stage: s9",
        ),
        ({"save_messages": ""}, "save_messages: true", "save_messages: false"),
        ({"write_to[]": "contact,deal"}, "[contact, deal, lead]", "[contact, deal]"),
        ({"default": ""}, "default: {employee: luis@acme.example}\n", ""),
        ({"default": ANA}, f"employee: {LUIS}", f"employee: {ANA}"),
        ({"channel:wa-sales": ""}, ", create: lead}", "}"),
        (
            {"channel:wa-sales": place("support", "first")},
            "create: lead}",
            "create: deal, pipeline: support, stage: first}",
        ),
    ],
)
def test_new_clients_only_what_was_changed_changes(
    given: Mapping[str, str], before: str, becomes: str
) -> None:
    form = typed(clients_form.fields_of(raw(CLIENTS)), given)
    made = clients_form.edits_of(form, raw(CLIENTS))
    assert not made.errors
    assert after(CLIENTS, made.edits) == CLIENTS.replace(before, becomes)


def test_new_clients_nothing_written_means_what_the_bridge_does_by_itself() -> None:
    fields = clients_form.fields_of({})
    assert (fields["create"], fields["distribution"]) == ("deal", "in_turn")
    assert (fields["save_messages"], fields["write_to[]"]) == ("true", "contact,deal,lead")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"create": "sale"}, "create"),
        ({"distribution": ""}, "distribution"),
        ({"owe_limit": "-1"}, "owe_limit"),
        ({"owe_limit": "1001"}, "owe_limit"),
        ({"owe_limit": "٣"}, "owe_limit"),
        ({"typed_pipeline": "p"}, "typed_stage"),
        ({"write_to[]": "contact,note"}, "write_to[]"),
        ({"place": "["}, "place"),
        ({"place": '["a"]'}, "place"),
        ({"place": ""}, "place"),
        ({"channel:wa-sales": "deal"}, "channel:wa-sales"),
    ],
)
def test_new_clients_a_wrong_answer_stands_beside_its_field(
    given: Mapping[str, str], field: str
) -> None:
    form = typed(clients_form.fields_of(raw(CLIENTS)), given)
    made = clients_form.edits_of(form, raw(CLIENTS))
    assert set(made.errors) == {field}
    assert made.edits == ()


CHANNELS = """\
channels:
  wa-sales: {account: wazzup-main, messenger: whatsapp, id: a1, label: Sales}
  wa-north: {account: wazzup-main, messenger: whatsapp, id: b2}
employees:
  ana@acme.example: {role: salesperson, priority_channel: {whatsapp: wa-sales}}
"""
WHATSAPP = ((ANA, Messenger.WHATSAPP),)


@pytest.mark.parametrize(
    ("given", "before", "becomes"),
    [
        ({"label:wa-sales": "Ventas"}, "label: Sales", "label: Ventas"),
        ({"label:wa-sales": ""}, ", label: Sales", ""),
        ({"label:wa-north": "North"}, "id: b2}", "id: b2, label: North}"),
        ({f"priority:{ANA}:whatsapp": "wa-north"}, "whatsapp: wa-sales}", "whatsapp: wa-north}"),
        ({f"priority:{ANA}:whatsapp": ""}, ", priority_channel: {whatsapp: wa-sales}", ""),
    ],
)
def test_chn_02_channels_only_what_was_changed_changes(
    given: Mapping[str, str], before: str, becomes: str
) -> None:
    form = typed(channels_form.fields_of(raw(CHANNELS), WHATSAPP), given)
    made = channels_form.edits_of(form, raw(CHANNELS))
    assert after(CHANNELS, made.edits) == CHANNELS.replace(before, becomes)


def test_a_channel_that_the_messenger_told_of_is_added() -> None:
    seen = {"account": "wazzup-main", "messenger": "telegram", "id": "c3"}
    form = typed({}, {**seen, "name": "tg", "label": "Telegram: shop"})
    made = channels_form.added(form, raw(CHANNELS))
    channels = raw(after(CHANNELS, made.edits))["channels"]
    assert isinstance(channels, Mapping)
    assert channels["tg"] == {**seen, "label": "Telegram: shop"}


@pytest.mark.parametrize(
    ("given", "field"),
    [({"name": ""}, "name"), ({"name": "wa-sales"}, "name"), ({"messenger": "fax"}, "messenger")],
)
def test_a_channel_is_not_added_under_a_wrong_name(given: Mapping[str, str], field: str) -> None:
    seen = {"account": "wazzup-main", "messenger": "telegram", "id": "c3", "name": "tg"}
    assert set(channels_form.added(typed({}, {**seen, **given}), raw(CHANNELS)).errors) == {field}


NOTICES = "notifications: {managers_hear_all_chats: false, email: mail-main}\n"


@pytest.mark.parametrize(
    ("given", "before", "becomes"),
    [
        ({"hear_all": "true"}, "chats: false", "chats: true"),
        ({"email": ""}, ", email: mail-main", ""),
        ({"webhook": "pager"}, "mail-main}", "mail-main, webhook: pager}"),
        (
            {"digest_every": "1d", "digest_at": "07:30"},
            "mail-main}",
            'mail-main, digest: {every: 1d, at: "07:30"}}',
        ),
    ],
)
def test_not_01_notifications_only_what_was_changed_changes(
    given: Mapping[str, str], before: str, becomes: str
) -> None:
    form = typed(notices_form.fields_of(raw(NOTICES)), given)
    made = notices_form.edits_of(form, raw(NOTICES))
    assert raw(after(NOTICES, made.edits)) == raw(NOTICES.replace(before, becomes))


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"digest_every": "1w"}, "digest_every"),
        ({"digest_every": "1d", "digest_at": ""}, "digest_at"),
        ({"digest_every": "1d", "email": ""}, "email"),
    ],
)
def test_notifications_a_wrong_answer_stands_beside_its_field(
    given: Mapping[str, str], field: str
) -> None:
    form = typed(notices_form.fields_of(raw(NOTICES)), given)
    assert set(notices_form.edits_of(form, raw(NOTICES)).errors) == {field}


RULES = """\
rules:
  - id: mx
    label: Mexico
    when: {client: new, country: MX}
    to: [{pool: north, method: in_turn}, {employee: ana@acme.example}]
  # Telegram is Bruno's.
  - {id: tg, when: {messenger: telegram}, to: {employee: bruno@acme.example}}
  - id: all
    to: {pool: north}
"""


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        (("all", "mx", "tg"), ("all", "mx", "tg")),
        (("tg", "mx", "all"), ("tg", "mx", "all")),
        (("all", "tg", "mx"), ("all", "tg", "mx")),
        (("tg",), ("tg", "mx", "all")),  # one that was added meanwhile stays behind the rest
        (("gone", "tg", "tg", "mx", "all"), ("tg", "mx", "all")),
    ],
)
def test_rules_are_brought_into_the_order_that_was_chosen(
    wanted: tuple[str, ...], ids: tuple[str, ...]
) -> None:
    text = after(RULES, rules_form.moves(raw(RULES), wanted))
    assert rules_form.ids_in(raw(text)) == ids
    assert "  # Telegram is Bruno's.\n  - {id: tg" in text


def test_the_same_order_changes_nothing() -> None:
    assert rules_form.moves(raw(RULES), ("mx", "tg", "all")) == ()


@pytest.mark.parametrize(
    ("rule", "step", "order"),
    [
        ("tg", -1, "tg mx all"),
        ("tg", 1, "mx all tg"),
        ("mx", -1, "mx tg all"),
        ("x", 1, "mx tg all"),
    ],
)
def test_a_rule_goes_up_and_down_and_not_beyond(rule: str, step: int, order: str) -> None:
    assert " ".join(rules_form.moved(("mx", "tg", "all"), rule, step)) == order


@pytest.mark.parametrize(
    ("rule", "given", "before", "becomes"),
    [
        ("mx", {"label": "Mexico goes north"}, "label: Mexico", "label: Mexico goes north"),
        ("mx", {"country": "mx; gt"}, "country: MX", "country: [MX, GT]"),
        ("mx", {"country": "", "client": ""}, "    when: {client: new, country: MX}\n", ""),
        (
            "mx",
            {"channel[]": "wa-sales"},
            "country: MX}",
            "country: MX, channel: wa-sales}",
        ),
        (
            "mx",
            {"target:0": choice("employee", ANA), "target:1": "", "method:0": ""},
            "{pool: north, method: in_turn}, {employee: ana@acme.example}",
            "{employee: ana@acme.example}",
        ),
        ("tg", {"id": "telegram"}, "id: tg", "id: telegram"),
        (
            "all",
            {"method:0": "first_to_answer"},
            "to: {pool: north}",
            "to: [{pool: north, method: first_to_answer}]",
        ),
    ],
)
def test_a_rule_only_what_was_changed_changes(
    rule: str, given: Mapping[str, str], before: str, becomes: str
) -> None:
    place = rules_form.ids_in(raw(RULES)).index(rule)
    fields = rules_form.fields_of(rules_form.rules_in(raw(RULES))[place])
    made = rules_form.edits_of(typed(fields, given), raw(RULES), rule)
    assert not made.errors
    wanted = raw(RULES.replace(before, becomes))
    found = raw(after(RULES, made.edits))
    assert _without_empty(found) == _without_empty(wanted)


def _without_empty(value: object) -> object:
    """`when: {}` says as much as no `when`."""
    if isinstance(value, Mapping):
        return {k: _without_empty(v) for k, v in value.items() if v != {}}
    return tuple(map(_without_empty, value)) if isinstance(value, tuple) else value


def test_a_new_rule_stands_behind_the_others() -> None:
    given = {"id": "es", "country": "es", "target:0": choice("pool", "north")}
    made = rules_form.edits_of(typed(rules_form.fields_of({}), given), raw(RULES), None)
    text = after(RULES, made.edits)
    assert rules_form.rules_in(raw(text))[-1] == {
        "id": "es",
        "when": {"country": "ES"},
        "to": ({"pool": "north"},),
    }


@pytest.mark.parametrize(
    ("rule", "given", "field"),
    [
        (None, {"id": ""}, "id"),
        (None, {"id": "mx"}, "id"),
        ("tg", {"id": "mx"}, "id"),
        ("gone", {"id": "gone"}, "id"),
        (None, {"client": "old"}, "client"),
        (None, {"messenger[]": "fax"}, "messenger[]"),
        (None, {"target:0": ""}, "target:0"),
        (None, {"target:0": '["queue", "x"]'}, "target:0"),
        (None, {"target:0": "[]"}, "target:0"),
        (None, {"target:0": "{"}, "target:0"),
        (None, {"method:0": "by_chance"}, "method:0"),
    ],
)
def test_a_rule_a_wrong_answer_stands_beside_its_field(
    rule: str | None, given: Mapping[str, str], field: str
) -> None:
    good = {"id": rule or "es", "target:0": choice("pool", "north")}
    form = typed(rules_form.fields_of({}), {**good, **given})
    assert set(rules_form.edits_of(form, raw(RULES), rule).errors) == {field}


def test_a_rule_is_taken_away_by_its_name_wherever_it_stands_by_now() -> None:
    made = rules_form.removal(raw(RULES), "tg")
    assert rules_form.ids_in(raw(after(RULES, made.edits))) == ("mx", "all")
    assert rules_form.removal(raw(RULES), "gone").edits == ()


POOLS = """\
employees:
  ana@acme.example: {role: salesperson}
  bruno@acme.example: {role: salesperson, away: {until: 2026-12-24}}
pools:
  north: [ana@acme.example, {employee: bruno@acme.example, weight: 2}]
  south: [bruno@acme.example]
"""


@pytest.mark.parametrize(
    ("given", "before", "becomes"),
    [
        ({f"member:north:{BRUNO}": "3"}, "weight: 2", "weight: 3"),
        ({f"member:north:{BRUNO}": ""}, ", {employee: bruno@acme.example, weight: 2}", ""),
        ({f"member:north:{BRUNO}": "0"}, ", {employee: bruno@acme.example, weight: 2}", ""),
        (
            {"join:south:0": "Ana@acme.example", "share:south:0": "01"},
            "south: [bruno@acme.example]",
            f"south: [bruno@acme.example, {ANA}]",
        ),
        (
            {"join:south:1": ANA, "share:south:1": "3"},
            "south: [bruno@acme.example]",
            f"south: [bruno@acme.example, {{employee: {ANA}, weight: 3}}]",
        ),
        ({"drop:south": "true"}, "  south: [bruno@acme.example]\n", ""),
        ({f"until:{BRUNO}": ""}, ", away: {until: 2026-12-24}", ""),
        (
            {f"from:{BRUNO}": "2026-12-14", f"turns:{BRUNO}": "owe"},
            "{until: 2026-12-24}",
            "{from: 2026-12-14, until: 2026-12-24, turns: owe}",
        ),
        (
            {"away_who:0": ANA, "away_until:0": "2026-08-31"},
            "ana@acme.example: {role: salesperson}",
            "ana@acme.example: {role: salesperson, away: {until: 2026-08-31}}",
        ),
        (
            {"new_pool": "west", "join::0": ANA},
            "  south: [bruno@acme.example]\n",
            "  south: [bruno@acme.example]\n  west: [ana@acme.example]\n",
        ),
    ],
)
def test_pools_only_what_was_changed_changes(
    given: Mapping[str, str], before: str, becomes: str
) -> None:
    form = typed(pools_form.fields_of(raw(POOLS)), given)
    made = pools_form.edits_of(form, raw(POOLS))
    assert not made.errors
    assert raw(after(POOLS, made.edits)) == raw(POOLS.replace(before, becomes))


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({f"member:north:{ANA}": "-1"}, f"member:north:{ANA}"),
        ({f"member:north:{ANA}": "99999"}, f"member:north:{ANA}"),
        ({f"member:north:{ANA}": "1.5"}, f"member:north:{ANA}"),
        ({"new_pool": "north"}, "new_pool"),
        ({"new_pool": "the north"}, "new_pool"),
        ({"join::0": ANA}, "new_pool"),
        ({"join:north:0": NORA}, "join:north:0"),
        ({"share:north:0": "x"}, "share:north:0"),
        ({f"until:{BRUNO}": "", f"from:{BRUNO}": "2026-12-14"}, f"until:{BRUNO}"),
        ({f"turns:{BRUNO}": "double"}, f"turns:{BRUNO}"),
        ({"away_who:0": ANA}, "away_until:0"),
        ({"away_who:0": NORA, "away_until:0": "2026-12-14"}, "away_who:0"),
        ({"away_until:1": "2026-12-14"}, "away_who:1"),
        ({"away_turns:1": ""}, "away_turns:1"),
    ],
)
def test_pools_a_wrong_answer_stands_beside_its_field(given: Mapping[str, str], field: str) -> None:
    form = typed(pools_form.fields_of(raw(POOLS)), given)
    assert set(pools_form.edits_of(form, raw(POOLS)).errors) == {field}


def test_a_form_tells_what_was_changed_from_what_was_shown() -> None:
    sent = MultiDict(
        [
            ("was", told({"role": "manager", "on": "true", "list[]": "a"})),
            ("role", "manager"),
            ("list[]", "a"),
            ("list[]", "b"),
            ("csrf", "x"),
        ]
    )
    form = filled(sent)
    assert (form.changed("role"), form.changed("on"), form["list[]"]) == (False, True, "a,b")
    assert "csrf" not in form.now


@pytest.mark.parametrize("was", ["{", "[]", '{"a": 1}', "[" * 100_000, "null"])
def test_what_is_no_form_of_ours_is_refused(was: str) -> None:
    with pytest.raises(Problem):
        filled(MultiDict([("was", was)]))


def test_what_others_changed_meanwhile_stays_theirs() -> None:
    """The form was shown before somebody made Ana a manager; here only Luis is changed."""
    fields = people_form.fields_of(raw(PEOPLE), (ANA, LUIS))
    now = PEOPLE.replace("{role: salesperson, gets", "{role: manager, gets")
    form = Filled(was=fields, now={**fields, f"role:{LUIS}": "quality_control"})
    made = people_form.edits_of(form, raw(now))
    assert [edit.path for edit in made.edits] == [("employees", LUIS, "role")]


def test_choices_of_places_are_read_back() -> None:
    assert clients_form.place_in(place("a|b", 'c"d')) == ("a|b", 'c"d')
    assert json.loads(place("é", "ü")) == ["é", "ü"]
