"""The semantic lint: each rule with the smallest configuration that breaks it."""

from pathlib import Path

import pytest

from bridge.policy.codes import MEANING, Code
from bridge.policy.findings import Finding, Severity
from tests.policy.building import (
    CLIENTS,
    MINIMAL,
    PEOPLE,
    WHOLE,
    loaded,
    of_code,
    only,
    refused,
)

ACCOUNTS = "accounts: {crm-main: {connector: crm, secrets: {token: CRM_TOKEN}}}\n"


def warned(folder: Path, **files: str) -> Finding:
    finding = only(loaded(folder, **files).findings)
    assert finding.severity is Severity.WARNING
    return finding


def failed(folder: Path, **files: str) -> Finding:
    finding = only(refused(folder, **files))
    assert finding.severity is Severity.ERROR
    return finding


def place(finding: Finding, folder: Path) -> str:
    return finding.place.removeprefix(f"{folder}/")


def test_a_whole_configuration_has_no_findings(tmp_path: Path) -> None:
    assert loaded(tmp_path, a=WHOLE).findings == ()


def test_every_code_has_a_meaning() -> None:
    assert set(MEANING) == set(Code)


# Accounts, secrets, CRM, channels


def test_an_unknown_connector_is_refused_with_a_suggestion(tmp_path: Path) -> None:
    finding = failed(tmp_path, a="accounts: {a: {connector: hubspott}}")
    assert finding.code is Code.UNKNOWN_CONNECTOR
    assert finding.suggestion == "did you mean hubspot?"
    assert place(finding, tmp_path) == "a.yaml:1:27"


def test_a_missing_secret_is_refused(tmp_path: Path) -> None:
    finding = failed(tmp_path, a="accounts: {a: {connector: crm}}")
    assert finding.code is Code.MISSING_SECRET
    assert finding.message == "crm needs the secret token"
    assert "CRM_TOKEN" in finding.suggestion


def test_a_misspelt_secret_is_pointed_out(tmp_path: Path) -> None:
    finding = failed(tmp_path, a="accounts: {a: {connector: crm, secrets: {tokn: CRM_TOKEN}}}")
    assert finding.suggestion == "tokn should read token"


@pytest.mark.parametrize("options", ["", ", options: {port: '25'}"])
def test_a_missing_option_is_refused_with_an_example(tmp_path: Path, options: str) -> None:
    mail = f"accounts: {{m: {{connector: mail, secrets: {{password: P}}{options}}}}}"
    finding = failed(tmp_path, a=mail)
    assert finding.code is Code.MISSING_OPTION
    assert finding.message == "mail needs the option host"
    assert finding.suggestion == "such as options: {host: mail.example}"


def test_an_option_that_is_given_is_not_missed(tmp_path: Path) -> None:
    mail = "accounts: {m: {connector: mail, secrets: {password: P}, options: {host: a.example}}}"
    assert Code.MISSING_OPTION not in {f.code for f in loaded(tmp_path, a=mail).findings}


_WINDOW = "accounts: {{c: {{connector: chat, secrets: {{api_key: K}}, options: {{window: {0}}}}}}}"


@pytest.mark.parametrize("given", ["'on'", "'off'"])
def test_a_window_may_be_on_or_off(tmp_path: Path, given: str) -> None:
    assert loaded(tmp_path, a=_WINDOW.format(given)).findings == ()


def test_a_window_is_nothing_else(tmp_path: Path) -> None:
    finding = failed(tmp_path, a=_WINDOW.format("never"))
    assert (finding.code, finding.message) == (Code.WRONG_VALUE, "never is not one of on, off")
    assert place(finding, tmp_path).startswith("a.yaml:1:")


def test_mails_need_an_account_that_there_is(tmp_path: Path) -> None:
    finding = failed(tmp_path, a=WHOLE, b="notifications: {email: crm-mian}")
    assert (finding.code, finding.suggestion) == (Code.UNKNOWN_ACCOUNT, "did you mean crm-main?")


def test_mails_need_an_account_that_sends_them(tmp_path: Path) -> None:
    finding = failed(tmp_path, a=WHOLE, b="notifications: {email: crm-main}")
    assert finding.code is Code.NOT_EMAIL


def test_mails_go_out_by_an_account_of_email(tmp_path: Path) -> None:
    mail = "mail-main: {connector: mail, secrets: {password: P}, options: {host: a.example}}"
    text = WHOLE.replace("accounts:\n", f"accounts:\n  {mail}\n", 1)
    found = loaded(tmp_path, a=text, b="notifications: {email: mail-main}")
    assert (found.policy.email, found.findings) == ("mail-main", ())


