"""/clients/{id}/sign-in-as: a link that signs a reseller's user, or a manager, in as his client."""

from dataclasses import dataclass, replace
from datetime import datetime

from bridge.domain.helping import HELPERS
from bridge.domain.names import ClientId
from bridge.domain.principals import PersonKind
from bridge.pipeline.helping import HELP_LIFETIME, refusal
from bridge.store import audit
from bridge.store.audit import Deed, NewLine
from bridge.store.engine import writing
from bridge.store.keys import Scope
from bridge.store.sessions import LINK_LIFETIME, create_login_link
from bridge.web.api.routing import Call, Nothing, write
from bridge.web.refusing import refused_help


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpLink:
    """`link` works once, until `expires_at`, and is shown this once; null when the same request is
    answered again. What it opens lasts `minutes`, and is on record with both names."""

    link: str | None
    expires_at: datetime
    minutes: int


def sign_in_as(call: Call, _: Nothing) -> HelpLink:
    client, person = ClientId(call.path["id"]), call.principal.person
    parts = call.site.parts
    with writing(parts.engine) as db:
        problem = refusal(db, call.site.policy, person, client)
        if problem is not None:
            raise refused_help(problem)
        principal = f"{PersonKind.CLIENT}:{client}"
        token = create_login_link(db, principal, call.now, behind=person.principal)
        made = NewLine(who=call.who, deed=Deed.LINK_MADE, object=principal)
        audit.note(db, [made], call.now)
    return HelpLink(
        link=f"{parts.public_url}/login/{token}",
        expires_at=call.now + LINK_LIFETIME,
        minutes=int(HELP_LIFETIME.total_seconds()) // 60,
    )


def without_link(answer: object) -> object:
    """What may be stored of the answer."""
    return replace(answer, link=None) if isinstance(answer, HelpLink) else answer


ROUTES = (
    write(
        "POST",
        "/clients/{id}/sign-in-as",
        sign_in_as,
        Nothing,
        HelpLink,
        "A one-time link that signs in as a client, to help him, for half an hour",
        Scope.SEND,
        status=201,
        remember=without_link,
        kinds=HELPERS,
    ),
)
