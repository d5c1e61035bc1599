"""The partner side as last read from the CRM, the programme's switch, and what is to be enabled."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, delete, select

from bridge import codec
from bridge.domain.crm_partners import (
    CrmPartnerAccount,
    CrmPartnerUser,
    Organisation,
    SharingReview,
)
from bridge.domain.names import AccountName
from bridge.domain.programme import Enabling, PartnerSide, Programme
from bridge.store.schema import PARTNER_SIDE
from bridge.store.upsert import put

_ALL = select(PARTNER_SIDE.c.part, PARTNER_SIDE.c.name, PARTNER_SIDE.c.value)


class Part(StrEnum):
    PROGRAMME = "programme"
    HOUSE = "house"  # the organisation and what people outside can see of it
    ACCOUNT = "account"
    USER = "user"
    ENABLING = "enabling"


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What was read that is of no single partner."""

    crm: AccountName
    organisation: Organisation
    sharing: SharingReview
    read_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerState:
    programme: Programme
    side: PartnerSide
    enablings: tuple[Enabling, ...]


def partner_state(db: Connection) -> PartnerState:
    """All of it, in one statement."""
    programme, house = Programme(), None
    accounts, users, enablings = [], [], []
    for part, _, value in db.execute(_ALL.order_by(PARTNER_SIDE.c.part, PARTNER_SIDE.c.name)):
        match Part(part):
            case Part.PROGRAMME:
                programme = codec.decode(Programme, bytes(value))
            case Part.HOUSE:
                house = codec.decode(House, bytes(value))
            case Part.ACCOUNT:
                accounts.append(codec.decode(CrmPartnerAccount, bytes(value)))
            case Part.USER:
                users.append(codec.decode(CrmPartnerUser, bytes(value)))
            case Part.ENABLING:
                enablings.append(codec.decode(Enabling, bytes(value)))
    side = PartnerSide(
        organisation=None if house is None else house.organisation,
        accounts=tuple(accounts),
        users=tuple(users),
        sharing=SharingReview() if house is None else house.sharing,
        read_at=None if house is None else house.read_at,
    )
    return PartnerState(programme=programme, side=side, enablings=tuple(enablings))


def put_programme(db: Connection, programme: Programme, now: datetime) -> None:
    _put(db, Part.PROGRAMME, [("", codec.encode(programme))], now)


def put_house(db: Connection, house: House, now: datetime) -> None:
    _put(db, Part.HOUSE, [("", codec.encode(house))], now)


def put_accounts(db: Connection, accounts: Iterable[CrmPartnerAccount], now: datetime) -> None:
    _put(db, Part.ACCOUNT, [(x.crm_id, codec.encode(x)) for x in accounts], now)


def put_users(db: Connection, users: Iterable[CrmPartnerUser], now: datetime) -> None:
    _put(db, Part.USER, [(user_key(x), codec.encode(x)) for x in users], now)


def put_enablings(db: Connection, enablings: Iterable[Enabling], now: datetime) -> None:
    _put(db, Part.ENABLING, [(x.id, codec.encode(x)) for x in enablings], now)


def drop_accounts(db: Connection, gone: Iterable[CrmPartnerAccount]) -> None:
    """The CRM has them no more."""
    _drop(db, Part.ACCOUNT, [x.crm_id for x in gone])


def drop_users(db: Connection, gone: Iterable[CrmPartnerUser]) -> None:
    _drop(db, Part.USER, [user_key(x) for x in gone])


def user_key(user: CrmPartnerUser) -> str:
    """A user and the contact that he was made of are one entry; several may have one address."""
    return f"{user.email} {user.contact or user.crm_id or ''}"


def _put(db: Connection, part: Part, rows: Sequence[tuple[str, bytes]], now: datetime) -> None:
    found = {
        name: {"part": part, "name": name, "value": value, "changed_at": now}
        for name, value in rows
    }
    put(db, PARTNER_SIDE, ["part", "name"], list(found.values()))


def _drop(db: Connection, part: Part, names: Sequence[str]) -> None:
    if names:
        of = PARTNER_SIDE.c
        db.execute(delete(PARTNER_SIDE).where(of.part == part, of.name.in_(names)))
