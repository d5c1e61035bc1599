"""POST /cgi-bin/sendsms of the stand-in, with smsbox's checks and its words."""

import hmac
import re

from flask import Flask, Response, request

from connectors.kannel.sandbox_posting import Poster, report
from connectors.kannel.sandbox_world import SandboxSms, World

_ADDRESS = re.compile(r"\+?[A-Za-z0-9._-]{1,20}")


def add_sending(app: Flask, world: World, poster: Poster, password: str) -> None:
    @app.route("/cgi-bin/sendsms", methods=["GET", "POST"])
    def send() -> Response:
        if not _is_known(password):
            return _said("Authorization failed for sendsms", 403)
        to, sender = _given("to"), _given("from")
        if not to:
            return _said("Missing receiver(s) number(s), rejected", 400)
        if not sender:
            return _said("Sender missing and no global set, rejected", 400)
        if not (_ADDRESS.fullmatch(to) and _ADDRESS.fullmatch(sender)):
            return _said("Garbage 'to' field, rejected.", 400)
        report(poster, world.add(_message(world, sender, to)))
        return _said("0: Accepted for delivery", 202)


def busy() -> Response:
    return _said("Temporal failure, try again later.", 503)


def _is_known(password: str) -> bool:
    given = _given("password").encode("utf-8", "surrogatepass")
    return hmac.compare_digest(given, password.encode()) and bool(_given("username"))


def _given(name: str) -> str:
    """Of a POST in a header, of a GET in the query."""
    if request.method == "POST":
        return request.headers.get(f"X-Kannel-{name}", "")
    return request.args.get(name, "")


def _message(world: World, sender: str, to: str) -> SandboxSms:
    is_post = request.method == "POST"
    mask = _given("DLR-Mask" if is_post else "dlr-mask")
    return SandboxSms(
        seq=0,
        id="",
        sender=sender,
        receiver=to,
        outgoing=True,
        at=world.now(),
        text=request.get_data(as_text=True) if is_post else request.args.get("text", ""),
        coding=_given("coding") or "0",
        mask=int(mask) if mask.isascii() and mask.isdigit() else 0,
        report=_given("DLR-Url" if is_post else "dlr-url"),
        status="accepted",
    )


def _said(words: str, status: int) -> Response:
    return Response(words, status, content_type="text/html")
