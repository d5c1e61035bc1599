"""Each account asked for real: does it answer, take our secrets, and is all set up there?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from bridge.domain.errors import (
    BridgeError,
    ConfigError,
    CredentialsInvalid,
    DeliveryRejected,
    DeliveryTransient,
    OutcomeUnknown,
)
from bridge.domain.names import AccountName
from bridge.domain.people import Directory
from bridge.domain.records import Pipeline
from bridge.pipeline.doctor.channels import check_states
from bridge.pipeline.doctor.points import Health, Point, fine, wrong
from bridge.pipeline.lanes import Way, lane
from bridge.pipeline.mirroring import has_channels
from bridge.pipeline.parts import Parts
from bridge.ports import Ailment, Doctor
from bridge.store import lanes
from bridge.store.engine import writing
from bridge.store.examining import held_lanes

T = TypeVar("T")
_SAID = (
    ConfigError,
    CredentialsInvalid,
    DeliveryRejected,
    DeliveryTransient,
    OutcomeUnknown,
)
_TODO: Mapping[type[BridgeError], str] = {
    ConfigError: "correct accounts.yaml or the environment",
    CredentialsInvalid: "renew the account's secrets in the environment and start again",
    DeliveryRejected: "do as the vendor says; the connector's README tells how to set it up",
    DeliveryTransient: "is the vendor up, and base_url right? Try again in a moment",
    OutcomeUnknown: "the vendor's answer makes no sense now; try again in a moment",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """`directory` and `pipelines` are what the CRM just said; None where it was not to be asked."""

    points: tuple[Point, ...]
    directory: Directory | None = None
    pipelines: tuple[Pipeline, ...] | None = None


@dataclass(slots=True)
class _Asking:
    """The points of one account in the making: a call that fails becomes one."""

    account: AccountName
    points: list[Point] = field(default_factory=list)

    def ask(self, what: str, call: Callable[[], T]) -> T | None:
        try:
            return call()
        except _SAID as error:
            self.points.append(_failed(f"{what} of {self.account}", error))
            return None


def examine(parts: Parts, account: AccountName) -> Examined:
    """Reads what every connector can read, and asks its doctor where it has one."""
    asking = _Asking(account=account)
    is_crm = parts.vendors.connector(account).is_crm
    directory = _people(parts, asking) if is_crm else None
    pipelines = None
    if is_crm and directory is not None:
        reader = parts.vendors.reader(account)
        pipelines = asking.ask("pipelines", lambda: tuple(reader.pipelines()))
    if has_channels(parts, account):
        _channels(parts, asking)
    _set_up(parts, asking)
    return Examined(points=tuple(asking.points), directory=directory, pipelines=pipelines)


def set_up(parts: Parts, account: AccountName) -> tuple[Point, ...]:
    """What the account's doctor says; nothing where it has none."""
    asking = _Asking(account=account)
    _set_up(parts, asking)
    return tuple(asking.points)


def fix(parts: Parts, account: AccountName, *, take_over: bool) -> tuple[Point, ...]:
    """Mends what the connector's doctor can, and lets lanes go on that were paused."""
    asking = _Asking(account=account)
    doctor = asking.ask("set-up", lambda: _doctor(parts, account))
    if doctor is not None:
        url = parts.public_url
        done = asking.ask("set-up", lambda: doctor.fix(url, take_over=take_over))
        asking.points.extend(fine(f"set-up of {account}", line) for line in done or ())
    if all(point.health is Health.OK for point in asking.points):
        asking.points.extend(_resumed(parts, account))
    return tuple(asking.points)


def _people(parts: Parts, asking: _Asking) -> Directory | None:
    people = asking.ask("people", lambda: parts.vendors.reader(asking.account).employees())
    if people is None:
        return None
    said = f"answers, knows {len(people)} people"
    asking.points.append(fine(f"reaching {asking.account}", said))
    return Directory(people=tuple(people), as_of=parts.now())


def _channels(parts: Parts, asking: _Asking) -> None:
    readings = asking.ask("channels", lambda: parts.vendors.reader(asking.account).channels())
    if readings is not None:
        said = f"answers, has {len(readings)} channels"
        asking.points.append(fine(f"reaching {asking.account}", said))
        asking.points.extend(check_states(parts.active().policy, asking.account, readings))


def _set_up(parts: Parts, asking: _Asking) -> None:
    doctor = asking.ask("set-up", lambda: _doctor(parts, asking.account))
    if doctor is None:
        return
    ailments = asking.ask("set-up", lambda: doctor.examine(parts.public_url))
    check = f"set-up of {asking.account}"
    if ailments is not None and not ailments:
        asking.points.append(fine(check, "all is as the bridge needs it"))
    asking.points.extend(_point(check, ailment) for ailment in ailments or ())


def _doctor(parts: Parts, account: AccountName) -> Doctor | None:
    made = parts.vendors.connector(account).doctor
    return None if made is None else made(parts.active().accounts[account])


def _resumed(parts: Parts, account: AccountName) -> list[Point]:
    ours = {lane(way, account) for way in Way}
    with writing(parts.engine) as db:
        paused = [h.name for h in held_lanes(db, parts.now()) if h.until is None]
        found = [name for name in paused if name in ours]
        for name in found:
            lanes.resume(db, name)
    for name in found:
        parts.bell.ring(name)
    return [fine("lanes", f"{name} goes on") for name in found]


def _failed(check: str, error: BridgeError) -> Point:
    todo = next(text for kind, text in _TODO.items() if isinstance(error, kind))
    if isinstance(error, DeliveryRejected) and error.code == "webhook_taken":
        todo = "run `bridge doctor --fix --take-over` if nobody needs that address any more"
    return wrong(check, str(error), todo)


def _point(check: str, ailment: Ailment) -> Point:
    return wrong(check, ailment.detail, ailment.todo)
