"""Long texts in parts: nothing lost, no word, link or letter cut that need not be."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.domain.pieces import is_blank, split

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"  # one letter to whoever reads it
FLAG = "\U0001f1ea\U0001f1f8"
LINK = "https://acme.example/a/long/way/to/go"


@pytest.mark.parametrize(
    ("text", "most", "parts"),
    [
        ("short", 10, ("short",)),
        ("exactly 10", 10, ("exactly 10",)),
        ("one two three", 8, ("one two", "three")),
        ("one two three", 7, ("one two", "three")),
        ("first line\nsecond line", 14, ("first line", "second line")),
        ("a b\nsome more words", 12, ("a b\nsome", "more words")),
        ("abcdefghij", 4, ("abcd", "efgh", "ij")),
        ("word " + "x" * 10, 8, ("word", "xxxxxxxx", "xx")),
        (f"see {LINK} now", len(LINK) + 2, ("see", LINK, "now")),
        (f"看{LINK}", len(LINK), ("看", LINK)),
        ("e\u0301" * 3, 3, ("e\u0301", "e\u0301", "e\u0301")),
        ("ab" + FAMILY, 4, ("ab", FAMILY[:4], FAMILY[4:])),
        ("abc" + FAMILY, 6, ("abc", FAMILY)),
        (FLAG * 3, 5, (FLAG * 2, FLAG)),
        ("ab\U0001f44d\U0001f3fd", 3, ("ab", "\U0001f44d\U0001f3fd")),
        ("क्षक्ष", 4, ("क्ष", "क्ष")),
        ("ab\u1112\u1161\u11ab", 4, ("ab", "\u1112\u1161\u11ab")),
        ("one    \n\n   two", 5, ("one", "two")),
    ],
)
def test_where_a_text_is_cut(text: str, most: int, parts: tuple[str, ...]) -> None:
    assert split(text, most) == parts


@given(text=st.text(max_size=120), most=st.integers(min_value=1, max_value=40))
@settings(max_examples=150, deadline=None)
def test_whatever_it_is_nothing_but_space_is_lost(text: str, most: int) -> None:
    parts = split(text, most)
    assert all(len(part) <= most and not is_blank(part) for part in parts)
    told, shown = ("".join(re.split(r"\s+", one)) for one in (text, "".join(parts)))
    assert seen(told) == seen(shown)


def seen(text: str) -> str:
    return "".join(letter for letter in text if not is_blank(letter))


@given(words=st.lists(st.text("abcdé", min_size=1, max_size=9), min_size=1, max_size=40))
@settings(max_examples=80, deadline=None)
def test_no_word_is_cut_that_fits_in_a_part(words: list[str]) -> None:
    parts = split(" ".join(words), 12)
    assert [word for part in parts for word in part.split()] == words


@pytest.mark.parametrize(
    ("text", "blank"),
    [
        ("", True),
        (" \t\n", True),
        ("\u200b\u2060\ufeff", True),
        ("\u200e\u202e\u2069", True),
        ("\u3164\u2800", True),
        ("\x00\x01", True),
        (".", False),
        ("\u202eabc", False),
        ("👍", False),
        ("\ufffd", False),
    ],
)
def test_what_nobody_can_see_is_nothing(text: str, blank: bool) -> None:
    assert is_blank(text) is blank
