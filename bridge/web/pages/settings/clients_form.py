"""The form of new clients: what is made of them and where, who gets them, what the CRM keeps."""

import json
from collections.abc import Iterator, Mapping, Sequence

from bridge.domain.policy import Creation, Distribution, OnClosedDeal, OnDelete
from bridge.domain.records import RecordKind
from bridge.policy.editing import Edit, Path, Put, Remove
from bridge.web.languages import Said, _l
from bridge.web.pages.settings.filled import Filled, Made, flag, put_or_remove
from bridge.web.pages.settings.raw import Raw, entries, inside, text, texts

PLACE, TYPED_PIPELINE, TYPED_STAGE = "place", "typed_pipeline", "typed_stage"
CHANNEL = "channel"
AS_ABOVE, LEAD = "", "lead"
_WORDS: Mapping[str, Sequence[str]] = {
    "create": tuple(Creation),
    "distribution": tuple(Distribution),
    "on_closed_deal": tuple(OnClosedDeal),
    "on_delete": tuple(OnDelete),
}
_KINDS = tuple(RecordKind)
MOST_OWED = 1000


def place(pipeline: str, stage: str) -> str:
    """Pipeline and stage as one value of a list to choose from; empty without a stage."""
    return json.dumps([pipeline, stage], ensure_ascii=False) if stage else ""


def place_in(value: str) -> tuple[str, str] | None:
    """Raises ValueError for what is no such value; None for an empty one."""
    if not value:
        return None
    found = json.loads(value)
    match found:
        case [str() as pipeline, str() as stage]:
            return pipeline, stage
    raise ValueError("not a pipeline and a stage")


def fields_of(raw: Raw) -> dict[str, str]:
    made, timeline = raw.get("new_clients"), raw.get("timeline")
    stands = texts(inside(timeline, "write_to"))
    write_to = _KINDS if inside(timeline, "write_to") is None else stands
    pipeline = text(inside(made, "pipeline"), "default")
    return {
        "create": text(inside(made, "create"), Creation.DEAL),
        PLACE: place(pipeline, text(inside(made, "stage"))),
        TYPED_PIPELINE: "",
        TYPED_STAGE: "",
        "distribution": text(inside(made, "distribution"), Distribution.IN_TURN),
        "on_closed_deal": text(inside(made, "on_closed_deal"), OnClosedDeal.NONE),
        "owe_limit": text(inside(made, "owe_limit"), "20"),
        "default": text(inside(raw, "default", "employee")).lower(),
        "fallback": text(inside(raw, "ownership", "fallback")).lower(),
        "save_messages": flag(text(inside(timeline, "save_messages"), "true") == "true"),
        "write_to[]": ",".join(kind for kind in _KINDS if kind in write_to),
        "on_delete": text(inside(timeline, "on_delete"), OnDelete.KEEP),
        **{f"{CHANNEL}:{name}": _of_channel(raw, name) for name in entries(raw.get("channels"))},
    }


def _of_channel(raw: Raw, name: str) -> str:
    entry = inside(raw.get("channels"), name)
    if text(inside(entry, "create")) == Creation.LEAD:
        return LEAD
    stage = text(inside(entry, "stage"))
    house = text(inside(raw, "new_clients", "pipeline"), "default")
    return place(text(inside(entry, "pipeline"), house), stage)


def edits_of(form: Filled, raw: Raw) -> Made:
    errors = dict(_problems(form))
    if errors:
        return Made(errors=errors)
    edits = (*_house(form), *_channels(form, raw), *_people(form, raw), *_timeline(form))
    return Made(edits=edits)


def _problems(form: Filled) -> Iterator[tuple[str, Said]]:
    for name, words in _WORDS.items():
        if form[name] not in words:
            yield name, _l("Choose one of the answers.")
    if not _is_limit(form["owe_limit"]):
        yield "owe_limit", _l("A whole number from 0 to 1000.")
    if bool(form[TYPED_PIPELINE]) != bool(form[TYPED_STAGE]):
        yield TYPED_STAGE, _l("Pipeline and stage go together: write both ids, or none.")
    if any(kind not in _KINDS for kind in form.many("write_to[]")):
        yield "write_to[]", _l("Choose one of the answers.")
    yield from _wrong_places(form)


def _wrong_places(form: Filled) -> Iterator[tuple[str, Said]]:
    names = [PLACE, *(f"{CHANNEL}:{one}" for one in form.about(CHANNEL))]
    wrong = [name for name in names if not _is_place(form[name], also=name != PLACE)]
    yield from ((name, _l("Choose a stage of the list.")) for name in wrong)
    if form["create"] == Creation.DEAL and PLACE not in wrong and _place(form) is None:
        yield PLACE, _l("Choose the stage in which deals begin.")


def _is_limit(value: str) -> bool:
    fits = value.isascii() and value.isdecimal() and len(value) <= len(str(MOST_OWED))
    return fits and int(value) <= MOST_OWED


def _is_place(value: str, *, also: bool) -> bool:
    """`also`: a channel may be as above, or make leads."""
    if not value or (also and value == LEAD):
        return True
    try:
        return place_in(value) is not None
    except ValueError:
        return False


def _place(form: Filled) -> tuple[str, str] | None:
    if form[TYPED_PIPELINE] and form[TYPED_STAGE]:
        return form[TYPED_PIPELINE], form[TYPED_STAGE]
    return place_in(form[PLACE])


def _house(form: Filled) -> Iterator[Edit]:
    for name in ("create", "distribution", "on_closed_deal", "owe_limit"):
        if form.changed(name):
            yield Put(("new_clients", name), form[name])
    chosen = _place(form)
    if chosen is not None and form.changed(PLACE, TYPED_PIPELINE, TYPED_STAGE):
        yield Put(("new_clients", "pipeline"), chosen[0])
        yield Put(("new_clients", "stage"), chosen[1])


def _channels(form: Filled, raw: Raw) -> Iterator[Edit]:
    for name in form.about(CHANNEL):
        field, entry = f"{CHANNEL}:{name}", entries(inside(raw.get("channels"), name))
        if not form.changed(field) or not entry:
            continue
        path: Path = ("channels", name)
        wanted = form[field]
        chosen = None if wanted == LEAD else place_in(wanted)
        if chosen is not None:
            yield Put((*path, "create"), Creation.DEAL)
            yield Put((*path, "pipeline"), chosen[0])
            yield Put((*path, "stage"), chosen[1])
            continue
        if wanted == LEAD:
            yield Put((*path, "create"), Creation.LEAD)
        gone = ("pipeline", "stage") if wanted == LEAD else ("create", "pipeline", "stage")
        yield from (Remove((*path, key)) for key in gone if key in entry)


def _people(form: Filled, raw: Raw) -> Iterator[Edit]:
    if form.changed("fallback"):
        stands = inside(raw, "ownership", "fallback") is not None
        yield from put_or_remove(("ownership", "fallback"), form["fallback"], stands=stands)
    if not form.changed("default"):
        return
    if form["default"]:
        yield Put(("default", "employee"), form["default"])
    elif raw.get("default"):
        yield Remove(("default",))


def _timeline(form: Filled) -> Iterator[Edit]:
    if form.changed("save_messages"):
        is_on = form.is_on("save_messages")
        yield Put(("timeline", "save_messages"), "true" if is_on else "false")
    if form.changed("write_to[]"):
        yield Put(("timeline", "write_to"), form.many("write_to[]"))
    if form.changed("on_delete"):
        yield Put(("timeline", "on_delete"), form["on_delete"])
