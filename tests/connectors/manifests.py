"""What each connector can do, as its manifest says, in Markdown."""

from collections.abc import Sequence

from bridge.domain.effects import SendMessage
from bridge.ports import Connector

_WORDS = {
    "CreateContact": "contacts",
    "CreateDeal": "deals",
    "CreateLead": "leads",
    "ChangeOwner": "owners",
    "WriteTimelineEntry": "timeline",
    "UpdateTimelineEntry": "its edits",
    "SendMessage": "messages",
    "JoinChat": "invitations",
    "SendEmail": "mail",
    "PostNotification": "notifications",
    "AssignRecord": "partner leads",
    "SetProperty": "properties",
    "CreateTask": "tasks",
    "WriteNote": "notes",
}


def abilities(connectors: Sequence[Connector]) -> str:
    rows = ["| connector | is a | writes | also | secrets |", "|---|---|---|---|---|"]
    rows += [_row(one) for one in sorted(connectors, key=lambda one: one.name)]
    return "\n".join(rows)


def _row(one: Connector) -> str:
    cells = (
        f"[{one.label}](../connectors/{one.name}/README.md)",
        _kind(one),
        _writes(one),
        _also(one),
    )
    return f"| {' | '.join((*cells, _secrets(one)))} |"


def _kind(one: Connector) -> str:
    talks = SendMessage in one.delivers
    kinds = [word for word, is_one in (("CRM", one.is_crm), ("messenger", talks)) if is_one]
    return " and ".join(kinds) or "mail"


def _writes(one: Connector) -> str:
    names = {kind.__name__ for kind in one.delivers}
    return ", ".join(word for name, word in _WORDS.items() if name in names)


def _also(one: Connector) -> str:
    parts = (
        ("doctor", one.doctor),
        ("files by key", one.media),
        ("templates", one.templates),
        ("queues", one.queues),
        ("names of employees", one.introduce),
        ("its own window", one.window),
        ("partners", one.partners),
        ("renewals", one.renewals),
    )
    return ", ".join(word for word, part in parts if part is not None) or "–"


def _secrets(one: Connector) -> str:
    needed = [f"`{need}`" for need in sorted(one.needs)]
    either = " or ".join(f"`{need}`" for need in sorted(one.needs_one_of))
    return ", ".join([*needed, either] if either else needed)