@pytest.mark.parametrize("url", ["http://sandbox:8080", "http://10.0.0.1"])
def test_secrets_in_the_clear_are_warned_of(tmp_path: Path, url: str) -> None:
    text = WHOLE.replace("{connector: crm,", f"{{connector: crm, base_url: '{url}',")
    assert warned(tmp_path, a=text).code is Code.INSECURE_URL


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:80"])
def test_loopback_needs_no_encryption(tmp_path: Path, url: str) -> None:
    text = WHOLE.replace("{connector: crm,", f"{{connector: crm, base_url: '{url}',")
    assert loaded(tmp_path, a=text).findings == ()


def test_the_crm_must_be_an_account(tmp_path: Path) -> None:
    finding = of_code(refused(tmp_path, a="crm: crm-man\n" + ACCOUNTS), Code.UNKNOWN_ACCOUNT)
    assert str(finding).endswith("crm: crm-man is not an account; did you mean crm-main?")


def test_the_crm_must_be_a_crm(tmp_path: Path) -> None:
    finding = failed(tmp_path, a=WHOLE.replace("crm: crm-main", "crm: chat-main"))
    assert finding.code is Code.NOT_A_CRM
    assert finding.suggestion == "CRMs are: crm, hubspot, salesforce"


def test_roles_without_a_crm_ask_to_connect_one_first(tmp_path: Path) -> None:
    """ROL-01."""
    finding = warned(tmp_path, a=WHOLE.replace("crm: crm-main\n", ""))
    assert finding.code is Code.CRM_MISSING
    assert "connect a CRM first" in finding.message


def test_deals_need_a_stage(tmp_path: Path) -> None:
    assert failed(tmp_path, a=MINIMAL + PEOPLE).code is Code.STAGE_MISSING


def test_leads_need_no_stage(tmp_path: Path) -> None:
    assert loaded(tmp_path, a=MINIMAL + PEOPLE, b="new_clients: {create: lead}").findings == ()


def test_a_channel_must_have_an_account(tmp_path: Path) -> None:
    finding = failed(
        tmp_path,
        a=WHOLE.replace("account: chat-main, messenger: t", "account: chat-mai, messenger: t"),
    )
    assert finding.code is Code.UNKNOWN_ACCOUNT
    assert finding.suggestion == "did you mean chat-main?"


def test_two_channels_with_one_id_are_refused(tmp_path: Path) -> None:
    finding = failed(tmp_path, a=WHOLE.replace("id: id-north", "id: id-wa"))
    assert finding.code is Code.DUPLICATE_CHANNEL
    assert finding.message == "wa-north and wa are one channel of chat-main"


def test_one_id_at_two_accounts_is_two_channels(tmp_path: Path) -> None:
    text = WHOLE.replace(
        "account: chat-main, messenger: telegram, id: id-tg",
        "account: crm-main, messenger: telegram, id: id-wa",
    )
    assert loaded(tmp_path, a=text).findings == ()


# Employees


def people(text: str) -> str:
    return MINIMAL + CLIENTS + PEOPLE.replace("employees:\n", f"employees:\n  eva@x.io: {text}\n")


def test_an_employee_cannot_have_an_unknown_channel(tmp_path: Path) -> None:
    finding = failed(tmp_path, a=people("{role: manager, channels: [wa-nort]}"))
    assert finding.code is Code.UNKNOWN_CHANNEL
    assert finding.suggestion == "did you mean wa-north?"


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("channels: [wa, tg], priority_channel: {whatsapp: wa-north}", Code.PRIORITY_NOT_HIS,
         "his whatsapp channels are: wa"),
        ("priority_channel: {whatsapp: tg}", Code.PRIORITY_MESSENGER, "are: wa, wa-north"),
        ("priority_channel: {whatsapp: wa-nort}", Code.UNKNOWN_CHANNEL, "mean wa-north?"),
    ],
)  # fmt: skip
def test_a_priority_channel_is_his_and_of_its_messenger(
    tmp_path: Path, text: str, code: Code, said: str
) -> None:
    """CHN-05, CHN-06."""
    finding = failed(tmp_path, a=people(f"{{role: manager, {text}}}"))
    assert finding.code is code
    assert said in finding.suggestion


def test_a_priority_without_a_choice_is_warned_of(tmp_path: Path) -> None:
    """CHN-01."""
    finding = warned(tmp_path, a=people("{role: manager, priority_channel: {telegram: tg}}"))
    assert finding.code is Code.PRIORITY_USELESS


