"""Puts text in the place of a span of a document, and reads it anew."""

from collections.abc import Sequence

from bridge.policy.editing.places import Document, Span


def with_lines(document: Document, here: int, lines: Sequence[str]) -> Document:
    """These lines before the one that begins here."""
    return cut_lines(document, Span(here, here), lines)


def cut_lines(document: Document, span: Span, lines: Sequence[str]) -> Document:
    """Whole lines in place of this span, with the line ends of the document."""
    before, after = document.text[: span.start], document.text[span.end :]
    added = document.newline.join(lines)
    if before and not before.endswith("\n"):
        return Document.of_text(before + document.newline + added + after)
    return Document.of_text(before + added + document.newline + after)


def cut(document: Document, span: Span, into: str) -> Document:
    """This text in place of the span."""
    return Document.of_text(document.text[: span.start] + into + document.text[span.end :])
