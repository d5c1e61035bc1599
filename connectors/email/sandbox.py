"""A stand-in for a mail server: SMTP on a port of its own, and a page that shows what came."""

import weakref
from collections.abc import Mapping
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from flask import Flask, Response, jsonify, render_template_string

from connectors.email.sandbox_smtp import Mail, Post, SmtpServer
from connectors.sandboxing import Faults, install

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>E-mail sandbox: the mailboxes</title>
<style>
 body{font:15px/1.45 system-ui,sans-serif;background:#eef1f0;color:#1b1f23;margin:0;padding:1.5rem}
 article{background:#fff;border-radius:10px;padding:1rem;margin:0 0 1rem;max-width:46rem}
 pre{white-space:pre-wrap;overflow-wrap:anywhere;font:inherit;margin:.5rem 0 0}
 h1{font-size:1.1rem} h2{font-size:1rem;margin:0} small{color:#596067}
</style>
<h1>E-mail sandbox: the mailboxes</h1>
<p>Set <code>base_url</code> of the account to <code>{{ address }}</code>: SMTP without TLS.
Mail to <code>…@nowhere.example</code> is refused.</p>
{% for mail in mails %}<article><h2>{{ mail.subject }}</h2>
<small>{{ mail.from }} → {{ mail.to }}</small><pre>{{ mail.text }}</pre></article>
{% else %}<p>No mail has come yet.</p>{% endfor %}</html>"""


def sandbox(secrets: Mapping[str, str]) -> Flask:
    """The application; `secrets` holds `password`. `/` shows the mails, `/_sandbox/address` where
    the mail server listens, `/_sandbox/…` steers it: a fault strikes where its pattern fits
    `SMTP MAIL`, which is each mail.
    """
    app = Flask(__name__)
    faults = Faults()
    post = Post(password=secrets["password"], faults=faults)
    server = SmtpServer(post)
    server.serve()
    weakref.finalize(app, server.close)
    address = f"http://127.0.0.1:{server.port}"
    install(app, faults, _quota, lambda: {"mails": _shown(post)}, post.clear)

    @app.get("/_sandbox/address")
    def where() -> Response:
        return jsonify(address=address)

    @app.get("/")
    def page() -> str:
        return render_template_string(_PAGE, mails=_shown(post), address=address)

    return app


def _quota() -> Response:
    return Response("{}", 403, content_type="application/json")


def _shown(post: Post) -> list[Mapping[str, str]]:
    """The latest first."""
    with post.lock:
        return [_read(mail) for mail in reversed(post.mails)]


def _read(mail: Mail) -> Mapping[str, str]:
    """As a mailbox shows it, whatever it is."""
    found = message_from_bytes(mail.content, _class=EmailMessage, policy=default)
    content = found.get_payload(decode=True)
    return {
        "from": mail.sender,
        "to": mail.recipient,
        "subject": str(found.get("Subject", "")),
        "message_id": str(found.get("Message-ID", "")),
        "text": content.decode("utf-8", "replace") if isinstance(content, bytes) else "",
    }
