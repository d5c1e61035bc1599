"""/events: one past event, and why it went as it did, also why not otherwise."""

from dataclasses import dataclass

import msgspec

from bridge.pipeline.explain import Explanation
from bridge.store.engine import reading
from bridge.web.api.routing import Call, Nothing, get
from bridge.web.api.timeline import EntryShape, entry_shape
from bridge.web.files import files_of
from bridge.web.story import Story, WhyNot, tell


class ExplainQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`why_not` is a colleague's e-mail."""

    why_not: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplanationShape:
    """The record as decided, what became of its effects, and `why_not` when that was asked."""

    explanation: Explanation
    why_not: WhyNot | None


def one(call: Call, _: Nothing) -> EntryShape:
    with reading(call.site.parts.engine) as db:
        eyes = call.viewer(db)
        story = tell(db, eyes, call.site.parts.active(), call.path["id"])
        files = files_of(db, [story.entry.message, *story.entry.also])
    return entry_shape(eyes, story.entry, files)


def explain(call: Call, query: ExplainQuery) -> ExplanationShape:
    story = _story(call, query.why_not)
    return ExplanationShape(explanation=story.explanation, why_not=story.why_not)


def _story(call: Call, asked: str) -> Story:
    with reading(call.site.parts.engine) as db:
        return tell(db, call.viewer(db), call.site.parts.active(), call.path["id"], asked)


ROUTES = (
    get(
        "/events/{id}",
        one,
        Nothing,
        EntryShape,
        "One event by its decision's id, its event key, or its message's id",
    ),
    get(
        "/events/{id}/explain",
        explain,
        ExplainQuery,
        ExplanationShape,
        "Why: rules, candidates, facts and effects of the decision; also why not somebody",
    ),
)
