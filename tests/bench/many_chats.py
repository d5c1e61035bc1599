"""A store with very many conversations, put there in bulk; kept for the next run where it is a
file."""

import hashlib
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count, islice
from pathlib import Path
from tempfile import TemporaryDirectory

from bridge.codec import encode
from bridge.domain.decisions import Decision, Verdict
from bridge.domain.messaging import ChatKind, Direction, MessageStatus, Messenger
from bridge.domain.names import (
    AccountName,
    ChannelName,
    ConversationId,
    CrmId,
    EmployeeId,
    EventKey,
    MessageId,
    RecordId,
)
from bridge.domain.numbers import Sum
from bridge.domain.people import CrmEmployee, Directory
from bridge.domain.reasons import Reason, ReasonCode
from bridge.domain.records import ClientState, Contact, Conversation, Message, Owner
from bridge.pipeline.indexing import step
from bridge.pipeline.ledger import record_of
from bridge.pipeline.parts import Parts
from bridge.settings import Settings
from bridge.store import decisions, mirror, records, schema
from bridge.store.decisions import DecisionRow
from bridge.store.engine import writing
from bridge.store.schema import TO_COUNT
from bridge.wiring import built, prepare
from tests.bench.many_others import DAYS, add_up, fill_others, keep_sums
from tests.bench.place import ROOT, environ_of, store
from tests.bench.plan import WORK

CHAT, CRM = AccountName("wazzup-main"), AccountName("hubspot-main")
SELLER = EmployeeId("ana@acme.example")
OWNERS = 100
"""The seller owns one client in so many."""
PEOPLE = 300
"""Of whom so many own clients: the first ones."""
EACH = 3  # messages of a conversation
FRESH_HOURS = 6
_BATCH = 2000
_CHANNELS = ("wa-sales", "wa-sales", "wa-sales", "wa-north")
_NAMES = ("Maria", "Jose", "Lucia", "Carlos", "Elena", "Pablo", "Ines", "Hugo", "Sara", "Leo")
_FAMILIES = ("Lopez", "Garcia", "Ruiz", "Moreno", "Gil", "Sanz", "Vega", "Castro", "Nieto")
_SAID = (
    "hola, buenos dias, quiero preguntar por mi pedido {0}",
    "gracias, lo miramos y le decimos algo hoy mismo",
    "de acuerdo, espero noticias sobre la factura numero {0}, un saludo",
)


@contextmanager
def many_chats(
    kind: str, chats: int, folder: Path, say: Callable[[str], None]
) -> Iterator[tuple[Parts, Settings]]:
    """A bridge on a store of this kind that holds so many conversations."""
    with TemporaryDirectory(prefix=WORK, dir=folder) as name, store(kind, Path(name)) as made:
        work = Path(name)
        kept = folder / f"chats-{chats}-{_version()}.sqlite"
        own = work / "bridge.sqlite"
        is_kept = kind == "sqlite" and _is_young(kept)
        if is_kept:
            shutil.copyfile(kept, own)
        own_config = {"BRIDGE_CONFIG": str(_config(work))}
        environ = environ_of(
            work, made.url, BRIDGE_PUBLIC_URL="http://127.0.0.1:8000", **own_config
        )
        settings = Settings.of(environ)
        prepare(settings, environ)
        with built(settings, environ) as parts:
            if not is_kept:
                say(f"building a store of {chats:,} conversations ({kind})")
                fill(parts, chats)
                if kind == "sqlite":
                    _keep(parts, own, kept, folder.glob(f"chats-{chats}-*"))
            yield parts, settings


def _config(folder: Path) -> Path:
    """The example's, where everybody who owns a client may answer him."""
    made = folder / "config"
    shutil.copytree(ROOT / "config", made)
    for page in (made / "demo").iterdir():  # partners, resellers and their renewals
        shutil.move(page, made / page.name)
    roles = made / "roles.yaml"
    people = "".join(f"  {person.email}: {{role: salesperson}}\n" for person in [*_people()][1:])
    roles.write_text(roles.read_text().replace("employees:\n", f"employees:\n{people}"))
    return made


def fill(parts: Parts, chats: int) -> None:
    """Everything, and the index of it."""
    now = parts.now()
    with writing(parts.engine) as db:
        mirror.put_directory(db, CRM, Directory(people=(*_people(),), as_of=now), now)
    numbers, summed = iter(range(chats)), Counter[Sum]()
    while batch := [*islice(numbers, _BATCH)]:
        contacts = [_contact(number, now) for number in batch]
        said = [message for number in batch for message in _messages(number, chats, now)]
        made = {chat.id: chat for chat in (_conversation(n, chats, now) for n in batch)}
        add_up(summed, made, said)
        with writing(parts.engine) as db:
            records.put_conversations(db, [*made.values()])
            records.put_contacts(db, CRM, contacts)  # looks whose the conversations are
            records.put_messages(db, {message.id: CHAT for message in said}, said, reworded=())
            decisions.add(db, [_decision(message) for message in said])
            db.execute(TO_COUNT.delete())  # counted here, in one go
    with writing(parts.engine) as db:
        keep_sums(db, summed)
        fill_others(db, tuple(person.email for person in _people()), now)
    while step(parts):
        pass
    with parts.engine.connect() as db:
        # As any store of this age has been: without it PostgreSQL knows nothing of its rows.
        db.exec_driver_sql("ANALYZE" if parts.engine.dialect.name == "postgresql" else "SELECT 1")
        db.commit()


