"""Who is counted as one visitor: by addresses, and by the word of proxies that are named (S14)."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest

from bridge.domain.errors import ConfigError
from bridge.settings import Settings
from bridge.web.attempts import Attempts, household
from bridge.web.visitors import visitor_of

PROXIES = (ip_network("10.0.0.0/24"), ip_network("::1"))
NOW = datetime(2026, 3, 4, 15, 6, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("peer", "forwarded", "visitor"),
    [
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("::1", "2001:db8::1", "2001:db8::1"),
        ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "203.0.113.9, 198.51.100.1", "198.51.100.1"),  # the first may be invented
        ("10.0.0.1", "198.51.100.1, 10.0.0.2", "198.51.100.1"),  # two of ours in a row
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "[2001:db8::1]", "2001:db8::1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, nonsense", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1:4711", "10.0.0.1"),
        ("10.0.0.1", "," * 5000, "10.0.0.1"),
        ("192.0.2.5", "198.51.100.1", "192.0.2.5"),
        ("", "198.51.100.1", ""),
    ],
)
def test_the_last_address_that_is_none_of_our_proxies(
    peer: str, forwarded: str, visitor: str
) -> None:
    assert visitor_of(peer, forwarded, PROXIES) == visitor


def test_of_many_visitors_those_are_forgotten_who_failed_longest_ago() -> None:
    attempts = Attempts(allowed=2, most_visitors=3)
    for visitor in ("a", "a", "b", "c", "a", "d"):
        attempts.count(visitor, NOW)
    assert [attempts.is_over(one, NOW) for one in "abcd"] == [True, False, False, False]
    assert len(attempts._seen) == 3
    assert not attempts.is_over("a", NOW + timedelta(minutes=1))


def test_a_visitor_who_goes_on_failing_is_kept_in_little() -> None:
    attempts = Attempts(allowed=2)
    for second in range(50):
        attempts.count("a", NOW + timedelta(seconds=second))
    assert len(attempts._seen["a"]) == 2


def test_who_has_a_network_is_one_household() -> None:
    assert household("2001:db8:1:2::1") == household("2001:db8:1:2:ffff::9")
    assert household("2001:db8:1:2::1") != household("2001:db8:1:3::1")
    assert household("::ffff:192.0.2.1") == household("192.0.2.1") == "192.0.2.1"
    assert household("a socket") == "a socket"


@pytest.mark.parametrize("value", ["", " ", "127.0.0.1", "127.0.0.1, 10.0.0.0/8,::1"])
def test_proxies_are_named_in_the_environment(value: str) -> None:
    found = Settings.of({"BRIDGE_TRUSTED_PROXIES": value}).trusted_proxies
    assert [str(one) for one in found] == [
        one if "/" in one else f"{one}/{128 if ':' in one else 32}"
        for one in value.replace(" ", "").split(",")
        if one
    ]


@pytest.mark.parametrize("value", ["proxy.example", "10.0.0.0/99", "10.0.0.1/8", "*", "0.0.0.0/0"])
def test_what_names_no_proxy_is_refused(value: str) -> None:
    with pytest.raises(ConfigError, match="BRIDGE_TRUSTED_PROXIES"):
        Settings.of({"BRIDGE_TRUSTED_PROXIES": value})
