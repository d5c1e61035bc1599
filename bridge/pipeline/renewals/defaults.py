"""The default renewal owner, edited where it stands in the YAML: by a page or the API."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection

from bridge.domain.errors import ConfigError
from bridge.domain.names import EmployeeId
from bridge.domain.people import Role
from bridge.domain.policy import Policy
from bridge.domain.principals import Person, PersonKind
from bridge.domain.reasons import Reason, ReasonCode
from bridge.domain.renewing_people import partner_status
from bridge.domain.renewing_policy import RenewalDefault
from bridge.pipeline.changing.saving import Change, Moved, Obstacle, Refused, proposed, save
from bridge.pipeline.parts import ConfigFolder, Parts
from bridge.pipeline.refusals import Refusal
from bridge.pipeline.renewals.keeping import note_defaults
from bridge.policy.editing import NotEditable, Put, Remove
from bridge.policy.editing.plain import value_at
from bridge.policy.findings import ConfigInvalid
from bridge.policy.folder import Files, read_folder
from bridge.policy.proposing import by_name, values_of, with_edits
from bridge.policy.reading import Loaded, load_files
from bridge.store import renewals as store
from bridge.store.audit import Way, Who


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """`seen` is the hash of the configuration that was looked at."""

    tenant: str
    default: RenewalDefault
    seen: str
    by: Person


def edit_default(parts: Parts, edit: Edit) -> Refusal | None:
    """Holds for all clients without a setting of their own from now on; refused where the folder
    has moved since, and nothing holds that the lint does not let pass (REN-07, REN-08, REN-15)."""
    refused = _not_his(edit, parts.active().policy)
    if refused is not None:
        return refused
    folder = parts.folder
    if folder is None:
        detail = "the configuration folder is not on this machine: edit renewals.yaml there"
        return _conflict(ReasonCode.REQUEST_CONFLICT, detail)
    try:
        return _edit(parts, folder, edit)
    except (NotEditable, ConfigError) as error:
        return _conflict(ReasonCode.REQUEST_CONFLICT, str(error))


def may_edit(person: Person, tenant: str, policy: Policy) -> bool:
    """Managers, and the users of that partner."""
    if person.kind is PersonKind.EMPLOYEE:
        return policy.employee(EmployeeId(person.id)).role is Role.MANAGER
    return tenant != "" and person.tenant == tenant


def may_read(person: Person, tenant: str, policy: Policy) -> bool:
    if person.kind is PersonKind.SERVICE:
        return True
    if person.kind is PersonKind.EMPLOYEE:
        role = policy.employee(EmployeeId(person.id)).role
        return role in (Role.MANAGER, Role.QUALITY_CONTROL)
    return tenant != "" and person.tenant == tenant


def _not_his(edit: Edit, policy: Policy) -> Refusal | None:
    if not may_read(edit.by, edit.tenant, policy):
        reason = Reason(ReasonCode.REQUEST_NOT_FOUND, "there is no such setting")
        return Refusal(reason=reason, status=404)
    if not may_edit(edit.by, edit.tenant, policy):
        detail = "only managers and the partner's own users set this"
        return Refusal(reason=Reason(ReasonCode.REQUEST_FORBIDDEN, detail), status=403)
    status = partner_status(edit.tenant, policy)
    return None if status is None else Refusal(reason=status, status=403)


def _edit(parts: Parts, folder: ConfigFolder, edit: Edit) -> Refusal | None:
    """All is made ready before; then one at a time in the whole house, and the row of the active
    configuration has the last word."""
    files = read_folder(folder.path)
    if _hash_of(files, folder) != edit.seen:
        return _conflict(ReasonCode.RENEWAL_CHANGED_MEANWHILE, _MOVED)
    _require_renewals(files)
    proposal = proposed(parts, files, with_edits(by_name(files), _edits(edit, files)))

    def noted(db: Connection, loaded: Loaded) -> None:
        if loaded.hash != edit.seen:
            store.note_edit(db, loaded.hash, edit.by.principal, parts.now())

    who = Who(actor=edit.by.principal, way=Way.PAGE)
    answer = save(parts, proposal, Change(who=who, despite_tests=True), noted)
    if isinstance(answer, Moved):
        return _conflict(ReasonCode.RENEWAL_CHANGED_MEANWHILE, _MOVED)
    if isinstance(answer, Refused) and answer.obstacle is not Obstacle.NOTHING:
        return _refusal(answer)
    note_defaults(parts)
    return None


def _refusal(refused: Refused) -> Refusal:
    if refused.obstacle is Obstacle.NOT_ACTIVE:
        return _conflict(ReasonCode.RENEWAL_CHANGED_MEANWHILE, _MOVED)
    if not refused.findings:
        return _conflict(ReasonCode.REQUEST_CONFLICT, refused.detail)
    first = refused.findings[0]
    said = f"{first.message}; {first.suggestion}" if first.suggestion else first.message
    return Refusal(reason=Reason(ReasonCode.REQUEST_INVALID, said), status=422)


def _hash_of(files: Files, folder: ConfigFolder) -> str:
    """Empty where the folder as it stands has mistakes: it is not what is active then."""
    try:
        return load_files(files, folder.connectors).hash
    except ConfigInvalid:
        return ""


_MOVED = "the configuration is another by now: look at it again, then set it"


def _edits(edit: Edit, files: Files) -> Iterator[Put | Remove]:
    path = _path(edit.tenant)
    yield Put((*path, "owner"), edit.default.owner.value)
    if edit.default.notify:
        yield Put((*path, "notify"), edit.default.notify)
    elif value_at(values_of(by_name(files)), (*path, "notify")) is not None:
        yield Remove((*path, "notify"))


def _path(tenant: str) -> tuple[str, ...]:
    kind, _, name = tenant.partition(":")
    return ("renewals", f"{kind}s", name) if kind else ("renewals", "default")


def _require_renewals(files: Files) -> None:
    if "renewals" not in values_of(by_name(files)):
        raise NotEditable("no file of the folder has the key renewals")


def _conflict(code: ReasonCode, detail: str) -> Refusal:
    return Refusal(reason=Reason(code, detail), status=409)
