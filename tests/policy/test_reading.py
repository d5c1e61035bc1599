"""From a folder to a policy: what is refused, how it is said, and what the hash stands for."""

from datetime import timedelta
from pathlib import Path

import pytest

from bridge.domain.errors import ConfigError
from bridge.domain.messaging import Messenger
from bridge.domain.names import ChannelName, EmployeeId
from bridge.domain.people import Role
from bridge.domain.policy import ClientCondition, Distribution, Policy, Target, When
from bridge.domain.records import RecordKind
from bridge.policy.codes import Code
from bridge.policy.findings import ConfigInvalid, Severity
from bridge.policy.reading import load, policy_of
from tests.policy.building import (
    CLIENTS,
    CONNECTORS,
    EXAMPLES,
    MINIMAL,
    PEOPLE,
    WHOLE,
    loaded,
    of_code,
    only,
    refused,
    written,
)


def test_a_mistake_is_told_as_the_style_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, roles="employees:\n  ana@acme.example: {role: boss}\n")
    monkeypatch.chdir(tmp_path.parent)
    with pytest.raises(ConfigError) as caught:
        load(Path(tmp_path.name), CONNECTORS)
    assert str(caught.value) == (
        f"{tmp_path.name}/roles.yaml:2:28: role: boss is not one of "
        "salesperson, manager, quality_control, none"
    )


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("employees: {ana@x.io: {role: managr}}", Code.WRONG_VALUE, "did you mean manager?"),
        ("employees: {ana@x.io: {rol: manager}}", Code.UNKNOWN_KEY, "did you mean role?"),
        ("employes: {}", Code.UNKNOWN_KEY, "employes: unknown key; did you mean employees?"),
        ("employees: {ana@x.io: {}}", Code.MISSING_KEY, "role is missing; add for example role: s"),
        ("employees: {ana: {role: none}}", Code.WRONG_VALUE, "ana is not an e-mail address"),
        ("employees: [ana@x.io]", Code.WRONG_SHAPE, "employees: is a list, not a mapping"),
        ("employees:", Code.EMPTY_VALUE, "has no value; remove the key, or write {}"),
        ("rules:", Code.EMPTY_VALUE, "has no value; remove the key, or write []"),
        ("new_clients: {create: none}", Code.WRONG_VALUE, "create: none is not one of deal, lead"),
        ("crm: ''", Code.EMPTY_VALUE, "crm: has no value"),
        ("crm: [a]", Code.WRONG_SHAPE, "crm: is a list, not a name"),
        ("crm: a/b", Code.WRONG_VALUE, "a/b is not a name"),
        ("accounts: {a: {}}", Code.MISSING_KEY, "connector is missing"),
        ("accounts: {a: {connector: crm, max_body_bytes: 5}}", Code.WRONG_VALUE, "is not a whole"),
        ("accounts: {a: {connector: crm, base_url: ftp://x}}", Code.WRONG_VALUE, "web address"),
        ("accounts: {a: {connector: crm, base_url: 'http://x:y'}}", Code.WRONG_VALUE, "web addr"),
        ("channels: {a: {account: b, messenger: fax, id: 1}}", Code.WRONG_VALUE, "fax is not one"),
        ("employees: {a@x.io: {role: none, channels: [a, a]}}", Code.WRONG_VALUE, "a stands twice"),
        ("employees: {a@x.io: {role: none, channels: }}", Code.EMPTY_VALUE, "has no value"),
        ("employees: {a@x.io: {role: none}, A@x.io: {role: none}}", Code.DUPLICATE_KEY, "twice"),
        ("employees: {a@x.io: {role: none, gets_new_clients: yes}}", Code.WRONG_VALUE, "true?"),
        ("employees: {a@x.io: {role: none, gets_new_clients: True}}", Code.WRONG_VALUE, "true?"),
        ("notifications: {managers_hear_all_chats: 1}", Code.WRONG_VALUE, "1 is not true or false"),
        ("ownership: {max_age: 24}", Code.WRONG_VALUE, "24 is not a time such as 90s"),
        ("ownership: {max_age: 0h}", Code.WRONG_VALUE, "0h is not a time between"),
        ("ownership: {max_age: 999999d}", Code.WRONG_VALUE, "999999d is not a time between"),
        ("ownership: {precedence: []}", Code.EMPTY_VALUE, "is an empty list"),
        ("rules: [{id: a, when: {country: UK}, to: []}]", Code.WRONG_VALUE, "did you mean GB?"),
        ("rules: [{id: a, to: []}]", Code.EMPTY_VALUE, "to: is an empty list"),
        ("rules: [{id: a, to: [{}]}]", Code.WRONG_VALUE, "names no employee and no pool"),
        ("rules: [{id: a, to: {employee: a@x.io, pool: b}}]", Code.WRONG_VALUE, "names both"),
        ("rules: [{id: a, to: {employee: a@x.io, method: in_turn}}]", Code.WRONG_VALUE, "a method"),
        ("rules: [{id: a, when: {}}]", Code.MISSING_KEY, "to is missing"),
        ("tests: [{name: a, given: {}, expect: {}}]", Code.WRONG_VALUE, "expects nothing"),
        ("tests: [{name: a, given: {client: new, owner: a@x.io}, expect: {rule: b}}]",
         Code.WRONG_VALUE, "a new client has no owner"),
        ("tests: [{name: a, given: {}, expect: {reason: ownr}}]", Code.WRONG_VALUE, "mean owner?"),
        (f"channels: {{a: {{account: b, messenger: sms, id: {'x' * 201}}}}}", Code.WRONG_VALUE,
         "is longer than 200 characters"),
        ("default: a@x.io", Code.WRONG_SHAPE, "is a single value, not a mapping"),
        ("just text", Code.WRONG_SHAPE, "the file must hold keys with values"),
        ('crm: "a\\ud800b"', Code.WRONG_VALUE, "a?b is not a name"),
        ('channels: {a: {account: b, messenger: sms, id: "x\\u0007"}}', Code.WRONG_VALUE, "stored"),
    ],
)  # fmt: skip
def test_wrong_yaml_is_refused(tmp_path: Path, text: str, code: Code, said: str) -> None:
    finding = of_code(refused(tmp_path, a=text), code)
    assert said in str(finding)
    assert finding.place.startswith(f"{tmp_path}/a.yaml:")


