"""Who is not proven to be the vendor gets 401 and leaves no row; at a real process (S1 to S4)."""

import json
from collections.abc import Callable

import pytest

from tests.hostile.town import CHANGED, SECRETS, WRITTEN, Town, bearer, signed

HUBSPOT, WAZZUP = "/hooks/hubspot-a", "/hooks/wazzup-a"
SIGNATURE = "X-HubSpot-Signature-v3"
TIMESTAMP = "X-HubSpot-Request-Timestamp"


def flipped(text: str, place: int) -> str:
    """One bit of one letter is another one."""
    letters = list(text)
    letters[place] = chr(ord(letters[place]) ^ 1)
    return "".join(letters)


@pytest.mark.parametrize("secret", ["CLIENT_A_NEW", "CLIENT_A_OLD"])
def test_s3_hubspot_is_known_by_the_new_and_the_old_secret(door: Town, secret: str) -> None:
    assert door.takes(HUBSPOT, CHANGED, signed(secret=secret))


@pytest.mark.parametrize("secret", ["HOOK_A_NEW", "HOOK_A_OLD"])
def test_s3_wazzup_is_known_by_the_new_and_the_old_secret(door: Town, secret: str) -> None:
    assert door.takes(WAZZUP, WRITTEN, bearer(secret))
    assert door.takes(f"{WAZZUP}/{SECRETS[secret]}", WRITTEN, {})


@pytest.mark.parametrize("place", [0, 1, 21, 41, 42, 43])
def test_s1_a_flipped_bit_of_the_signature_is_seen(door: Town, place: int) -> None:
    """First, middle, last letter, the padding."""
    headers = signed()
    headers[SIGNATURE] = flipped(headers[SIGNATURE], place)
    assert door.refuses(HUBSPOT, CHANGED, headers)


