"""The reference system's answers about partners and renewals."""

from collections.abc import Callable, Iterable

from connectors.webhook.channel_questions import (
    AccountsQuestion,
    ChangedQuestion,
    DueQuestion,
    LeadsQuestion,
    PeopleQuestion,
    RenewalsQuestion,
)
from connectors.webhook.sandbox_world import Body, World

_LISTS = {"organisation": "organisation", "partner.sharing": "sharing"}


def answer_of_channel_side(world: World, word: str, question: object) -> Body:
    match question:
        case AccountsQuestion():
            known = world.records["company"]
            return {"items": {one: known[one] for one in question.ids if one in known}}
        case PeopleQuestion():
            return {"items": [one for one in _all(world, "partner_users") if _is(one, question)]}
        case LeadsQuestion():
            return {"items": _by_id(map(_owned(world), _all(world, "partner_leads")), question.ids)}
        case RenewalsQuestion():
            return {"items": _by_id(_all(world, "renewals"), question.ids)}
        case DueQuestion() | ChangedQuestion():
            return {"items": [one for one in _all(world, "renewals") if _fits(one, question)]}
        case _:
            return {"items": _all(world, _LISTS[word])}


def _all(world: World, name: str) -> list[Body]:
    return world.channel_side.get(name, [])


def _is(person: Body, question: PeopleQuestion) -> bool:
    return person.get("company") in question.accounts or person.get("email") in question.emails


def _owned(world: World) -> Callable[[Body], Body]:
    """With the owner that an order may have given it since."""

    def shown(lead: Body) -> Body:
        mirrored = world.records["lead"].get(str(lead["crm_id"]), {})
        return {**lead, "owner": mirrored.get("owner", lead.get("owner"))}

    return shown


def _fits(renewal: Body, question: DueQuestion | ChangedQuestion) -> bool:
    due = str(renewal.get("due") or "")
    if not due or renewal.get("kind") != question.source.kind:
        return False
    if isinstance(question, DueQuestion):
        return question.first.isoformat() <= due <= question.last.isoformat()
    return str(renewal.get("changed_at") or "") >= question.since.isoformat().replace("+00:00", "Z")


def _by_id(records: Iterable[Body], ids: Iterable[str]) -> Body:
    known = {str(one["crm_id"]): one for one in records}
    return {one: known[one] for one in ids if one in known}
