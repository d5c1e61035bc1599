"""What must be set up at Meta, seen and mended."""

from dataclasses import replace

import pytest

from bridge.domain.errors import ConfigError, CredentialsInvalid, DeliveryRejected
from bridge.ports import Account
from connectors.whatsapp.doctor import FIELDS, WhatsAppDoctor
from tests.connectors.whatsapp.building import APP, NUMBER, SECRETS, VERIFY, account
from tests.connectors.whatsapp.meta import Meta, Post, listening


def codes(given: Account, public_url: str) -> list[str]:
    return [ailment.code for ailment in WhatsAppDoctor(given).examine(public_url)]


def base(post: Post) -> str:
    return post.url.removesuffix("/hooks/wa")


def test_a_fresh_account_has_nothing_set_up_and_fix_mends_it(meta: Meta, at_meta: Account) -> None:
    """The stand-in asks the address back, as Meta does."""
    with listening() as post:
        doctor = WhatsAppDoctor(at_meta)
        assert codes(at_meta, base(post)) == ["app_not_subscribed", "webhooks_missing"]
        assert len(doctor.fix(base(post), take_over=False)) == 2
        assert codes(at_meta, base(post)) == []
        assert doctor.fix(base(post), take_over=False) == []
    hook = meta.state()["webhook"]
    assert (hook["address"], hook["fields"]) == (post.url, list(FIELDS))


def test_what_is_missing_of_the_fields_is_named_and_mended(
    meta: Meta, at_meta: Account, post: Post
) -> None:
    meta.steer("seed", webhook={"address": post.url, "fields": ["messages", "account_update"]})
    (ailment,) = WhatsAppDoctor(at_meta).examine(base(post))
    assert (ailment.code, ailment.fixable) == ("webhooks_incomplete", True)
    assert "smb_message_echoes" in ailment.detail
    WhatsAppDoctor(at_meta).fix(base(post), take_over=False)
    assert codes(at_meta, base(post)) == []


def test_an_address_elsewhere_is_taken_over_only_when_told_to(
    meta: Meta, at_meta: Account, post: Post
) -> None:
    elsewhere = "https://other.example/hook?secret=1"
    meta.steer("seed", webhook={"address": elsewhere, "fields": list(FIELDS)})
    (ailment,) = WhatsAppDoctor(at_meta).examine(base(post))
    assert ailment.code == "webhooks_elsewhere"
    assert "secret" not in ailment.detail
    with pytest.raises(DeliveryRejected, match="take them over"):
        WhatsAppDoctor(at_meta).fix(base(post), take_over=False)
    assert meta.state()["webhook"]["address"] == elsewhere
    WhatsAppDoctor(at_meta).fix(base(post), take_over=True)
    assert codes(at_meta, base(post)) == []


def test_an_address_that_does_not_answer_is_refused_with_what_to_do(at_meta: Account) -> None:
    with pytest.raises(DeliveryRejected, match="reachable at its public URL"):
        WhatsAppDoctor(at_meta).fix("http://127.0.0.1:9", take_over=False)


def test_without_the_apps_id_any_subscribed_app_will_do(meta: Meta, post: Post) -> None:
    assert codes(account(meta.url), base(post)) == []


def test_another_app_than_ours_is_not_enough(meta: Meta, post: Post) -> None:
    given = account(meta.url, app_id=APP[:-1] + "0")
    with pytest.raises(CredentialsInvalid):
        WhatsAppDoctor(given).examine(base(post))


@pytest.mark.parametrize("status", ["PENDING", "DISCONNECTED", "BANNED"])
def test_a_number_that_does_not_work_is_named(
    meta: Meta, at_meta: Account, post: Post, status: str
) -> None:
    meta.steer("seed", numbers=[{"id": NUMBER, "status": status}])
    meta.steer("seed", webhook={"address": post.url, "fields": list(FIELDS)})
    (ailment,) = WhatsAppDoctor(at_meta).examine(base(post))
    assert (ailment.code, ailment.fixable) == ("number_not_ready", False)
    assert NUMBER in ailment.detail
    assert status in ailment.detail


def test_an_account_that_the_token_does_not_see_is_named(meta: Meta, post: Post) -> None:
    found = WhatsAppDoctor(account(meta.url, waba_id="404")).examine(base(post))
    assert [ailment.code for ailment in found] == ["account_unknown"]
    assert "waba_id" in found[0].todo


def test_a_refused_token_is_told_as_such(meta: Meta, post: Post) -> None:
    whole = account(meta.url)
    given = replace(whole, secrets={**whole.secrets, "access_token": ("another",)})
    with pytest.raises(CredentialsInvalid) as refused:
        WhatsAppDoctor(given).examine(base(post))
    assert "another" not in str(refused.value)


@pytest.mark.parametrize("app_id", ["abc", "1|2", "../x"])
def test_an_app_id_that_is_none_is_refused(app_id: str) -> None:
    with pytest.raises(ConfigError, match="app_id"):
        WhatsAppDoctor(account(app_id=app_id))


def test_nothing_that_is_told_holds_a_secret(meta: Meta, at_meta: Account, post: Post) -> None:
    meta.steer("seed", webhook={"address": f"https://x.example/{VERIFY}", "fields": ["messages"]})
    told = repr(WhatsAppDoctor(at_meta).examine(base(post)))
    assert not any(secret in told for secret in SECRETS.values())