def test_all_mistakes_are_told_at_once_in_their_order(tmp_path: Path) -> None:
    findings = refused(
        tmp_path,
        a="crm: a/b\nemployees:\n  a@x.io: {role: boss}\n  b@x.io: {roles: none}\n",
        b="timeline: {save_messages: maybe}\n",
        c="a: [",
    )
    places = [finding.place.removeprefix(f"{tmp_path}/") for finding in findings]
    assert places == [
        "a.yaml:1:6", "a.yaml:3:18", "a.yaml:4:11", "a.yaml:4:12", "b.yaml:1:27", "c.yaml:1:5",
    ]  # fmt: skip


def test_a_finding_names_its_path(tmp_path: Path) -> None:
    text = "employees: {ana@x.io: {role: none, priority_channel: {whatsap: a}}}"
    finding = only(refused(tmp_path, a=text))
    assert finding.path == 'employees["ana@x.io"].priority_channel.whatsap'
    assert finding.suggestion == "did you mean whatsapp?"


def test_a_top_level_key_stands_in_one_file_only(tmp_path: Path) -> None:
    finding = only(refused(tmp_path, a="crm: a", b="\ncrm: b"))
    assert finding.code is Code.DUPLICATE_KEY
    assert finding.place == f"{tmp_path}/b.yaml:2:1"
    assert f"{tmp_path}/a.yaml:1:1" in finding.message


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        load(tmp_path / "nowhere", CONNECTORS)
    finding = only(caught.value.findings)
    assert finding.code is Code.FOLDER_MISSING
    assert "BRIDGE_CONFIG" in finding.suggestion


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    assert only(refused(tmp_path)).code is Code.FOLDER_EMPTY


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "roles.yaml").mkdir()
    (tmp_path / "gone.yaml").symlink_to(tmp_path / "nowhere")
    findings = refused(tmp_path, a=WHOLE)
    assert [f.code for f in findings] == [Code.FILE_UNREADABLE] * 2
    assert findings[0].place == f"{tmp_path}/gone.yaml:1:1"


def test_a_file_without_permission_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(path: Path, *args: object, **kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    written(tmp_path, a=WHOLE)
    monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(ConfigInvalid, match=r"a\.yaml:1:1: can't be read: Permission denied"):
        load(tmp_path, CONNECTORS)


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes("crm: año".encode("latin-1"))
    assert only(refused(tmp_path)).code is Code.NOT_UTF8


def test_a_file_with_the_other_ending_is_pointed_out(tmp_path: Path) -> None:
    (tmp_path / "more.yml").write_text("crm: ignored")
    finding = only(loaded(tmp_path, a=WHOLE).findings)
    assert (finding.code, finding.severity) == (Code.FILE_NAME, Severity.WARNING)


def test_hidden_files_and_folders_below_are_not_read(tmp_path: Path) -> None:
    (tmp_path / ".#a.yaml").write_text("nonsense")
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "b.yaml").write_text("nonsense")
    assert loaded(tmp_path, a=WHOLE).findings == ()


def test_without_any_key_everything_has_its_default(tmp_path: Path) -> None:
    assert loaded(tmp_path, a="# nothing yet").policy == Policy()


