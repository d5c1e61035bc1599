"""The environment is read once; what is wrong is named."""

import logging
from pathlib import Path

import pytest

from bridge.domain.errors import ConfigError
from bridge.domain.names import AccountName
from bridge.settings import Settings

KEY = "k" * 32


def test_defaults() -> None:
    settings = Settings.of({})
    assert (settings.config, settings.state) == (Path("config"), Path("var"))
    assert settings.database_url == "sqlite:///var/bridge.sqlite"
    assert settings.public_url == "http://127.0.0.1:8000"
    assert (settings.redis_url, settings.secret_key, settings.smtp_url) == (None, None, None)


def test_all_is_taken() -> None:
    settings = Settings.of(
        {
            "BRIDGE_CONFIG": "/etc/bridge",
            "BRIDGE_STATE": "/var/lib/bridge",
            "BRIDGE_DATABASE_URL": "postgresql://b@db/b",
            "BRIDGE_REDIS_URL": "rediss://r.example:6379/0",
            "BRIDGE_PUBLIC_URL": "https://bridge.acme.example/x/",
            "BRIDGE_SECRET_KEY": KEY,
            "BRIDGE_SMTP_URL": "smtp://mail.example",
        }
    )
    assert settings.public_url == "https://bridge.acme.example/x"
    assert settings.config == Path("/etc/bridge")
    assert settings.required_secret_key() == KEY


def test_the_store_stands_under_the_state() -> None:
    assert Settings.of({"BRIDGE_STATE": "/s"}).database_url == "sqlite:////s/bridge.sqlite"


@pytest.mark.parametrize("url", ["bridge.example", "ftp://b.example", "https://", "http://b/?q=1"])
def test_a_public_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="BRIDGE_PUBLIC_URL"):
        Settings.of({"BRIDGE_PUBLIC_URL": url})


@pytest.mark.parametrize(
    "url",
    [
        "redis://127.0.0.1:6379/0",
        "redis://localhost",
        "redis://[::1]:6379",
        "unix:///run/redis.sock",
        "redis://:secret@r.example:6379",
        "redis://user:secret@10.0.0.5",
        "redis://10.0.0.5?password=secret",
        "rediss://r.example",
    ],
)
def test_a_guarded_redis_is_taken(url: str) -> None:
    assert Settings.of({"BRIDGE_REDIS_URL": url}).redis_url == url


@pytest.mark.parametrize(
    "url",
    [
        "redis://r.example:6379",
        "redis://10.0.0.5",
        "redis://user@10.0.0.5",
        "http://localhost",
        "r",
    ],
)
def test_a_redis_that_anybody_can_reach_is_refused(url: str) -> None:
    """S19."""
    with pytest.raises(ConfigError, match="BRIDGE_REDIS_URL"):
        Settings.of({"BRIDGE_REDIS_URL": url})


def test_the_lease_is_a_quarter_of_a_minute_unless_told_otherwise() -> None:
    assert Settings.of({}).lease_seconds == 15.0
    assert Settings.of({"BRIDGE_LEASE_SECONDS": "2.5"}).lease_seconds == 2.5


@pytest.mark.parametrize("seconds", ["0.5", "-1", "301", "long", "nan"])
def test_a_lease_that_is_none_is_refused(seconds: str) -> None:
    with pytest.raises(ConfigError, match="BRIDGE_LEASE_SECONDS"):
        Settings.of({"BRIDGE_LEASE_SECONDS": seconds})


def test_the_log_tells_every_step_unless_told_to_tell_less() -> None:
    assert Settings.of({}).log_level == logging.INFO
    assert Settings.of({"BRIDGE_LOG_LEVEL": "warning"}).log_level == logging.WARNING
    with pytest.raises(ConfigError, match="BRIDGE_LOG_LEVEL: not one of info, warning"):
        Settings.of({"BRIDGE_LOG_LEVEL": "loud"})


def test_a_short_secret_key_is_refused_and_a_missing_one_is_asked_for() -> None:
    with pytest.raises(ConfigError, match="BRIDGE_SECRET_KEY"):
        Settings.of({"BRIDGE_SECRET_KEY": "short"})
    with pytest.raises(ConfigError, match="BRIDGE_SECRET_KEY is missing"):
        Settings.of({"BRIDGE_SECRET_KEY": ""}).required_secret_key()


def test_secrets_are_not_shown() -> None:
    """S17."""
    settings = Settings.of(
        {
            "BRIDGE_SECRET_KEY": KEY,
            "BRIDGE_REDIS_URL": "redis://:s3cret@r.example",
            "BRIDGE_DATABASE_URL": "postgresql://b:s3cret@db/b",
            "BRIDGE_SMTP_URL": "smtp://u:s3cret@mail.example",
        }
    )
    assert "s3cret" not in repr(settings)
    assert KEY not in repr(settings)


def test_an_account_may_live_elsewhere() -> None:
    settings = Settings.of({"BRIDGE_BASE_URL_HUBSPOT_MAIN": "http://127.0.0.1:9/"})
    assert settings.base_url(AccountName("hubspot-main")) == "http://127.0.0.1:9"
    assert settings.base_url(AccountName("wazzup-main")) is None
    with pytest.raises(ConfigError, match="BRIDGE_BASE_URL_A"):
        Settings.of({"BRIDGE_BASE_URL_A": "nowhere"})


def test_files_are_kept_under_the_state_or_where_it_is_said() -> None:
    assert Settings.of({"BRIDGE_STATE": "/s"}).media_url == "file:///s/media"
    assert Settings.of({}).media_url == (Path.cwd() / "var" / "media").as_uri()
    assert Settings.of({"BRIDGE_MEDIA_URL": "s3://files/b/"}).media_url == "s3://files/b"


@pytest.mark.parametrize("url", ["files", "/srv/media", "s3://", "file:///", "http://[::1"])
def test_a_place_for_files_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="BRIDGE_MEDIA_URL: not an address"):
        Settings.of({"BRIDGE_MEDIA_URL": url})


def test_a_password_does_not_stand_in_the_address_of_files() -> None:
    with pytest.raises(ConfigError) as told:
        Settings.of({"BRIDGE_MEDIA_URL": "s3://key:secret-word@files/b"})
    assert "AWS_SECRET_ACCESS_KEY" in str(told.value)
    assert "secret-word" not in str(told.value)
