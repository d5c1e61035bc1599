"""What a file is by its first bytes, whatever was told of it; what is copied, shown, and named."""

import pytest

from bridge.domain.files import (
    is_copied,
    is_shown,
    kind_of_type,
    plain_name,
    served_type,
    type_of,
    upload_id,
)
from bridge.domain.messaging import Media, MediaKind

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 20
ZIP = b"PK\x03\x04" + b"\0" * 26
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.mark.parametrize(
    ("head", "told", "found"),
    [
        (PNG, "image/png", "image/png"),
        (PNG, "image/jpeg", "image/png"),
        (PNG, "text/html", "image/png"),
        (PNG, "", "image/png"),
        (b"\xff\xd8\xff\xe0", "IMAGE/JPEG; x=1", "image/jpeg"),
        (b"GIF89a..", "image/gif", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp", "image/webp"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "audio/x-wav", "audio/wav"),
        (b"%PDF-1.7", "application/pdf", "application/pdf"),
        (b"OggS\0", "audio/ogg; codecs=opus", "audio/ogg"),
        (b"#!AMR\n", "audio/amr", "audio/amr"),
        (b"\0\0\0\x18ftypmp42", "video/mp4", "video/mp4"),
        (b"\0\0\0\x18ftypM4A ", "audio/mp4", "audio/mp4"),
        (b"\0\0\0\x18ftypheic", "image/heic", "image/heic"),
        (b"\0\0\0\x18ftypisom", "text/html", "video/mp4"),
        (ZIP, WORD, WORD),
        (ZIP, "application/zip", "application/zip"),
        (ZIP, "image/png", "application/zip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/msword", "application/msword"),
        (b"MZ\x90", "application/pdf", "application/x-msdownload"),
        (b"\x7fELF", "image/png", "application/x-executable"),
        (b"#!/bin/sh\n", "text/plain", "text/x-script"),
        (b"<!DOCTYPE html><script>", "image/png", "text/html"),
        (b"\xef\xbb\xbf \n<html>", "text/plain", "text/html"),
        (b"<svg xmlns=", "image/svg+xml", "image/svg+xml"),
        (b"<?xml version='1.0'?><svg>", "image/png", "text/html"),
        (b"just words", "text/plain", "text/plain"),
        (b"just words", "image/png", "application/octet-stream"),
        (b"just words", "application/pdf", "application/octet-stream"),
        (b"alert(1)", "text/javascript", "application/octet-stream"),
        (b"just words", "text/html", "application/octet-stream"),
        (b"\0\1\2", "not a type", "application/octet-stream"),
        (b"\0\1\2", "x\r\nSet-Cookie: a/b", "application/octet-stream"),
        (b"", "", "application/octet-stream"),
    ],
)
def test_a_file_is_what_its_first_bytes_say(head: bytes, told: str, found: str) -> None:
    assert type_of(head, told) == found


@pytest.mark.parametrize(
    "kind",
    [
        "text/html",
        "image/svg+xml",
        "application/pdf",
        "text/x-script",
        "application/x-msdownload",
        "application/xhtml+xml",
        "text/plain",
        "application/octet-stream",
    ],
)
def test_what_a_browser_could_run_is_never_shown_in_place(kind: str) -> None:
    assert not is_shown(kind)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("image/png", "image/png"),
        ("application/pdf", "application/pdf"),
        ("text/html", "application/octet-stream"),
        ("image/svg+xml", "application/octet-stream"),
        ("text/plain", "text/plain"),
        (WORD, WORD),
        ("application/xhtml+xml", "application/octet-stream"),
        ("text/javascript", "application/octet-stream"),
        ("application/x-msdownload", "application/octet-stream"),
        ("text/html; charset=utf-8", "application/octet-stream"),
    ],
)
def test_a_browser_is_told_of_no_type_that_it_would_run(kind: str, told: str) -> None:
    assert served_type(kind) == told


@pytest.mark.parametrize(
    ("media", "copied"),
    [
        (Media(kind=MediaKind.IMAGE, url="https://files.example/a.png"), True),
        (Media(kind=MediaKind.VOICE, media_id="AwACAgI"), True),
        (Media(kind=MediaKind.DOCUMENT, url="upload:up_1", sha256="0" * 64), True),
        (Media(kind=MediaKind.LOCATION, url="geo:40.4,-3.7"), False),
        (Media(kind=MediaKind.LOCATION, url="https://maps.example/x"), False),
        (Media(kind=MediaKind.CONTACT_CARD, media_id="x"), False),
        (Media(kind=MediaKind.OTHER), False),
        (Media(kind=MediaKind.IMAGE, url="javascript:alert(1)"), False),
        (Media(kind=MediaKind.IMAGE, url="file:///etc/passwd"), False),
    ],
)
def test_a_file_is_copied_a_place_or_a_card_is_not(media: Media, copied: bool) -> None:
    assert is_copied(media) is copied


@pytest.mark.parametrize(
    ("name", "kind", "plain"),
    [
        ("offer.pdf", "application/pdf", "offer.pdf"),
        ("../../etc/passwd", "text/plain", "_.._etc_passwd"),
        ('a"b\r\nc.txt', "text/plain", "a_b__c.txt"),
        ("\u202egpj.exe", "application/octet-stream", "_gpj.exe"),
        ("", "image/png", "file.png"),
        ("...", "text/plain", "file"),
        ("x" * 400, "text/plain", "x" * 150),
    ],
)
def test_a_name_stumbles_over_nothing(name: str, kind: str, plain: str) -> None:
    assert plain_name(name, kind) == plain


@pytest.mark.parametrize(
    ("content_type", "kind"),
    [
        ("image/png", MediaKind.IMAGE),
        ("video/mp4", MediaKind.VIDEO),
        ("audio/mpeg", MediaKind.AUDIO),
        ("application/pdf", MediaKind.DOCUMENT),
        ("text/html", MediaKind.DOCUMENT),
    ],
)
def test_an_upload_is_shown_as_what_it_is(content_type: str, kind: MediaKind) -> None:
    assert kind_of_type(content_type) is kind


def test_only_our_own_files_are_uploads() -> None:
    assert upload_id(Media(kind=MediaKind.IMAGE, url="upload:up_12")) == "up_12"
    assert upload_id(Media(kind=MediaKind.IMAGE, url="https://x.example/upload:up_12")) == ""
    assert upload_id(None) == ""
