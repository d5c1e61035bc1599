"""Users, contacts, deals and pipelines of the stand-in: upserts of 100, refused as a whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Flask, Response, jsonify, request

from bridge.domain.errors import PayloadInvalid
from bridge.payload import Payload
from connectors.wazzup.sandbox_world import World

PER_CALL = 100
PAGE = 100
MAX_USERS = 1000
MAX_PIPELINE_TEXT = 100
Answered = tuple[Response, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of record; `texts` are the required strings and their longest length."""

    name: str
    texts: Mapping[str, int]
    lists: tuple[str, ...] = ()
    switches: tuple[str, ...] = ()
    paged: bool = True


KINDS = (
    Kind(name="users", texts={"id": 200, "name": 200}, paged=False),
    Kind(
        name="contacts",
        texts={"id": 100, "responsibleUserId": 100, "name": 200},
        lists=("contactData",),
    ),
    Kind(
        name="deals",
        texts={"id": 100, "responsibleUserId": 100, "name": 200, "uri": 200},
        lists=("contacts",),
        switches=("closed",),
    ),
)


def add_records(app: Flask, world: World) -> None:
    for kind in KINDS:
        _add_kind(app, world, kind)
    _add_pipelines(app, world)


def _add_kind(app: Flask, world: World, kind: Kind) -> None:
    def upsert() -> Answered:
        with world.lock:
            return _upsert(world, kind)

    def listed() -> Answered:
        found = sorted(_kept(world, kind).values(), key=lambda r: str(r["id"]))
        start = request.args.get("offset", 0, int)
        page = found[start : start + PAGE] if kind.paged else found
        return jsonify({"count": len(found), "data": page} if kind.paged else page), 200

    def one(record_id: str) -> Answered:
        found = _kept(world, kind).get(record_id)
        return refused("NOT_FOUND", 404) if found is None else (jsonify(found), 200)

    def delete(record_id: str) -> Answered:
        with world.lock:
            world.asked.append((f"DELETE /v3/{kind.name}", 1))
            found = _kept(world, kind).pop(record_id, None)
        return refused("NOT_FOUND", 404) if found is None else (jsonify({}), 200)

    def bulk_delete() -> Answered:
        with world.lock:
            return _bulk_delete(world, kind)

    path = f"/v3/{kind.name}"
    app.add_url_rule(path, f"{kind.name}_upsert", upsert, methods=["POST"])
    app.add_url_rule(path, f"{kind.name}_list", listed, methods=["GET"])
    app.add_url_rule(f"{path}/<record_id>", f"{kind.name}_one", one, methods=["GET"])
    app.add_url_rule(f"{path}/<record_id>", f"{kind.name}_delete", delete, methods=["DELETE"])
    if kind.paged:
        app.add_url_rule(f"{path}/bulk_delete", f"{kind.name}_bulk", bulk_delete, methods=["PATCH"])


def _kept(world: World, kind: Kind) -> dict[str, Mapping[str, object]]:
    return world.records.setdefault(kind.name, {})


def _upsert(world: World, kind: Kind) -> Answered:
    try:
        items = [item.mapping() for item in Payload.from_bytes(request.get_data()).items()]
    except PayloadInvalid:
        return refused(f"INVALID_{kind.name.upper()}_DATA", 400)
    world.asked.append((f"POST /v3/{kind.name}", len(items)))
    if len(items) > PER_CALL:
        return refused("TOO_MANY_ENTITIES", 403)
    bad = [{"index": n, "fields": f} for n, i in enumerate(items) if (f := _bad_fields(kind, i))]
    if bad:
        return refused(f"INVALID_{kind.name.upper()}_DATA", 400, bad)
    given = {str(item["id"]): item for item in items}
    if len(given) < len(items):
        return jsonify({}), 500  # what the real one answers to one id twice
    return _store(world, kind, given)


def _store(world: World, kind: Kind, given: Mapping[str, Mapping[str, object]]) -> Answered:
    after = {**_kept(world, kind), **given}
    phones = [user["phone"] for user in after.values() if user.get("phone")]
    if kind.name == "users" and len(set(map(str, phones))) < len(phones):
        return refused("DUPLICATE_PHONE_NUMBER", 400)
    if kind.name == "users" and len(after) > MAX_USERS:
        return refused("USER_LIMIT_EXCEEDED", 400)
    world.records[kind.name] = after
    return jsonify({}), 200


def _bad_fields(kind: Kind, item: Mapping[str, object]) -> list[str]:
    texts = [
        key
        for key, longest in kind.texts.items()
        if not (isinstance(text := item.get(key), str) and 0 < len(text) <= longest)
    ]
    lists = [key for key in kind.lists if not (isinstance(item.get(key), list) and item[key])]
    switches = [key for key in kind.switches if not isinstance(item.get(key), bool)]
    return texts + lists + switches


def _bulk_delete(world: World, kind: Kind) -> Answered:
    """The ids that were not there come back."""
    try:
        ids = [item.text() for item in Payload.from_bytes(request.get_data()).items()]
    except PayloadInvalid:
        return refused("VALIDATION_ERROR", 400)
    world.asked.append((f"PATCH /v3/{kind.name}/bulk_delete", len(ids)))
    if len(ids) > PER_CALL:
        return refused("TOO_MANY_ENTITIES", 403)
    return jsonify([i for i in ids if _kept(world, kind).pop(i, None) is None]), 200


def _add_pipelines(app: Flask, world: World) -> None:
    @app.get("/v3/pipelines")
    def pipelines() -> Answered:
        return jsonify(world.pipelines), 200

    @app.post("/v3/pipelines")
    def replace_pipelines() -> Answered:
        try:
            given = list(Payload.from_bytes(request.get_data()).items())
            valid = all(_is_pipeline(item) for item in given)
        except PayloadInvalid:
            valid = False
        if not valid:
            return refused("VALIDATION_ERROR", 400)
        with world.lock:
            world.asked.append(("POST /v3/pipelines", len(given)))
            world.pipelines = [item.mapping() for item in given]
        return jsonify({}), 200


def _is_pipeline(item: Payload) -> bool:
    """`stages` may be left out, but not be empty."""
    stages = item.get("stages")
    parts: Sequence[Payload] = [item] if stages is None else [item, *stages.items()]
    short = all(
        0 < len(part.at(key).text()) <= MAX_PIPELINE_TEXT
        for part in parts
        for key in ("id", "name")
    )
    return short and (stages is None or len(parts) > 1)


def refused(code: str, status: int, data: object = None) -> Answered:
    description = code.replace("_", " ").lower()
    return jsonify(error=code, description=description, data=data or {}), status
