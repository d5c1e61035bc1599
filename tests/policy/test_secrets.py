"""Secrets come from the environment; a missing or empty one closes the door."""

from pathlib import Path

import pytest

from bridge.domain.errors import ConfigError
from bridge.domain.names import AccountName
from bridge.policy.codes import Code
from bridge.policy.findings import ConfigInvalid
from bridge.policy.secrets import secret_findings, secrets_of
from tests.policy.building import WHOLE, loaded, only

ENVIRON = {"CRM_TOKEN": "t0ken", "CHAT_KEY": "k3y", "CRM_TOKEN_OLD": "before"}


def test_accounts_get_their_values(tmp_path: Path) -> None:
    accounts = secrets_of(loaded(tmp_path, a=WHOLE).policy, ENVIRON)
    crm = accounts[AccountName("crm-main")]
    assert (crm.name, crm.connector, crm.secrets) == ("crm-main", "crm", {"token": ("t0ken",)})


def test_the_current_value_comes_first_then_the_old_one(tmp_path: Path) -> None:
    text = WHOLE.replace("token: CRM_TOKEN", "token: [CRM_TOKEN, CRM_TOKEN_OLD]")
    accounts = secrets_of(loaded(tmp_path, a=text).policy, ENVIRON)
    assert accounts[AccountName("crm-main")].required("token") == ("t0ken", "before")


def test_white_space_around_a_value_is_not_part_of_it(tmp_path: Path) -> None:
    policy = loaded(tmp_path, a=WHOLE).policy
    accounts = secrets_of(policy, {**ENVIRON, "CRM_TOKEN": " t0ken\n"})
    assert accounts[AccountName("crm-main")].required("token") == ("t0ken",)


@pytest.mark.parametrize("environ", [{}, {"CRM_TOKEN": ""}, {"CRM_TOKEN": " \n"}])
def test_a_missing_or_empty_secret_names_account_and_variable(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    policy = loaded(tmp_path, a=WHOLE).policy
    with pytest.raises(ConfigError, match=r"account crm-main: .* CRM_TOKEN is not set, or empty"):
        secrets_of(policy, {"CHAT_KEY": "k3y", **environ})


def test_all_missing_secrets_are_told_at_once_with_their_places(tmp_path: Path) -> None:
    read = loaded(tmp_path, a=WHOLE)
    with pytest.raises(ConfigInvalid) as caught:
        secrets_of(read.policy, {}, read.places)
    assert [f.code for f in caught.value.findings] == [Code.SECRET_NOT_SET] * 2
    assert {f.place.rsplit("/", 1)[-1] for f in caught.value.findings} == {
        "a.yaml:4:47", "a.yaml:5:51",
    }  # fmt: skip


def test_an_old_secret_that_is_named_must_be_there_too(tmp_path: Path) -> None:
    text = WHOLE.replace("token: CRM_TOKEN", "token: [CRM_TOKEN, CRM_TOKEN_OLD]")
    policy = loaded(tmp_path, a=text).policy
    environ = {"CRM_TOKEN": "t0ken", "CHAT_KEY": "k3y"}
    assert "CRM_TOKEN_OLD" in only(secret_findings(policy, environ)).message


def test_no_value_is_ever_shown(tmp_path: Path) -> None:
    accounts = secrets_of(loaded(tmp_path, a=WHOLE).policy, ENVIRON)
    assert "t0ken" not in repr(accounts)
