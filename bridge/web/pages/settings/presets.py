"""The three typical teams: what each sets, shown in the form of people before anything counts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from bridge.domain.people import Role
from bridge.policy.editing import Edit, Path, Put, Value
from bridge.web.languages import Said, _l
from bridge.web.pages.settings.filled import Filled, flag
from bridge.web.pages.settings.people_form import NEW, ROLE
from bridge.web.pages.settings.raw import Raw, inside


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """`role` is given to those chosen; `only_head`: the head alone gets the new clients.
    `house` are settings that belong to it, with what counts where they are not written."""

    name: str
    title: Said
    fits: Said
    does: tuple[Said, ...]
    role: Role
    only_head: bool
    house: tuple[tuple[Path, str, str], ...]
    icon: str


_HEAR: Path = ("notifications", "managers_hear_all_chats")
_TURN: Path = ("new_clients", "distribution")
CLASSIC = Preset(
    name="classic",
    title=_l("Classic sales"),
    fits=_l("Each salesperson works with his own clients, and nobody else does."),
    does=(
        _l("Those chosen become salespeople: they see and answer their own clients alone."),
        _l("They get new clients, one after the other."),
        _l("Managers are told of their own chats only; the marks of others' chats are grey."),
    ),
    role=Role.SALESPERSON,
    only_head=False,
    house=((_HEAR, "false", "false"), (_TURN, "in_turn", "in_turn")),
    icon="users",
)
DESK = Preset(
    name="desk",
    title=_l("Shop or support desk"),
    fits=_l("Everybody needs every message; whoever is free first answers, also in shifts."),
    does=(
        _l("Those chosen become managers: they see every message and answer any client."),
        _l("New clients belong to you alone, so that answering changes no owner."),
        _l("Everybody is told of all chats."),
    ),
    role=Role.MANAGER,
    only_head=True,
    house=((_HEAR, "true", "false"),),
    icon="building-store",
)
ALONE = Preset(
    name="alone",
    title=_l("One person on the channel"),
    fits=_l("Only one person answers what clients write on it."),
    does=(
        _l("You become a manager, so you see and answer messages also while the CRM is down."),
        _l("New clients are yours."),
    ),
    role=Role.MANAGER,
    only_head=True,
    house=(),
    icon="user",
)
PRESETS: Mapping[str, Preset] = {one.name: one for one in (CLASSIC, DESK, ALONE)}


def tried_on(form: Filled, preset: Preset, chosen: tuple[str, ...], head: str) -> Filled:
    """The form as the preset fills it for those chosen; what was typed for others stays."""
    now = dict(form.now)
    for mail in _whom(form, preset, chosen, head):
        now[f"{ROLE}:{mail}"] = preset.role.value
        now[f"{NEW}:{mail}"] = flag(mail == head if preset.only_head else True)
    return replace(form, now=now)


def house_edits(preset: Preset, raw: Raw, head: str) -> tuple[Edit, ...]:
    """What it sets beside the people, where it is not so already."""
    return tuple(_house_edits(preset, raw, head))


def _house_edits(preset: Preset, raw: Raw, head: str) -> Iterator[Edit]:
    for path, wanted, default in preset.house:
        if _standing(raw, path, default) != wanted:
            yield Put(path, wanted)
    for path in (("ownership", "fallback"), ("default", "employee")):
        if not _standing(raw, path, ""):
            yield Put(path, head)


def _standing(raw: Raw, path: Path, default: str) -> Value:
    found = inside(raw, *(str(step) for step in path))
    return default if found is None else found


def _whom(form: Filled, preset: Preset, chosen: tuple[str, ...], head: str) -> tuple[str, ...]:
    """Without a choice: all of the page who have no role yet, and the head where it is his."""
    if preset is ALONE:
        return (head,)
    mails = chosen or tuple(m for m in form.about(ROLE) if not form[f"{ROLE}:{m}"])
    return tuple(dict.fromkeys((*mails, head))) if preset.only_head else mails
