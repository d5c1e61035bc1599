"""The configuration against what the CRM says: pipelines, stages, people (NEW-06)."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from bridge.domain.people import CrmEmployee, Directory, Employee
from bridge.domain.policy import Creation, NewClients, Policy
from bridge.domain.records import Pipeline, RecordKind, Stage
from bridge.policy.checks.checked import Checked, employee_path
from bridge.policy.codes import Code
from bridge.policy.findings import Finding, did_you_mean
from bridge.policy.paths import under

_NOWHERE: Mapping[str, str] = MappingProxyType({})


def check_against_crm(
    policy: Policy,
    pipelines: Sequence[Pipeline],
    directory: Directory,
    places: Mapping[str, str] = _NOWHERE,
) -> tuple[Finding, ...]:
    """Errors of pipeline and stage, warnings of people; nothing of people never read."""
    checked = Checked(policy=policy, places=places)
    return (*_pipeline(checked, pipelines), *_people(checked, directory))


def _pipeline(checked: Checked, pipelines: Sequence[Pipeline]) -> Iterator[Finding]:
    policy = checked.policy
    of_deals = [p for p in pipelines if p.kind is RecordKind.DEAL]
    if policy.crm is None:
        return
    if policy.new_clients.create is Creation.DEAL:
        yield from _place_of_deals(checked, policy.new_clients, "new_clients", of_deals)
    for name, channel in policy.channels.items():
        settings = policy.new_clients_on(name)
        of_its_own = channel.pipeline or channel.stage or channel.create
        if of_its_own and settings.create is Creation.DEAL:
            yield from _place_of_deals(checked, settings, under("channels", name), of_deals)


def _place_of_deals(
    checked: Checked, settings: NewClients, path: str, of_deals: Sequence[Pipeline]
) -> Iterator[Finding]:
    pipeline = next((p for p in of_deals if p.id == settings.pipeline), None)
    if pipeline is None:
        said = f"the CRM has no pipeline {settings.pipeline}"
        hint = _meant(settings.pipeline, {p.id: p.label for p in of_deals})
        yield checked.error(Code.UNKNOWN_PIPELINE, under(path, "pipeline"), said, hint)
        return
    yield from _stage(checked, settings.stage, under(path, "stage"), pipeline)


def _stage(checked: Checked, wanted: str, path: str, pipeline: Pipeline) -> Iterator[Finding]:
    stage = next((s for s in pipeline.stages if s.id == wanted), None)
    where = f"pipeline {pipeline.id} ({pipeline.label})"
    if stage is None:
        said = f"stage {wanted} is not in {where}"
        hint = _meant(wanted, {s.id: s.label for s in pipeline.stages})
        yield checked.error(Code.STAGE_NOT_IN_PIPELINE, path, said, hint)
    elif not stage.is_open:
        said = f"stage {stage.id} ({stage.label}) of {where} counts as closed"
        hint = f"open stages: {_names(pipeline.stages)}"
        yield checked.warning(Code.STAGE_CLOSED, path, said, hint)


def _names(stages: Sequence[Stage]) -> str:
    return ", ".join(f"{s.id} ({s.label})" for s in stages if s.is_open) or "none"


def _meant(given: str, labels: Mapping[str, str]) -> str:
    """The id that was meant, also where the label was written instead of it."""
    by_label = next((i for i, label in labels.items() if label.lower() == given.lower()), None)
    if by_label is not None:
        return f"write its id: {by_label}"
    known = ", ".join(f"{i} ({label})" for i, label in labels.items())
    return did_you_mean(given, labels) or f"there are: {known or 'none'}"


def _people(checked: Checked, directory: Directory) -> Iterator[Finding]:
    if directory.as_of is None:
        return
    for employee in checked.policy.employees.values():
        person = directory.by_email(employee.id)
        path = employee_path(employee.id)
        if person is None:
            hint = did_you_mean(employee.id, [p.email for p in directory.people])
            said = f"the CRM knows no {employee.id}{_then(employee)}"
            yield checked.warning(Code.EMPLOYEE_NOT_IN_CRM, path, said, hint)
        elif not person.active:
            yield checked.warning(Code.EMPLOYEE_INACTIVE, path, _left(employee, person))


def _left(employee: Employee, person: CrmEmployee) -> str:
    return f"{person.email} has left, says the CRM{_then(employee)}"


def _then(employee: Employee) -> str:
    return ", so he is given no new clients" if employee.gets_new_clients else ""