def _keep(parts: Parts, own: Path, kept: Path, former: Iterable[Path]) -> None:
    for path in former:
        path.unlink()
    with parts.engine.connect() as db:
        db.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copyfile(own, kept.with_suffix(".new"))
    kept.with_suffix(".new").replace(kept)


def _version() -> str:
    """Another schema, or other rows, make another store."""
    folder = Path(schema.__file__).parent
    here = Path(__file__)
    sources = (*sorted(folder.glob("*.py")), here, here.with_name("many_others.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:8]


def _is_young(kept: Path) -> bool:
    return kept.exists() and time.time() - kept.stat().st_mtime < FRESH_HOURS * 3600


def _people() -> Iterator[CrmEmployee]:
    for number in range(PEOPLE):
        email = _email(number)
        yield CrmEmployee(
            crm_id=CrmId(str(100 + number)), email=email, name=f"Owner {number}", active=True
        )


def _email(number: int) -> EmployeeId:
    return SELLER if number == 0 else EmployeeId(f"owner{number}@acme.example")


def _owner(number: int) -> CrmId:
    return CrmId(str(100 + number % OWNERS))


def _contact(number: int, now: datetime) -> Contact:
    name = f"{_NAMES[number % 10]} {_FAMILIES[number // 10 % 9]} {number}"
    return Contact(
        id=RecordId(f"rc_{number:07}"),
        crm_id=CrmId(str(5_000_000 + number)),
        name=name,
        owner=Owner(crm_id=_owner(number), as_of=now),
        phones=(_phone(number),),
    )


def _phone(number: int) -> str:
    return f"+34{600_000_000 + number * 37 % 99_999_989}"


def _at(number: int, chats: int, now: datetime, place: int = EACH) -> datetime:
    """The last ones wrote last, all of them within three months."""
    return now - timedelta(days=DAYS) * ((chats - number) / chats) - timedelta(minutes=EACH - place)


def _conversation(number: int, chats: int, now: datetime) -> Conversation:
    channel = ChannelName(_CHANNELS[number % len(_CHANNELS)])
    at = _at(number, chats, now)
    return Conversation(
        id=ConversationId(f"cv_{number * 7919 % 9_999_991:07}_{number}"),
        account=CHAT,
        channel=channel,
        channel_id=f"id of {channel}",
        messenger=Messenger.WHATSAPP,
        chat_id=_phone(number).removeprefix("+"),
        kind=ChatKind.DIRECT,
        client=ClientState.KNOWN,
        contact=RecordId(f"rc_{number:07}"),
        phone=_phone(number),
        last_inbound_at=at,
        last_message_at=at,
        unanswered_since=at if number // OWNERS % 3 == 0 else None,
    )


def _messages(number: int, chats: int, now: datetime) -> Iterator[Message]:
    where = _conversation(number, chats, now).id
    for place, text in zip(count(1), _SAID, strict=False):
        is_ours = place == 2
        failed = is_ours and number % 997 == 0
        yield Message(
            id=MessageId(f"ms_{number:07}_{place}"),
            conversation=where,
            vendor_id=f"v{number}-{place}",
            direction=Direction.OUT if is_ours else Direction.IN,
            occurred_at=_at(number, chats, now, place),
            status=MessageStatus.FAILED if failed else MessageStatus.DELIVERED,
            text=text.format(number),
            author=_email(number % OWNERS) if is_ours else None,
        )


def _decision(message: Message) -> DecisionRow:
    is_ours = message.direction is Direction.OUT
    target = _email(int(message.id.split("_")[1]) % OWNERS)
    decision = Decision(
        event_key=EventKey(f"of {message.id}"),
        account=CHAT,
        kind="MessageSent" if is_ours else "MessageReceived",
        verdict=Verdict.APPLIED,
        reasons=(Reason(ReasonCode.MESSAGE_STORED, "stored in the conversation"),),
        decided_at=message.occurred_at,
        occurred_at=message.occurred_at,
        target=target,
        conversation=message.conversation,
        contact=RecordId(f"rc_{message.id.split('_')[1]}"),
    )
    return DecisionRow(
        account=CHAT,
        event_key=decision.event_key,
        kind=decision.kind,
        verdict=decision.verdict,
        headline=ReasonCode.MESSAGE_STORED,
        inbox_id=None,
        conversation=message.conversation,
        contact=decision.contact,
        subject=None,
        tenant=None,
        target=target,
        message=message.id,
        occurred_at=message.occurred_at,
        decided_at=message.occurred_at,
        config_hash="",
        directory_hash="",
        code_version="bench",
        event=None,
        facts=None,
        record=encode(record_of(decision, "", "")),
    )


def some_chats(chats: int) -> Sequence[int]:
    """Of the seller's, the newest first."""
    newest = (chats - 1) // OWNERS * OWNERS
    return [number for number in range(newest, -1, -OWNERS)][:10]


def name_of(number: int) -> ConversationId:
    return ConversationId(f"cv_{number * 7919 % 9_999_991:07}_{number}")
