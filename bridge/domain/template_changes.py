"""A messenger tells of a template: taken out of use at once, and read anew."""

from bridge.domain.changes import DisableTemplate, RefreshKind, RequestRefresh
from bridge.domain.decisions import Decision
from bridge.domain.draft import Draft
from bridge.domain.events import TemplateChanged
from bridge.domain.reasons import ReasonCode

_MAY_BE_USABLE = frozenset({"", "approved", "reinstated", "unarchived"})


def on_template(draft: Draft, event: TemplateChanged) -> Decision:
    """Only reading it anew makes a template usable: the news does not say what it wants now."""
    named = f"{event.name or event.template_id} ({event.language})".replace(" ()", "")
    wish = RequestRefresh(kind=RefreshKind.TEMPLATES, key=event.account)
    newer = [t for t in draft.facts.templates if t.as_of and t.as_of > event.occurred_at]
    if newer:
        return draft.ignored(
            ReasonCode.MIRROR_OLDER, f"the template {named} was read after this had happened"
        )
    if event.state not in _MAY_BE_USABLE:
        draft.change(
            DisableTemplate(
                account=event.account,
                template_id=event.template_id,
                detail=": ".join(word for word in (event.state, event.detail) if word),
                as_of=event.occurred_at,
            )
        )
        draft.because(ReasonCode.TEMPLATE_CHANGED, f"the template {named} is {event.state} now")
    draft.change(wish)
    draft.because(ReasonCode.MIRROR_REFRESH, f"the templates of {event.account} are read anew")
    return draft.applied()
