"""Writing first: to a number on a messenger, from one's priority channel or another (CHN-03)."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from flask import Response, make_response, redirect, request

from bridge.domain.channels import offers_priority
from bridge.domain.messaging import Messenger
from bridge.domain.names import ChannelName, digest_id
from bridge.domain.people import Employee
from bridge.domain.policy import Policy
from bridge.domain.reasons import Reason
from bridge.payload import storable
from bridge.pipeline.send import Refusal, SendRequest, send
from bridge.web.pages.visiting import Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstDraft:
    """What was typed, kept when it could not be sent, and why not."""

    phone: str = ""
    messenger: str = ""
    channel: str = ""
    text: str = ""
    refusal: Reason | None = None


def show(visit: Visit) -> Response:
    visit.principal.require_writer()
    return _page(visit, FirstDraft())


def write(visit: Visit) -> Response:
    given = {name: storable(request.form.get(name, "")) for name in _FIELDS}
    sent = send(visit.site.parts, _request(visit, given))
    if isinstance(sent, Refusal):
        draft = FirstDraft(**given, refusal=sent.reason)
        return _page(visit, draft, sent.status)
    return make_response(redirect(f"/conversations/{sent.conversation}#latest", 303))


_FIELDS = ("phone", "messenger", "channel", "text")


def _request(visit: Visit, given: Mapping[str, str]) -> SendRequest:
    known = given["messenger"] in tuple(Messenger)
    return SendRequest(
        employee=visit.employee,
        to_phone=given["phone"],
        messenger=Messenger(given["messenger"]) if known else None,
        text=given["text"],
        channel=ChannelName(given["channel"]) if given["channel"] else None,
        key=digest_id("pg", storable(request.form.get("key", "")) or secrets.token_hex(16)),
    )


def _page(visit: Visit, draft: FirstDraft, status: int = 200) -> Response:
    employee = visit.principal.employee
    channels = {
        name: channel
        for name, channel in visit.policy.channels.items()
        if employee.has_channel(name)
    }
    priorities = _priorities(employee, visit.policy)
    messengers = dict.fromkeys(channel.messenger for channel in channels.values())
    return visit.render(
        "new.html",
        status,
        draft=draft,
        channels=channels,
        # The one he has a usual channel for comes first, and so is preselected.
        messengers=sorted(messengers, key=lambda messenger: messenger not in priorities),
        priorities=priorities,
        key=secrets.token_hex(16),
    )


def _priorities(employee: Employee, policy: Policy) -> Mapping[Messenger, ChannelName]:
    """His priority channels, where he has a choice at all (CHN-01)."""
    offered = offers_priority(employee, policy)
    return {m: name for m, name in employee.priority_channel.items() if m in offered}
