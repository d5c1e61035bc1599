"""The pages of a client of a reseller: his plan, units, ledger and messages; nothing is changed."""

from flask import Response

from bridge.store.engine import reading
from bridge.web.pages.asking import PAGE, address_of_next, begin
from bridge.web.pages.visiting import Visit
from bridge.web.plan import PlanPlace, own_chats, own_ledger, own_messages, own_plan


def show(visit: Visit) -> Response:
    start = begin(visit, PlanPlace, "plan")
    with reading(visit.site.parts.engine) as db:
        own = own_plan(db, visit.principal.person, visit.policy, visit.now)
        found = own_ledger(db, own, start, PAGE)
    return visit.render(
        "plan.html",
        client=own.client,
        standing=own.status,
        lines=found.lines,
        next_page=address_of_next(visit, found.next, "plan"),
    )


def show_chats(visit: Visit) -> Response:
    with reading(visit.site.parts.engine) as db:
        own = own_plan(db, visit.principal.person, visit.policy, visit.now)
        chats = own_chats(db, own, visit.policy)
    return visit.render("plan_messages.html", chats=chats, chat=None, messages=(), next_page=None)


def show_messages(visit: Visit, name: str) -> Response:
    start = begin(visit, PlanPlace, f"plan messages {name}")
    with reading(visit.site.parts.engine) as db:
        own = own_plan(db, visit.principal.person, visit.policy, visit.now)
        chats = own_chats(db, own, visit.policy)
        eyes = visit.principal.employee
        found = own_messages(db, chats, name, eyes, visit.policy, start, PAGE)
    return visit.render(
        "plan_messages.html",
        chats=chats,
        chat=next(chat for chat in chats if chat.id == name),
        messages=found.messages,
        next_page=address_of_next(visit, found.next, f"plan messages {name}"),
    )
