"""The default renewal owner, edited where it stands in the YAML: by a page or the API."""

import os
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

from bridge.domain.errors import ConfigError
from bridge.domain.names import EmployeeId
from bridge.domain.people import Role
from bridge.domain.policy import Policy
from bridge.domain.principals import Person, PersonKind
from bridge.domain.reasons import Reason, ReasonCode
from bridge.domain.renewing_people import partner_status
from bridge.domain.renewing_policy import RenewalDefault
from bridge.pipeline.parts import ConfigFolder, Parts
from bridge.pipeline.refusals import Refusal
from bridge.pipeline.renewals.keeping import note_defaults
from bridge.policy.editing import NotEditable, put, remove
from bridge.policy.findings import ConfigInvalid, errors_of
from bridge.policy.folder import Files, read_folder
from bridge.policy.nodes import Entries, NotReadable, compose
from bridge.policy.reading import Loaded, load_files
from bridge.policy.secrets import secrets_of
from bridge.store import configs
from bridge.store import renewals as store
from bridge.store.engine import writing

FOLLOWED_SECONDS = 3.0


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
    except ConfigInvalid as invalid:
        first = errors_of(invalid.findings)[0]
        said = f"{first.message}; {first.suggestion}" if first.suggestion else first.message
        return Refusal(reason=Reason(ReasonCode.REQUEST_INVALID, said), status=422)
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
    name = _file_of(files)
    content = _edited(files.contents[name], edit)
    made = _checked(files, folder, name, content)
    with writing(parts.engine) as db:
        active = configs.active(db)
        is_same = read_folder(folder.path).contents == files.contents
        if active is None or active.hash != edit.seen or not is_same:
            return _conflict(ReasonCode.RENEWAL_CHANGED_MEANWHILE, _MOVED)
        if made.hash != active.hash:
            store.note_edit(db, made.hash, edit.by.principal, parts.now())
        _write_whole(Path(name), content)
        configs.put_config(db, made.hash, made.canonical, parts.now())
        configs.activate(db, made.hash, parts.now())
    _until_active(parts, made.hash)
    note_defaults(parts)
    return None


def _hash_of(files: Files, folder: ConfigFolder) -> str:
    """Empty where the folder as it stands has mistakes: it is not what is active then."""
    try:
        return load_files(files, folder.connectors).hash
    except ConfigInvalid:
        return ""


def _until_active(parts: Parts, wanted: str) -> None:
    """This process follows the row a moment later; whoever has saved shall see what he saved."""
    end = time.monotonic() + FOLLOWED_SECONDS
    while parts.active().hash != wanted and time.monotonic() < end:
        time.sleep(0.05)


_MOVED = "the configuration is another by now: look at it again, then set it"


def _edited(content: bytes, edit: Edit) -> bytes:
    path = _path(edit.tenant)
    made = put(content, (*path, "owner"), edit.default.owner)
    if edit.default.notify:
        return put(made, (*path, "notify"), edit.default.notify)
    return remove(made, (*path, "notify"))


def _path(tenant: str) -> tuple[str, ...]:
    kind, _, name = tenant.partition(":")
    return ("renewals", f"{kind}s", name) if kind else ("renewals", "default")


def _checked(files: Files, folder: ConfigFolder, name: str, content: bytes) -> Loaded:
    made = load_files(replace(files, contents={**files.contents, name: content}), folder.connectors)
    secrets_of(made.policy, folder.environ, made.places)
    return made


def _file_of(files: Files) -> str:
    """The file in which `renewals` stands."""
    for name, content in files.contents.items():
        try:
            node = compose(content, name)
        except NotReadable as problem:
            raise NotEditable(str(problem)) from problem
        if isinstance(node, Entries) and any(e.key.text == "renewals" for e in node.entries):
            return name
    raise NotEditable("no file of the folder has the key renewals")


def _write_whole(path: Path, content: bytes) -> None:
    """The new file or the old one, whatever breaks between; with the old one's permissions."""
    try:
        mode = path.stat().st_mode & 0o777
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).chmod(mode)
        Path(file.name).replace(path)
    except OSError as error:
        raise ConfigError(f"{path}: can't be written: {error.strerror}") from error


def _conflict(code: ReasonCode, detail: str) -> Refusal:
    return Refusal(reason=Reason(code, detail), status=409)
