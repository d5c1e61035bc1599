"""What happened on the channel side: home of partners' and resellers' users, page of the rest."""

from flask import Response, make_response, redirect
from sqlalchemy import Connection

from bridge.store.engine import reading
from bridge.store.mirror import directory
from bridge.web.business import BusinessPlace, Onlooker, list_business
from bridge.web.business_story import tell_business
from bridge.web.pages.asking import PAGE, address_of_next, asked, begin
from bridge.web.pages.visiting import Visit


def show(visit: Visit) -> Response:
    """`?subject=` narrows it to one, by the name that its own page gives it; `?partner=` to what is
    one partner account's business."""
    subject, partner = asked("subject"), asked("partner")
    start = begin(visit, BusinessPlace, "activity")
    with reading(visit.site.parts.engine) as db:
        looks = onlooker(visit, db)
        found = list_business(db, looks, subject, start, PAGE, partner)
    return visit.render(
        "business.html",
        happenings=found.happenings,
        sees_whole=looks.reads_all,
        subject=subject,
        next_page=address_of_next(visit, found.next, "activity"),
    )


def tell_why(visit: Visit, name: str) -> Response:
    """Who reads everything gets the whole story; others what of it is theirs."""
    with reading(visit.site.parts.engine) as db:
        looks = onlooker(visit, db)
        story = tell_business(db, looks, name)
    if looks.reads_all:
        return make_response(redirect(f"/events/{story.happening.id}", 303))
    return visit.render(
        "happening.html", one=story.happening, reasons=story.reasons, effects=story.effects
    )


def onlooker(visit: Visit, db: Connection) -> Onlooker:
    people = directory(db, visit.policy.crm)
    return Onlooker(person=visit.principal.person, policy=visit.policy, directory=people)
