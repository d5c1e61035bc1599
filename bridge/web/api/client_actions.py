"""What is done to resellers' clients: each action by its own rule, at once, once."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Annotated

import msgspec

from bridge.domain.names import ClientId, CrmId, ResellerName
from bridge.domain.principals import Person, PersonKind
from bridge.domain.records import CrmKind
from bridge.domain.reseller_clients import ClientDetails, CrmLink, ResellerClient
from bridge.domain.reselling_events import ClientDone
from bridge.payload import storable
from bridge.pipeline.reselling.asking import Asking, adding
from bridge.store.keys import Scope
from bridge.web import client_desk
from bridge.web.api.acting import Actor, acting_person
from bridge.web.api.client_shapes import ClientAnswer, client_shape, onlooker
from bridge.web.api.reseller_clients import RESELLING, client_named
from bridge.web.api.routing import Call, Given, Route, write
from bridge.web.problems import invalid

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class NewClient(Actor, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`reseller` may be left out by a reseller's user, and where there is but one. `reference` is
    the reseller's own id of the client."""

    reseller: str = ""
    legal_name: str
    plan: str
    reference: str = ""
    contact_name: str = ""
    email: str = ""
    phone: str = ""


class Seen(Actor, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`seen` is the `version` that the asker looked at: 409 where somebody was faster. Left out, it
    is done to the client as he is by now."""

    seen: int | None = None


class Edit(Seen, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays; `services` are all of them. It makes the plan the client's own, by
    the name of custom. `units` is refused: they are added, or come with a renewal."""

    legal_name: str | None = None
    contact_name: str | None = None
    email: str | None = None
    phone: str | None = None
    reference: str | None = None
    services: Mapping[str, bool | int] | None = None
    units: int | None = None


class UnitsToAdd(Seen, frozen=True, kw_only=True, forbid_unknown_fields=True):
    units: int


class Use(Actor, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`id` is the asker's own id of this use: the same one counts once, for ever."""

    id: Id
    units: int = 1


class Renewal(Seen, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`plan` is a key of the plans of the client's reseller."""

    plan: str


class Suspension(Seen, frozen=True, kw_only=True, forbid_unknown_fields=True):
    why: Annotated[str, msgspec.Meta(max_length=500)] = ""


class Link(Seen, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The record that he is in the CRM; both of null: none."""

    kind: CrmKind | None
    id: Id | None


def add(call: Call, body: NewClient) -> ClientAnswer:
    by = acting_person(call, body.employee)
    event = adding(
        by,
        _reseller(call, body.reseller),
        ClientDetails(
            legal_name=body.legal_name,
            contact_name=body.contact_name,
            email=body.email,
            phone=body.phone,
        ),
        body.plan,
        at=call.now,
        reference=body.reference.strip(),
        request_key=call.key,
    )
    outcome = client_desk.done(call.site.parts, event)
    shape = client_shape(onlooker(call), outcome.client, call.now)
    return ClientAnswer(client=shape, changed=outcome.is_changed)


def edit(call: Call, body: Edit) -> ClientAnswer:
    asking = _asking(call, body, body.seen)
    client = client_named(call, onlooker(call))
    details = _details(client, body)
    if details is not None and asking.seen is None:
        # What is left out stays as it is at this very moment.
        asking = replace(asking, seen=client.version)
    reference = None if body.reference is None else body.reference.strip()
    return _done(call, asking.edit(details, body.services, reference, body.units))


def add_units(call: Call, body: UnitsToAdd) -> ClientAnswer:
    return _done(call, _asking(call, body, body.seen).add_units(body.units))


def use(call: Call, body: Use) -> ClientAnswer:
    """A service may tell of use in its own name."""
    by = _user(call, body.employee)
    asking = Asking(by=by, client=_client(call), at=call.now, request_key=storable(body.id))
    return _done(call, asking.use(body.units))


def renew(call: Call, body: Renewal) -> ClientAnswer:
    return _done(call, _asking(call, body, body.seen).renew(body.plan))


def suspend(call: Call, body: Suspension) -> ClientAnswer:
    return _done(call, _asking(call, body, body.seen).suspend(storable(body.why)))


def activate(call: Call, body: Seen) -> ClientAnswer:
    return _done(call, _asking(call, body, body.seen).activate())


def archive(call: Call, body: Seen) -> ClientAnswer:
    return _done(call, _asking(call, body, body.seen).archive())


def unarchive(call: Call, body: Seen) -> ClientAnswer:
    return _done(call, _asking(call, body, body.seen).unarchive())


def link(call: Call, body: Link) -> ClientAnswer:
    if (body.kind is None) != (body.id is None):
        raise invalid("give kind and id, or null for both", field="$.id")
    found = None
    if body.kind is not None and body.id is not None:
        found = CrmLink(kind=body.kind, crm_id=CrmId(storable(body.id)))
    return _done(call, _asking(call, body, body.seen).link(found))


def _client(call: Call) -> ClientId:
    return ClientId(call.path["id"])


def _asking(call: Call, body: Actor, seen: int | None) -> Asking:
    by = acting_person(call, body.employee)
    return Asking(by=by, client=_client(call), at=call.now, request_key=call.key, seen=seen)


def _user(call: Call, named: str | None) -> Person:
    if call.principal.person.kind is PersonKind.SERVICE and named is None:
        return call.principal.person
    return acting_person(call, named)


def _done(call: Call, event: ClientDone) -> ClientAnswer:
    outcome = client_desk.done(call.site.parts, event)
    shape = client_shape(onlooker(call), outcome.client, call.now)
    return ClientAnswer(client=shape, changed=outcome.is_changed)


def _details(client: ResellerClient, body: Edit) -> ClientDetails | None:
    """None where no contact data is given."""
    given = {
        name: value
        for name in ("legal_name", "contact_name", "email", "phone")
        if (value := getattr(body, name)) is not None
    }
    return replace(client.details, **given) if given else None


def _reseller(call: Call, named: str) -> ResellerName:
    mine = onlooker(call).shown_resellers
    if named:
        return ResellerName(named)
    if len(mine) != 1:
        raise invalid(f"say whose client: {', '.join(mine) or 'none'}", field="$.reseller")
    return next(iter(mine))


def _write(
    path: str,
    view: Callable[[Call, Given], ClientAnswer],
    given: type[Given],
    summary: str,
    *,
    method: str = "POST",
    status: int = 200,
    kinds: frozenset[PersonKind] = RESELLING,
) -> Route:
    return write(
        method, path, view, given, ClientAnswer, summary, Scope.SEND, status=status, kinds=kinds
    )


ROUTES = (
    _write("/clients", add, NewClient, "Adds a client with a plan: he is active", status=201),
    _write(
        "/clients/{id}",
        edit,
        Edit,
        "Changes a client's services or contact data; his plan is custom then",
        method="PATCH",
    ),
    _write("/clients/{id}/add-units", add_units, UnitsToAdd, "Adds units; the plan stays"),
    _write("/clients/{id}/use", use, Use, "Tells that a client has used units; never below none"),
    _write(
        "/clients/{id}/renew",
        renew,
        Renewal,
        "Gives the same plan or another: fresh units and term",
    ),
    _write("/clients/{id}/suspend", suspend, Suspension, "Blocks a client's access at once"),
    _write("/clients/{id}/activate", activate, Seen, "Ends a suspension"),
    _write("/clients/{id}/archive", archive, Seen, "Clears the list of a client who is not active"),
    _write("/clients/{id}/unarchive", unarchive, Seen, "Takes a client out of the archive"),
    _write(
        "/clients/{id}/link",
        link,
        Link,
        "Says which record of the CRM a client is; for managers",
        kinds=frozenset({PersonKind.EMPLOYEE, PersonKind.SERVICE}),
    ),
)
