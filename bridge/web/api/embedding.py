"""/embed-links: what a CRM's page asks for to show one client's chat in a frame."""

from dataclasses import dataclass, replace
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from bridge.domain.names import ConversationId, EmployeeId
from bridge.domain.people import Role
from bridge.domain.principals import PersonKind
from bridge.domain.reasons import Reason, ReasonCode
from bridge.domain.records import RecordKind
from bridge.payload import storable
from bridge.store import audit
from bridge.store.audit import Deed, NewLine
from bridge.store.chats import conversations_by_id
from bridge.store.embeds import (
    LINK_LIFETIME,
    Shown,
    contacts_shown,
    conversation_shown,
    create_embed_link,
)
from bridge.store.engine import writing
from bridge.store.feed import contact_ids, contacts_of_record
from bridge.store.keys import Scope
from bridge.web.api.routing import Call, write
from bridge.web.problems import Problem, forbidden, invalid, not_found

_MOST_CONTACTS = 20


class EmbedBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`employee` is the e-mail of who will look; who asks with his own key leaves it out. Exactly
    one of the others: `conversation` is our id; `contact`, `deal` and `lead` ours or the CRM's."""

    employee: str = ""
    conversation: str = ""
    contact: str = ""
    deal: str = ""
    lead: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedLink:
    """`url` opens one frame until `expires_at`; null when the same request is answered again."""

    url: str | None
    expires_at: datetime
    employee: EmployeeId


def create(call: Call, body: EmbedBody) -> EmbedLink:
    if not call.site.policy.embedding.allowed_origins:
        detail = "no page may frame anything: name embedding.allowed_origins in the configuration"
        raise Problem(409, Reason(ReasonCode.REQUEST_CONFLICT, detail))
    employee = _employee(call, body)
    with writing(call.site.parts.engine) as db:
        shown = _shown(db, body)
        token = create_embed_link(db, f"{PersonKind.EMPLOYEE}:{employee}", shown, call.now)
        line = NewLine(
            who=call.who,
            deed=Deed.EMBED_LINK_MADE,
            object=f"{shown.framed}:{','.join(shown.ids)}",
            detail=employee,
        )
        audit.note(db, [line], call.now)
    return EmbedLink(
        url=f"{call.site.parts.public_url}/embed/{token}",
        expires_at=call.now + LINK_LIFETIME,
        employee=employee,
    )


def without_link(answer: object) -> object:
    """What may be stored of the answer."""
    return replace(answer, url=None) if isinstance(answer, EmbedLink) else answer


def _employee(call: Call, body: EmbedBody) -> EmployeeId:
    """A service names him; an employee's own key is good for himself alone."""
    named = EmployeeId(storable(body.employee).strip().lower())
    person = call.principal.person
    if person.kind is PersonKind.EMPLOYEE:
        own = EmployeeId(person.id)
        if named not in ("", own):
            detail = "this key is an employee's, and opens frames for himself alone"
            raise forbidden(Reason(ReasonCode.REQUEST_FORBIDDEN, detail))
        return own
    if call.site.policy.employee(named).role is Role.NONE:
        raise invalid("is nobody with a role: say his e-mail as in roles.yaml", field="$.employee")
    return named


def _shown(db: Connection, body: EmbedBody) -> Shown:
    """What is not known (yet) is 404: the CRM's page then says that there is no chat."""
    given = {
        name: storable(getattr(body, name)).strip()
        for name in ("conversation", "contact", "deal", "lead")
    }
    named = {name: value for name, value in given.items() if value}
    if len(named) != 1:
        raise invalid("name one of conversation, contact, deal, lead", field="$")
    ((kind, name),) = named.items()
    if kind == "conversation":
        found = conversations_by_id(db, [ConversationId(name)])
        if not found:
            raise not_found("conversation")
        return conversation_shown(name)
    contacts = contact_ids(db, name) if kind == "contact" else _contacts(db, kind, name)
    if not 0 < len(contacts) <= _MOST_CONTACTS:
        raise not_found(kind)
    return contacts_shown(tuple(contacts))


def _contacts(db: Connection, kind: str, name: str) -> frozenset[str]:
    return frozenset(map(str, contacts_of_record(db, RecordKind(kind), name)))


ROUTES = (
    write(
        "POST",
        "/embed-links",
        create,
        EmbedBody,
        EmbedLink,
        "A link that shows one client's chat in a frame of the CRM's page, once, within two "
        "minutes",
        Scope.EMBED,
        status=201,
        remember=without_link,
    ),
)