@pytest.mark.parametrize("place", [0, 1, len(CHANGED) // 2, len(CHANGED) - 2, len(CHANGED) - 1])
def test_s1_a_flipped_bit_of_the_body_is_seen(door: Town, place: int) -> None:
    body = flipped(CHANGED.decode(), place).encode()
    assert door.refuses(HUBSPOT, body, signed())


@pytest.mark.parametrize("place", [0, 6, 12])
def test_s1_a_flipped_digit_of_the_time_is_seen(door: Town, place: int) -> None:
    headers = signed()
    headers[TIMESTAMP] = flipped(headers[TIMESTAMP], place)
    assert door.refuses(HUBSPOT, CHANGED, headers)


@pytest.mark.parametrize("place", [0, 5, -1])
def test_s1_a_flipped_bit_of_the_key_is_seen(door: Town, place: int) -> None:
    wrong = flipped(SECRETS["HOOK_A_NEW"], place)
    assert door.refuses(WAZZUP, WRITTEN, {"Authorization": f"Bearer {wrong}"})
    assert door.refuses(f"{WAZZUP}/{wrong}", WRITTEN, {})
    assert door.refuses(f"{WAZZUP}?key={wrong}", WRITTEN, {})


@pytest.mark.parametrize("kept", [0, 1, 22, 43])
def test_s1_a_truncated_proof_is_none(door: Town, kept: int) -> None:
    headers = signed()
    headers[SIGNATURE] = headers[SIGNATURE][:kept]
    assert door.refuses(HUBSPOT, CHANGED, headers)
    assert door.refuses(WAZZUP, WRITTEN, {"Authorization": f"Bearer {'hook-of-a'[:kept]}"})


def test_s1_the_proof_of_another_tenant_is_none(door: Town) -> None:
    """Neither with his secret nor replayed from his door to ours."""
    assert door.refuses(HUBSPOT, CHANGED, signed(secret="CLIENT_B_NEW"))
    theirs = signed(path="/hooks/hubspot-b", secret="CLIENT_B_NEW")
    assert door.takes("/hooks/hubspot-b", CHANGED, theirs)
    assert door.refuses(HUBSPOT, CHANGED, theirs)
    ours = signed()
    assert door.refuses("/hooks/hubspot-b", CHANGED, ours)
    assert door.refuses(WAZZUP, WRITTEN, bearer("HOOK_B_NEW"))
    assert door.refuses("/hooks/wazzup-b", WRITTEN, bearer())


def test_s1_the_secret_of_another_purpose_is_none(door: Town) -> None:
    assert door.refuses(WAZZUP, WRITTEN, bearer("API_A_NEW"))
    assert door.refuses(HUBSPOT, CHANGED, signed(secret="TOKEN_A_NEW"))


@pytest.mark.parametrize("change", [str.lower, str.upper, str.title])
def test_s1_the_case_of_a_header_does_not_matter(door: Town, change: Callable[[str], str]) -> None:
    headers = {change(name): value for name, value in signed().items()}
    assert door.takes(HUBSPOT, CHANGED, headers)


def test_s1_the_case_of_a_proof_matters(door: Town) -> None:
    headers = signed()
    assert door.refuses(HUBSPOT, CHANGED, {**headers, SIGNATURE: headers[SIGNATURE].swapcase()})
    upper = SECRETS["HOOK_A_NEW"].upper()
    assert door.refuses(WAZZUP, WRITTEN, {"Authorization": f"Bearer {upper}"})


def test_s1_json_written_anew_is_another_body(door: Town) -> None:
    """Equal to a parser, but not what was signed."""
    again = json.dumps(json.loads(CHANGED), separators=(",", ":")).encode()
    assert json.loads(again) == json.loads(CHANGED)
    assert door.refuses(HUBSPOT, again, signed())
    assert door.takes(HUBSPOT, again, signed(again))


def test_s1_several_signatures_are_none(door: Town) -> None:
    """The right one among them, in one header or in two: nobody can choose."""
    good = signed()
    wrong = flipped(good[SIGNATURE], 3)
    for joined in (f"{good[SIGNATURE]},{wrong}", f"{wrong}, {good[SIGNATURE]}"):
        assert door.refuses(HUBSPOT, CHANGED, {**good, SIGNATURE: joined})
    twice = {**good, SIGNATURE.lower(): wrong}
    assert door.refuses(HUBSPOT, CHANGED, twice)


@pytest.mark.parametrize("seconds", [-290, 290])
def test_s2_a_clock_that_is_nearly_right_is_right(door: Town, seconds: float) -> None:
    assert door.takes(HUBSPOT, CHANGED, signed(seconds=seconds))


@pytest.mark.parametrize("seconds", [-301, 330, -86_400, 10**8])
def test_s2_what_was_signed_at_another_time_is_refused(door: Town, seconds: float) -> None:
    """Somebody caught it and sends it again; the exact second is held by a test of its own."""
    assert door.refuses(HUBSPOT, CHANGED, signed(seconds=seconds))


MALFORMED = (
    *("", ",", ",,", "v1", "v1,", "v1,a,b", "é,ü", "=" * 44, "a" * 5000, "%00", "\xff\xfe"),
    *("t=1,v1=00", "Bearer", "Bearer ", "Bearer  x y", "Basic \xff", "nan", "inf", "1e400", "-1"),
    *("٣", "\ud83d".encode("utf-8", "surrogatepass").decode("latin-1")),
)


@pytest.mark.parametrize("name", [SIGNATURE, TIMESTAMP, "Authorization"])
def test_s4_a_malformed_header_is_a_refusal_and_no_failure(door: Town, name: str) -> None:
    """Among them the four with which a well-known library of signatures fails."""
    for value in MALFORMED:
        raw = value.encode("utf-8").decode("latin-1")
        assert door.refuses(HUBSPOT, CHANGED, {**signed(), SIGNATURE: "x", name: raw}), value
        assert door.refuses(WAZZUP, b"\xff\xfe", {name: raw}), value


def test_s4_a_letter_that_no_header_may_hold_ends_the_request(door: Town) -> None:
    before = door.count()
    for letter in ("\x00", "\x07", "\x7f", "\r", "\n x"):
        answer = door.ask(HUBSPOT, CHANGED, {**signed(), "X-Odd": f"a{letter}b"})
        assert answer.status in (0, 400)
    assert door.count() == before


def test_what_was_refused_is_told_without_any_proof(door: Town) -> None:
    """S17: neither the right secret nor what was shown in its place."""
    path = "/hooks/hubspot-a/shown-as-a-secret"
    door.ask(f"{path}?key=another-one", CHANGED, {**signed(), SIGNATURE: "a-forged-signature"})
    door.ask("/hooks/wazzup-a/shown-as-a-secret?key=another-one", WRITTEN, {})
    told = door.log()
    assert "signature mismatch" in told
    shown = ("shown-as-a-secret", "another-one", "a-forged-signature", *SECRETS.values())
    assert [word for word in shown if word in told] == []


def test_what_is_stored_holds_no_proof(door: Town) -> None:
    assert door.takes(f"{WAZZUP}/{SECRETS['HOOK_A_OLD']}?key={SECRETS['HOOK_A_NEW']}", WRITTEN, {})
    kept = str([(url, headers) for _, url, headers, _ in door.rows()])
    assert [name for name, secret in SECRETS.items() if secret in kept] == []