def test_a_priority_with_a_choice_is_fine(tmp_path: Path) -> None:
    """CHN-02."""
    text = people("{role: manager, priority_channel: {whatsapp: wa-north}}")
    assert loaded(tmp_path, a=text).findings == ()


def test_without_a_manager_the_admin_is_suggested_and_not_granted(tmp_path: Path) -> None:
    """ROL-12."""
    read = loaded(tmp_path, a=WHOLE.replace("{role: manager}", "{role: salesperson}"))
    finding = only(read.findings)
    assert finding.code is Code.NO_MANAGER
    assert "role: manager" in finding.suggestion
    assert "manager" not in {e.role for e in read.policy.employees.values()}


def test_hearing_all_chats_without_a_manager_is_warned_of(tmp_path: Path) -> None:
    """NOT-07."""
    text = WHOLE.replace("{role: manager}", "{role: salesperson}")
    hearing = "notifications: {managers_hear_all_chats: true}"
    findings = loaded(tmp_path, a=text, b=hearing).findings
    finding = of_code(findings, Code.NOBODY_HEARS)
    assert place(finding, tmp_path) == "b.yaml:1:42"


def test_nobody_who_gets_new_clients_is_warned_of(tmp_path: Path) -> None:
    """NEW-07."""
    text = WHOLE.replace("gets_new_clients: true", "gets_new_clients: false")
    assert warned(tmp_path, a=text).code is Code.NOBODY_GETS_NEW_CLIENTS


def test_quality_control_gets_no_new_clients(tmp_path: Path) -> None:
    """ROL-10."""
    text = people("{role: quality_control, gets_new_clients: true}")
    assert warned(tmp_path, a=text).code is Code.CANNOT_WRITE


# Who is named to get clients


RULE = "rules: [{{id: a, when: {when}, to: [{to}]}}]\npools: {{north: [{pool}]}}\n"


def rules(when: str = "{}", to: str = "{pool: north}", pool: str = "ana@acme.example") -> str:
    return RULE.format(when=when, to=to, pool=pool)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (rules(pool="WHO"), "pools.north[0]"),
        (rules(to="{pool: north}, {employee: WHO}"), "rules[0].to[1].employee"),
        ("ownership: {fallback: WHO}", "ownership.fallback"),
    ],
)
@pytest.mark.parametrize(
    ("employee", "code"),
    [("anna@acme.example", Code.UNKNOWN_EMPLOYEE), ("qa@acme.example", Code.CANNOT_WRITE)],
)
def test_who_is_named_exists_and_may_write(
    tmp_path: Path, text: str, path: str, employee: str, code: Code
) -> None:
    finding = of_code(refused(tmp_path, a=WHOLE, b=text.replace("WHO", employee)), code)
    assert finding.path == path


@pytest.mark.parametrize(
    ("employee", "code"),
    [("anna@acme.example", Code.UNKNOWN_EMPLOYEE), ("qa@acme.example", Code.CANNOT_WRITE)],
)
def test_the_default_exists_and_may_write(tmp_path: Path, employee: str, code: Code) -> None:
    text = WHOLE.replace("{employee: luis@acme.example}", f"{{employee: {employee}}}")
    finding = of_code(refused(tmp_path, a=text), code)
    assert finding.path == "default.employee"


def test_no_default_is_warned_of(tmp_path: Path) -> None:
    text = WHOLE.replace("default: {employee: luis@acme.example}\n", "")
    assert warned(tmp_path, a=text).code is Code.NO_DEFAULT


def test_the_default_without_a_channel_is_warned_of(tmp_path: Path) -> None:
    text = WHOLE.replace("luis@acme.example: {role: manager}",
                         "luis@acme.example: {role: manager, channels: [wa]}")  # fmt: skip
    finding = warned(tmp_path, a=text)
    assert finding.code is Code.NO_CHANNEL_ACCESS
    assert "tg, wa-north" in finding.message


@pytest.mark.parametrize("when", ["{channel: wa-north}", "{messenger: telegram}"])
def test_a_target_without_the_rules_channel_is_refused(tmp_path: Path, when: str) -> None:
    finding = failed(tmp_path, a=WHOLE, b=rules(when, pool="bruno@acme.example"))
    assert finding.code is Code.NO_CHANNEL_ACCESS
    assert finding.path == "rules[0].to[0]"


def test_one_of_a_pool_without_the_channel_is_warned_of(tmp_path: Path) -> None:
    pool = "ana@acme.example, bruno@acme.example"
    finding = warned(tmp_path, a=WHOLE, b=rules("{channel: tg}", pool=pool))
    assert finding.message == "bruno@acme.example: no access to tg"


