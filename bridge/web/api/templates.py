"""/templates: messages that a messenger has approved beforehand, and which of them may be sent."""

from dataclasses import dataclass

import msgspec

from bridge.domain.names import ChannelName
from bridge.store.engine import reading
from bridge.store.templates import templates_of
from bridge.web.api.routing import Call, get
from bridge.web.problems import not_found
from bridge.web.replying import TemplateShape, template_shape


class TemplatesQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`channel`: only those that can be sent from it."""

    channel: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Templates:
    """As last read from the messengers, the unusable ones with the cause."""

    items: tuple[TemplateShape, ...]


def list_all(call: Call, query: TemplatesQuery) -> Templates:
    policy = call.site.policy
    named = policy.channels.get(ChannelName(query.channel))
    if query.channel and named is None:
        raise not_found("channel")
    accounts = {channel.account for channel in policy.channels.values()}
    with reading(call.site.parts.engine) as db:
        known = templates_of(db, accounts)
    found = {
        (template.account, template.template_id): template
        for template in known
        if named is None or template.fits(named.account, named.id)
    }
    return Templates(items=tuple(template_shape(template) for template in found.values()))


ROUTES = (
    get(
        "/templates",
        list_all,
        TemplatesQuery,
        Templates,
        "The messengers' approved messages, for all channels or one",
    ),
)