def test_every_value_arrives(tmp_path: Path) -> None:
    rules = """
    rules:
      - {id: mx, when: {client: new, country: [mx, GT], channel: wa, messenger: whatsapp}, to: [{pool: north, method: first_to_answer}, {employee: Ana@Acme.example}]}
    pools: {north: [LUIS@acme.example]}
    ownership: {precedence: contact, max_age: 90m}
    """  # noqa: E501
    findings = refused(tmp_path, a=WHOLE, b=rules)
    assert only(findings).message.startswith("is a single value, not a list")
    rules = rules.replace("precedence: contact", "precedence: [contact]")
    policy = loaded(tmp_path, a=WHOLE, b=rules).policy
    rule = policy.rules[0]
    assert (rule.id, rule.label) == ("mx", "mx")
    assert rule.when == When(
        client=ClientCondition.NEW,
        countries=frozenset({"MX", "GT"}),
        channels=frozenset({ChannelName("wa")}),
        messengers=frozenset({Messenger.WHATSAPP}),
    )
    assert rule.to == (
        Target(pool="north", method=Distribution.FIRST_TO_ANSWER),
        Target(employee=EmployeeId("ana@acme.example")),
    )
    assert policy.pools == {"north": (EmployeeId("luis@acme.example"),)}
    assert policy.ownership.precedence == (RecordKind.CONTACT,)
    assert policy.ownership.max_age == timedelta(minutes=90)
    assert policy.channels[ChannelName("tg")].label == "tg"
    assert policy.employees[EmployeeId("qa@acme.example")].role is Role.QUALITY_CONTROL


def test_switching_a_role_off_is_allowed(tmp_path: Path) -> None:
    """ROL-13."""
    people = PEOPLE.replace("qa@acme.example: {role: quality_control}", "qa@x.io: {role: none}")
    policy = loaded(tmp_path, a=MINIMAL, b=people, c=CLIENTS).policy
    assert policy.employee(EmployeeId("qa@x.io")).role is Role.NONE


def test_a_secret_may_have_an_old_name_too(tmp_path: Path) -> None:
    text = WHOLE.replace("token: CRM_TOKEN", "token: [CRM_TOKEN, CRM_TOKEN_OLD]")
    account = loaded(tmp_path, a=text).policy.accounts
    assert [a.secrets for a in account.values()][1] == {"token": ("CRM_TOKEN", "CRM_TOKEN_OLD")}


@pytest.mark.parametrize(
    "value",
    [
        "pat-eu1-11111111-2222-3333-4444-555555555555",
        "AKIAIOSFODNN7EXAMPLE",
        "d41d8cd98f00b204e9800998ecf8427e",
        "hunter2",
        "12345678:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ],
)
def test_a_secret_itself_in_yaml_is_refused_and_never_repeated(tmp_path: Path, value: str) -> None:
    text = WHOLE.replace("token: CRM_TOKEN", f"token: '{value}'")
    finding = only(refused(tmp_path, a=text))
    assert finding.code is Code.SECRET_IN_YAML
    assert value not in str(finding)
    assert value not in repr(finding)


@pytest.mark.parametrize(
    "text",
    [
        "accounts: {a: {connector: crm, base_url: 'https://me:pass1234@host.example'}}",
        "accounts: {a: {connector: crm, options: {key: xoxb-pass1234}}}",
        "crm: eyJpass1234567890.eyJpass1234567890.pass1234",
        "crm: pass1234AAAABBBBCCCCDDDDEEEE/",
        "pass1234AAAABBBBCCCCDDDDEEEE: 1",
    ],
)
def test_what_looks_like_a_secret_is_never_repeated(tmp_path: Path, text: str) -> None:
    assert "pass1234" not in " ".join(repr(f) for f in refused(tmp_path, a=text))


def test_tests_comments_order_and_files_do_not_change_the_hash(tmp_path: Path) -> None:
    tests = "tests: [{name: a, given: {}, expect: {reason: default}}]"
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    one = loaded(tmp_path / "one", a=WHOLE)
    two = loaded(tmp_path / "two", a="# said\n" + CLIENTS + PEOPLE, b=tests, c=MINIMAL)
    assert one.hash == two.hash
    assert one.canonical == two.canonical
    assert len(two.tests) == 1


def test_another_value_changes_the_hash(tmp_path: Path) -> None:
    before = loaded(tmp_path, a=WHOLE).hash
    assert loaded(tmp_path, a=WHOLE, b="timeline: {save_messages: false}").hash != before


def test_every_process_gets_employees_in_the_same_order(tmp_path: Path) -> None:
    """The turn goes by it: the policy is the one that the canonical text gives."""
    read = loaded(tmp_path, a=WHOLE.replace("  ana@", "  zoe@x.io: {role: manager}\n  ana@"))
    assert list(read.policy.employees) == list(policy_of(read.canonical).employees)
    assert list(read.policy.employees) == sorted(read.policy.employees)


def test_places_lead_to_every_value() -> None:
    places = load(EXAMPLES, CONNECTORS).places
    line, column = map(int, places["rules[0].when.country"].split(":")[1:])
    text = (EXAMPLES / "routing.yaml").read_text().splitlines()[line - 1]
    assert text[column - 1 :].startswith("MX")