def test_a_target_with_one_of_the_channels_is_fine(tmp_path: Path) -> None:
    text = rules("{messenger: whatsapp}", pool="bruno@acme.example")
    assert loaded(tmp_path, a=WHOLE, b=text).findings == ()


def test_an_unknown_pool_is_refused(tmp_path: Path) -> None:
    finding = of_code(refused(tmp_path, a=WHOLE, b=rules(to="{pool: nort}")), Code.UNKNOWN_POOL)
    assert finding.suggestion == "did you mean north?"


def test_an_empty_pool_is_refused(tmp_path: Path) -> None:
    assert failed(tmp_path, a=WHOLE, b=rules(pool="")).code is Code.EMPTY_POOL


def test_an_unused_pool_is_warned_of(tmp_path: Path) -> None:
    assert warned(tmp_path, a=WHOLE, b="pools: {x: [ana@acme.example]}").code is Code.UNUSED_POOL


# Rules


def two(first: str, second: str) -> str:
    to = "to: [{employee: ana@acme.example}]"
    return f"rules:\n  - {{id: a, when: {first}, {to}}}\n  - {{id: b, when: {second}, {to}}}\n"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("{}", "{}"),
        ("{}", "{country: MX}"),
        ("{country: MX}", "{country: MX}"),
        ("{country: [MX, GT]}", "{country: MX, channel: wa}"),
        ("{client: new}", "{client: new, messenger: telegram}"),
        ("{messenger: whatsapp}", "{channel: [wa, wa-north]}"),
        ("{channel: [wa, tg]}", "{channel: wa}"),
    ],
)
def test_a_shadowed_rule_is_warned_of(tmp_path: Path, first: str, second: str) -> None:
    finding = warned(tmp_path, a=WHOLE, b=two(first, second))
    assert finding.code is Code.SHADOWED_RULE
    assert finding.message == "rule a before it takes everything that b would"
    assert place(finding, tmp_path) == "b.yaml:3:5"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("{country: MX}", "{}"),
        ("{country: MX}", "{country: [MX, GT]}"),
        ("{client: new}", "{client: known}"),
        ("{client: new}", "{country: MX}"),
        ("{messenger: whatsapp}", "{channel: [wa, tg]}"),
        ("{channel: wa}", "{messenger: whatsapp}"),
    ],
)
def test_a_rule_that_gets_its_turn_is_not(tmp_path: Path, first: str, second: str) -> None:
    assert loaded(tmp_path, a=WHOLE, b=two(first, second)).findings == ()


def test_two_rules_with_one_id_are_refused(tmp_path: Path) -> None:
    text = two("{country: MX}", "{}").replace("id: b", "id: a")
    finding = failed(tmp_path, a=WHOLE, b=text)
    assert finding.code is Code.DUPLICATE_RULE
    assert f"{tmp_path}/b.yaml:2:10" in finding.message


def test_an_unknown_channel_in_a_rule_is_refused(tmp_path: Path) -> None:
    finding = failed(tmp_path, a=WHOLE, b=rules("{channel: wa-sud}"))
    assert (finding.code, finding.path) == (Code.UNKNOWN_CHANNEL, "rules[0].when.channel")


def test_conditions_that_exclude_each_other_are_warned_of(tmp_path: Path) -> None:
    finding = warned(tmp_path, a=WHOLE, b=rules("{channel: wa, messenger: telegram}"))
    assert finding.code is Code.RULE_NEVER_MATCHES


# Tests in the YAML


@pytest.mark.parametrize(
    ("given", "expect", "code", "path"),
    [
        ("{}", "{rule: mx}", Code.UNKNOWN_RULE, "tests[0].expect.rule"),
        ("{}", "{target: eva@x.io}", Code.UNKNOWN_EMPLOYEE, "tests[0].expect.target"),
        ("{channel: wb}", "{reason: rule}", Code.UNKNOWN_CHANNEL, "tests[0].given.channel"),
        ("{turn: {x: a@x.io}}", "{reason: rule}", Code.UNKNOWN_POOL, "tests[0].given.turn"),
        ("{channel: wa, messenger: sms}", "{reason: rule}", Code.WRONG_VALUE,
         "tests[0].given.messenger"),
    ],
)  # fmt: skip
def test_a_test_speaks_of_what_exists(
    tmp_path: Path, given: str, expect: str, code: Code, path: str
) -> None:
    text = f"tests: [{{name: a, given: {given}, expect: {expect}}}]"
    finding = failed(tmp_path, a=WHOLE, b=text)
    assert (finding.code, finding.path) == (code, path)
