"""The reference system's answers to questions."""

from collections.abc import Iterable, Mapping

from bridge.ports import IdentityQuery
from connectors.webhook.channel_questions import CHANNEL_QUESTIONS, ChannelQuestion
from connectors.webhook.orders import ContactsQuestion, FindQuestion, IdsQuestion, Question
from connectors.webhook.sandbox_channel_side import answer_of_channel_side
from connectors.webhook.sandbox_world import Body, World

_LISTS = frozenset({"employees", "pipelines", "channels"})
_KINDS = {"contacts": "contact", "deals": "deal", "leads": "lead"}


def answer(world: World, word: str, question: Question | ChannelQuestion) -> Body | None:
    """None for what this system does not offer: queues and templates."""
    if word in CHANNEL_QUESTIONS:
        return answer_of_channel_side(world, word, question)
    match question:
        case FindQuestion():
            return {"items": [_found(world, query) for query in question.queries]}
        case IdsQuestion():
            known = world.records[_KINDS[word]]
            return {"items": {one: _shown(known[one]) for one in question.ids if one in known}}
        case ContactsQuestion():
            asked = set(question.contacts)
            records = world.records[_KINDS[word.removesuffix(".of")]].values()
            return {"items": [_shown(one) for one in records if asked & _strings(one, "contacts")]}
        case _:
            return _everything(world, word)


def _everything(world: World, word: str) -> Body | None:
    if word not in _LISTS:
        return None
    lists: Mapping[str, Iterable[Body]] = {
        "employees": world.employees,
        "pipelines": world.pipelines,
        "channels": world.channels.values(),
    }
    return {"items": list(lists[word])}


def _found(world: World, query: IdentityQuery) -> list[Body]:
    return [_shown(one) for one in world.records["contact"].values() if _fits(one, query)]


def _fits(contact: Body, query: IdentityQuery) -> bool:
    if query.key and contact.get("key") == query.key:
        return True
    if query.username and query.username in _strings(contact, "usernames"):
        return True
    return bool(set(query.phones) & _strings(contact, "phones"))


def _strings(record: Body, key: str) -> set[str]:
    found = record.get(key)
    return {str(one) for one in found} if isinstance(found, list) else set()


def _shown(record: Body) -> Body:
    return {name: value for name, value in record.items() if name != "key"}
