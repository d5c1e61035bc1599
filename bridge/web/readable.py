"""Refuses addresses that no text can be made of, before a view asks for their query."""

from flask import request

from bridge.web.problems import invalid


def refuse_unreadable_query() -> None:
    """Problem 400. Browsers and clients escape what is not ASCII; Werkzeug fails on raw bytes."""
    try:
        request.query_string.decode()
    except UnicodeDecodeError as error:
        raise invalid("the query is not UTF-8", status=400) from error
