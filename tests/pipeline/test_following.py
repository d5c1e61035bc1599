"""Every process follows the row; a wrong folder keeps the last good one."""

import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete

from bridge.domain.errors import ConfigError
from bridge.domain.names import AccountName
from bridge.pipeline import following
from bridge.pipeline.following import FollowedConfig, take_folder
from bridge.pipeline.vendors import AccountVendors
from bridge.ports import Account, Tokens, TokensInMemory
from bridge.store import configs
from bridge.store.engine import reading, writing
from bridge.store.schema import ACTIVE_CONFIG
from tests.web.doors import PLAIN, PlainInbound

NOW = datetime(2026, 3, 4, tzinfo=UTC)
ACC = AccountName("acc")
ENVIRON = {"ACC_KEY": "k1"}
GOOD = """
accounts:
  acc: {connector: plain, secrets: {key: ACC_KEY}}
employees:
  luis@acme.example: {role: manager}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "config"
    made.mkdir()
    (made / "all.yaml").write_text(GOOD)
    return made


@pytest.fixture(autouse=True)
def _look_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "LOOK_SECONDS", 0.0)


def take(engine: Engine, folder: Path, environ: Mapping[str, str] = ENVIRON) -> str:
    return take_folder(engine, folder, {"plain": PLAIN}, environ, NOW).hash


def followed(engine: Engine, environ: Mapping[str, str] = ENVIRON) -> FollowedConfig:
    return FollowedConfig(engine, environ, lambda account: None)


def row(engine: Engine) -> configs.ActiveRow | None:
    with reading(engine) as db:
        return configs.active(db)


def test_a_good_folder_becomes_active_with_the_accounts_secrets(
    engine: Engine, folder: Path
) -> None:
    hash = take(engine, folder)
    active = followed(engine)()
    assert (active.hash, list(active.accounts)) == (hash, [ACC])
    assert active.accounts[ACC].secrets == {"key": ("k1",)}
    assert row(engine) == configs.ActiveRow(hash=hash, activated_at=NOW, error="")


def test_before_the_first_one_there_is_none(engine: Engine) -> None:
    with pytest.raises(ConfigError, match="bridge migrate"):
        followed(engine)()


def test_a_change_is_followed_by_processes_that_run(engine: Engine, folder: Path) -> None:
    take(engine, folder)
    active = followed(engine)
    before = active().hash
    (folder / "all.yaml").write_text(GOOD.replace("manager", "quality_control"))
    after = take(engine, folder)
    assert after != before
    assert active().hash == after


def test_a_wrong_folder_keeps_the_last_good_one_and_says_where(
    engine: Engine, folder: Path
) -> None:
    """ROL-18: a mapping counts as a whole or not at all."""
    good = take(engine, folder)
    (folder / "all.yaml").write_text(GOOD.replace("manager", "boss"))
    with pytest.raises(ConfigError, match=r"all\.yaml:5:"):
        take(engine, folder)
    found = row(engine)
    assert found is not None
    assert (found.hash, "all.yaml:5:" in found.error) == (good, True)
    assert followed(engine)().hash == good


def test_a_mended_folder_clears_the_error(engine: Engine, folder: Path) -> None:
    good = take(engine, folder)
    (folder / "all.yaml").write_text("accounts: [")
    with pytest.raises(ConfigError):
        take(engine, folder)
    (folder / "all.yaml").write_text(GOOD)
    assert take(engine, folder) == good
    assert row(engine) == configs.ActiveRow(hash=good, activated_at=NOW, error="")


def test_a_folder_whose_secrets_are_not_set_is_not_taken(engine: Engine, folder: Path) -> None:
    for environ in ({}, {"ACC_KEY": ""}, {"ACC_KEY": "  "}):
        with pytest.raises(ConfigError, match="ACC_KEY"):
            take(engine, folder, environ)
    assert row(engine) is None


def test_a_missing_folder_is_told(engine: Engine, folder: Path) -> None:
    take(engine, folder)
    shutil.rmtree(folder)
    with pytest.raises(ConfigError, match="no such folder"):
        take(engine, folder)


def test_a_configuration_that_this_process_can_not_use_is_not_followed(
    engine: Engine, folder: Path
) -> None:
    take(engine, folder)
    active = followed(engine)
    before = active().hash
    (folder / "all.yaml").write_text(GOOD.replace("ACC_KEY", "OTHER_KEY"))
    take(engine, folder, {"OTHER_KEY": "k2"})
    assert active().hash == before


def test_while_the_row_can_not_be_read_the_last_one_stays(engine: Engine, folder: Path) -> None:
    take(engine, folder)
    active = followed(engine)
    before = active()
    with writing(engine) as db:
        db.execute(delete(ACTIVE_CONFIG))
    assert active() is before


def test_configurations_are_kept_the_newest_first(engine: Engine) -> None:
    with writing(engine) as db:
        for day, name in enumerate(("h1", "h2", "h1")):
            configs.put_config(db, name, f"text of {name}", NOW.replace(day=day + 1))
    with reading(engine) as db:
        assert [one.hash for one in configs.history(db)] == ["h2", "h1"]
        found = configs.config(db, "h1")
        assert found is not None
        assert found.canonical == "text of h1"
        assert configs.config(db, "h3") is None


def test_the_environment_may_name_another_host(engine: Engine, folder: Path) -> None:
    take(engine, folder)
    url = "http://127.0.0.1:1"
    active = FollowedConfig(engine, ENVIRON, {ACC: url}.get)
    assert active().accounts[ACC].base_url == url


def test_an_account_knows_where_its_vendor_reaches_us(engine: Engine, folder: Path) -> None:
    take(engine, folder)
    active = FollowedConfig(engine, ENVIRON, lambda account: None, "https://bridge.example")
    assert active().accounts[ACC].hook_url == f"https://bridge.example/hooks/{ACC}"
    assert followed(engine)().accounts[ACC].hook_url == ""


def test_an_account_is_handed_what_its_workers_share(engine: Engine, folder: Path) -> None:
    take(engine, folder)
    asked: list[Account] = []

    def tokens(account: Account) -> Tokens:
        asked.append(account)
        return shared

    shared, url = TokensInMemory(), "http://127.0.0.1:1"
    active = FollowedConfig(engine, ENVIRON, {ACC: url}.get, tokens=tokens)
    assert active().accounts[ACC].tokens is shared
    assert url in [account.base_url for account in asked], "as it is placed: tokens depend on it"
    assert isinstance(followed(engine)().accounts[ACC].tokens, TokensInMemory)


def test_parts_are_made_once_for_a_configuration(engine: Engine, folder: Path) -> None:
    take(engine, folder)
    vendors = AccountVendors(followed(engine), {"plain": PLAIN})
    first = vendors.inbound(ACC)
    assert isinstance(first, PlainInbound)
    assert vendors.inbound(ACC) is first
    (folder / "all.yaml").write_text(GOOD.replace("manager", "salesperson"))
    take(engine, folder)
    assert vendors.inbound(ACC) is not first
    assert vendors.connector(ACC) is PLAIN


def test_an_unknown_account_or_connector_is_told(engine: Engine, folder: Path) -> None:
    take(engine, folder)
    with pytest.raises(ConfigError, match="no account nobody"):
        AccountVendors(followed(engine), {"plain": PLAIN}).connector(AccountName("nobody"))
    with pytest.raises(ConfigError, match="plain is not installed"):
        AccountVendors(followed(engine), {}).inbound(ACC)
