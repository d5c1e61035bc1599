"""Addresses in texts become links, and nothing else does."""

import re

import pytest

from bridge.web.pages.linking import MOST, linked


def links(text: str) -> list[tuple[str, str]]:
    return re.findall(r'<a href="([^"]*)"[^>]*>(.*?)</a>', str(linked(text)))


@pytest.mark.parametrize(
    ("text", "address", "shown"),
    [
        ("see https://acme.example/a?b=1#c now", "https://acme.example/a?b=1#c", None),
        ("HTTP://Acme.Example", "HTTP://Acme.Example", None),
        ("at www.acme.example.", "https://www.acme.example", "www.acme.example"),
        ("(https://acme.example/x)", "https://acme.example/x", None),
        ("https://acme.example/x_(y)", "https://acme.example/x_(y)", None),
        ("is it https://acme.example/x?!", "https://acme.example/x", None),
        ("https://acme.example:8443/x", "https://acme.example:8443/x", None),
        ("https://acme.example/año/日本", "https://acme.example/año/日本", None),
        ("مرحبا https://acme.example/x مرحبا", "https://acme.example/x", None),
        ("https://acme.example/\u202egpj.exe", "https://acme.example/", None),
    ],
)
def test_an_address_is_a_link_that_shows_where_it_leads(
    text: str, address: str, shown: str | None
) -> None:
    assert links(text) == [(address, shown or address)]
    assert re.sub(r"<[^>]+>", "", str(linked(text))) == text


def test_a_link_tells_the_other_side_nothing() -> None:
    assert 'rel="noopener noreferrer nofollow"' in linked("https://acme.example")


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://acme.example/x",
        "https://",
        "https://localhost/x",
        "https://bank.example@evil.example/x",
        "http://[bad",
        "https://acme.example:99999999/x",
        "ana@www.acme.example",
        "file.www.acme",
        "",
        "👨‍👩‍👧‍👦",
    ],
)
def test_what_is_no_address_stays_text(text: str) -> None:
    assert links(text) == []
    assert "<a" not in str(linked(text))


@pytest.mark.parametrize(
    "text",
    [
        '<script>alert("https://acme.example/x")</script>',
        'https://acme.example/"onmouseover="alert(1)',
        "https://acme.example/'><img src=x>",
        "https://acme.example/<b>",
        "https://acme.example/&quot;&lt;",
    ],
)
def test_markup_around_or_within_an_address_stays_text(text: str) -> None:
    told = str(linked(text))
    tags = set(re.findall(r"<(/?\w+)", told))
    assert tags <= {"a", "/a"}
    assert re.findall(r" on\w+=", re.sub(r">[^<]*<", "><", told)) == []


def test_a_text_of_nothing_but_links_is_told_quickly() -> None:
    assert len(links("https://a.example " * 5000)) == MOST
    assert links("https://" + "(" * 9000 + "." * 9000) == []
