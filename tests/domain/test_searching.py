"""What a search finds: words by their beginning, names and numbers by any part, in any script."""

import string
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.domain.searching import (
    LONGEST_TERM,
    MOST_NEEDLES,
    Needle,
    fold,
    sought,
    terms_of_name,
    terms_of_text,
)
from bridge.domain.snippets import snippet


@pytest.mark.parametrize(
    ("text", "words", "is_found"),
    [
        ("The secret word", "word secret", True),
        ("The secret word", "SECR wor", True),
        ("The secret word", "ecret", False),
        ("The secret word", "secret-word", True),
        ("The secret and the word", "secret-word", False),
        ("quién, ¡mañana!", "quien manana", True),
        ("quien manana", "QUIÉN MAÑANA", True),
        ("Straße", "STRASSE", True),
        ("İstanbul ışık", "istanbul isik", True),
        ("Łódź, Ærø", "lodz aero", True),
        ("ﬁne Ａｂｃ Ⅳ", "fine abc iv", True),
        ("pi is an irrational", "an", True),
        ("Ana said so", "an", False),
        ("write to ana@acme.example please", "ana@acme.ex", True),
        ("你好世界", "好世", True),
        ("你好世界", "好界", False),
        ("สวัสดีครับ", "ดีครับ", True),
        ("a family 👨‍👩‍👧 came", "👨‍👩‍👧", True),
        ("a family 👩🏽 came", "👩", True),
        ("a family 👨‍👧 came", "👨‍👩‍👧", False),
        ("\u202eשלום\u200f עליכם", "שלום", True),
        ("ring +34 600 11-22 33 now", "+34600112233", True),
        ("ring +34 600 11-22 33 now", "600 11 22", True),
        ("ring ٠٦٠٠١١٢٢٣٣", "0600112233", True),
        ("order 4711", "4711", True),
        ("order 4711", "711", False),
        ("", "word", False),
        ("word", "", False),
        ("?!", "?!", False),
        ("x" * 10_000, "x" * 9_999, True),
        ("x" * 10_000, "x" * 10_001, False),
        ("DROP TABLE", "DROP TABLE; --", True),
        ("50% off_now", "%", False),
    ],
)
def test_a_text_is_found_by_the_beginnings_of_its_words(
    text: str, words: str, is_found: bool
) -> None:
    assert sought(words).in_text(fold(text)) is is_found


@pytest.mark.parametrize(
    ("name", "words", "is_found"),
    [
        ("Nameless Client", "meles", True),
        ("Nameless Client", "client name", True),
        ("Nameless Client", "le", False),
        ("Ana", "an", True),
        ("José Núñez", "nunez jos", True),
        ("+34600770001", "0077", True),
        ("+34600770001", "+34 600 77", True),
        ("+34600770001", "34 601", False),
        ("user_name99", "name99", True),
        ("王小明", "小明", True),
    ],
)
def test_a_name_is_found_by_any_part_of_three(name: str, words: str, is_found: bool) -> None:
    assert sought(words).in_name(fold(name)) is is_found


@pytest.mark.parametrize("words", ["", "   ", "\n", "?!…", "*", '"', "\u202e", "\ud800", "\x00"])
def test_of_nothing_to_look_for_nothing_is_looked_for(words: str) -> None:
    wanted = sought(words)
    assert wanted.is_empty
    assert (wanted.text_needles(), wanted.name_needles(), wanted.number_needle()) == ((), (), None)


_SIGNS = st.text(
    alphabet=st.one_of(
        st.sampled_from(string.ascii_letters + string.digits + " .-+()@_*\"':%\\"),
        st.sampled_from("áñßøİıſﬁ你好สวัสดี👨👩‍🏽\ufe0f\u202e\u200fשלוםкИйЁ٣½Ⅳ"),
        st.characters(),
    ),
    max_size=60,
)


def _has(terms: frozenset[str], needle: Needle) -> bool:
    return any(t.startswith(needle.text) if needle.begins else t == needle.text for t in terms)


@settings(max_examples=400)
@given(text=_SIGNS, words=_SIGNS, part=st.tuples(st.integers(0, 60), st.integers(0, 60)))
def test_the_index_holds_whatever_is_found(text: str, words: str, part: tuple[int, int]) -> None:
    """A sieve that lets too much through, never too little; and nothing stops it."""
    for given_words in (words, text[part[0] : part[1]], text):
        wanted, folded = sought(given_words), fold(text)
        number = wanted.number_needle()
        for is_found, terms, needles in (
            (wanted.in_text(folded), terms_of_text(folded), wanted.text_needles()),
            (wanted.in_name(folded), terms_of_name(folded), wanted.name_needles()),
        ):
            by_words = bool(needles) and all(_has(terms, needle) for needle in needles)
            by_number = number is not None and _has(terms, number)
            assert by_words or by_number or not is_found
            assert len(needles) <= MOST_NEEDLES
            assert all("\x00" not in term and " " not in term for term in terms)
            for term in terms:
                term.encode()
        for piece in snippet(text, wanted):
            assert piece.text


@settings(max_examples=200)
@given(text=st.text(alphabet="aábcdé 123-", max_size=40))
def test_case_and_accents_do_not_count(text: str) -> None:
    plain = unicodedata.normalize("NFKD", text).upper()
    assert fold(text) == fold(plain)


def test_a_long_word_is_kept_short() -> None:
    assert terms_of_text(fold("x" * 5000)) == {"x" * LONGEST_TERM}


def test_a_snippet_shows_the_place_and_what_was_found() -> None:
    text = f"{'before ' * 30}the <b>Parcel</b> came, {'after ' * 60}"
    shown = snippet(text, sought("parc came"))
    assert [piece.text for piece in shown if piece.is_found] == ["Parcel", "came"]
    whole = "".join(piece.text for piece in shown)
    assert whole.startswith("…before")
    assert whole.endswith("…")
    assert len(whole) < 300
    assert "the <b>Parcel</b> came" in whole


@pytest.mark.parametrize(
    ("text", "words", "found"),
    [
        ("ring +34 600 11-22 33 now", "600112", ["+34 600 11-22 33"]),
        ("nothing of it", "else", []),
        ("你好世界", "你好", ["你好世界"]),
        ("An apple and Ana", "an", ["An"]),
        ("two\nlines", "lines", ["lines"]),
        ("", "x", []),
    ],
)
def test_what_was_found_stands_apart(text: str, words: str, found: list[str]) -> None:
    assert [p.text for p in snippet(text, sought(words)) if p.is_found] == found
