"""The sockets that a vendor plugs into: what a connector is, and nothing of any vendor."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from wsgiref.types import WSGIApplication

from bridge.domain.effects import Effect
from bridge.domain.errors import ConfigError, PayloadInvalid, SignatureInvalid
from bridge.domain.events import Event
from bridge.domain.messaging import ChatKind, MediaKind, Messenger
from bridge.domain.messenger_window import WindowClient, WindowDeal
from bridge.domain.names import CrmId
from bridge.domain.people import CrmEmployee
from bridge.domain.records import Pipeline, RecordKind
from bridge.readings import ChannelReading as ChannelReading
from bridge.readings import History as History
from bridge.readings import IdentityQuery as IdentityQuery
from bridge.readings import MediaCopier as MediaCopier
from bridge.readings import MediaFile as MediaFile
from bridge.readings import MediaSource as MediaSource
from bridge.readings import PartnerReader as PartnerReader
from bridge.readings import Poll as Poll
from bridge.readings import Polled as Polled
from bridge.readings import Reader as Reader
from bridge.readings import Recalled as Recalled
from bridge.readings import RenewalReader as RenewalReader
from bridge.readings import Sink as Sink
from bridge.readings import TemplateReading as TemplateReading
from bridge.tokens import Token as Token
from bridge.tokens import Tokens as Tokens
from bridge.tokens import TokensInMemory as TokensInMemory


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One entry of accounts.yaml, its secrets resolved from the environment."""

    name: str
    connector: str
    base_url: str | None = None
    secrets: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    """The current value first, then those still accepted while rotating."""
    options: Mapping[str, str] = field(default_factory=dict)
    tokens: Tokens = field(default_factory=TokensInMemory, repr=False, compare=False)
    hook_url: str = ""
    """Where the vendor reaches us for this account, `""` where nobody knows: for vendors that want
    to be told with each call where to report to."""

    def required(self, secret: str) -> tuple[str, ...]:
        """All accepted values of a secret; ConfigError when there is none or one is empty."""
        values = self.secrets.get(secret, ())
        if not values or not all(values):
            raise ConfigError(
                f"account {self.name}: secret {secret} is missing or empty; set the environment "
                f"variable that accounts.yaml names for it"
            )
        return values


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRequest:
    """What came, untouched."""

    method: str
    url: str  # as the vendor signed it: public base URL + path + raw query
    headers: Mapping[str, str]  # lower-case names; one that came twice is joined with ", "
    body: bytes = field(repr=False)
    received_at: datetime  # the only clock that verify and parse may use


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP answer that a vendor wants to hear."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """Refused for good, `reason` is a short code.

    Of a parsed body: an item that no event could be made of, `path` its JSON path. Of a delivery:
    what the vendor will not take; `detail` says what to do about it.
    """

    reason: str
    detail: str = ""
    path: str = "$"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    events: tuple[Event, ...] = ()  # in the vendor's order
    rejected: tuple[Rejected, ...] = ()
    ignored: tuple[str, ...] = ()  # known items that mean nothing to us, one word each

    @classmethod
    def one(cls, event: Event) -> "Parsed":
        return cls(events=(event,))

    @classmethod
    def ignore(cls, word: str) -> "Parsed":
        return cls(ignored=(word,))


class Inbound(Protocol):
    def handshake(self, request: RawRequest) -> Answer | None:
        """The answer to a challenge or a test ping, which is not stored; None for the rest.

        Called before `verify`: it must not reveal or change anything.
        """

    def verify(self, request: RawRequest) -> None:
        """Raises SignatureInvalid, and nothing else, when this is not proven to be the vendor."""

    def parse(self, request: RawRequest) -> Parsed:
        """Pure; raises PayloadInvalid only when the body as a whole can't be read."""

    def accepted(self, request: RawRequest) -> Answer:
        """What this vendor wants to hear once the bytes are stored."""


class NobodyCalls:
    """The inbound of a vendor that never calls us: nothing is proof, and nothing is read. Its
    connector has no `methods`, so that its address is as unknown as any other."""

    def __init__(self, account: Account) -> None:
        self._account = account.name

    def handshake(self, request: RawRequest) -> Answer | None:
        return None

    def verify(self, request: RawRequest) -> None:
        raise SignatureInvalid(f"account {self._account}: nobody calls here")

    def parse(self, request: RawRequest) -> Parsed:
        raise PayloadInvalid("nobody calls here")

    def accepted(self, request: RawRequest) -> Answer:
        return Answer(status=404)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One outbox row on its way out.

    `ids` holds the vendor's id of each of our records and entries that the effect names, as far
    as known: `ids[effect.contact]`, `ids[message]` for the entry of a message. `attempt` counts
    from 1; `in_doubt_since` is when the first attempt began of which nobody knows what came of
    it, None while there was none. `still_ours` is asked
    right before each call that can't be made twice: where it is false another worker may deliver
    this by now, and nothing is sent.
    """

    effect: Effect
    idempotency_key: str
    attempt: int
    now: datetime
    in_doubt_since: datetime | None = None
    ids: Mapping[str, str] = field(default_factory=dict)
    still_ours: Callable[[], bool] = field(default=lambda: True, repr=False, compare=False)
    file: "Callable[[int], MediaFile] | None" = field(default=None, repr=False, compare=False)
    """Reads the message's file, of at most so many bytes, where an employee has given it to us; its
    link is for a vendor that fetches it himself. Raises DeliveryRejected or DeliveryTransient."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Done; `vendor_ids` maps the names that the effect documents (mostly `id`) to vendor ids."""

    vendor_ids: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryAt:
    """Surely not done; this row again at `when`.

    Where `is_limit` the vendor takes no more in this chat for now, which is not the row's fault: no
    attempt is counted.
    """

    when: datetime
    reason: str
    is_limit: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Sent, but no trustworthy answer: to be looked up before any second try."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDown:
    """Nothing of this account passes: rate limit, quota, no connection, credentials.

    `until` of None: until a person has mended it (`bridge doctor` says how).
    """

    cause: str
    until: datetime | None = None


Outcome = Done | RetryAt | Rejected | Unknown | AccountDown


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    vendor_ids: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """Surely not there, or the vendor's own idempotency key still holds: may be sent again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CannotTell:
    reason: str


class Outbound(Protocol):
    def deliver(self, run: Sequence[Delivery]) -> Sequence[Outcome]:
        """An outcome per delivery, same length and order. Uses the vendor's batch calls."""

    def find(self, run: Sequence[Delivery]) -> Sequence[Found | Absent | CannotTell]:
        """What became of deliveries of unknown outcome, same length and order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ailment:
    """What is not as the bridge needs it at the vendor's side of an account.

    `code` is one short word, `detail` says what is wrong and `todo` what a person does about it.
    Neither holds a secret. `fixable`: `Doctor.fix` can mend it.
    """

    code: str
    detail: str
    todo: str
    fixable: bool = False


class Doctor(Protocol):
    """Looks at, and mends, what must be set up at the vendor: webhooks, properties of our own.

    `public_url` is where the vendor reaches us, without a slash at the end. Both raise
    DeliveryTransient, OutcomeUnknown or CredentialsInvalid.
    """

    def examine(self, public_url: str) -> Sequence[Ailment]:
        """All that is wrong; changes nothing."""

    def fix(self, public_url: str, *, take_over: bool) -> Sequence[str]:
        """Mends what can be mended and gives a line for each thing done; none when all was well.

        `take_over`: what belongs to another system may be taken from it. Raises DeliveryRejected
        with what to do where the vendor refuses, or where `take_over` is needed; ConfigError where
        our own settings stand in the way.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What the vendor allows: `calls` in any `per_seconds`."""

    calls: int
    per_seconds: int


def one_call_each(run: Sequence[Delivery]) -> int:
    return len(run)


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmQueue:
    """Owners that are no person: records that lie there are taken by one of `members`."""

    crm_id: CrmId
    name: str
    kinds: frozenset[RecordKind]
    members: tuple[CrmId, ...] = ()


class Window(Protocol):
    """The messenger's own window for employees: who is told whom a client belongs to.

    Each call gives what was refused, by the CRM's id, and raises what `Reader` raises when nothing
    is known of the rest; all of it may be done again without harm. To drop what is not there is
    done already.
    """

    def put_employees(self, employees: Sequence[CrmEmployee]) -> Mapping[CrmId, Rejected]: ...

    def put_pipelines(self, pipelines: Sequence[Pipeline]) -> Rejected | None:
        """All of them: those that are not among them are no more."""

    def put_clients(self, clients: Sequence[WindowClient]) -> Mapping[CrmId, Rejected]: ...

    def put_deals(self, deals: Sequence[WindowDeal]) -> Mapping[CrmId, Rejected]: ...

    def drop_employees(self, ids: Sequence[CrmId]) -> Mapping[CrmId, Rejected]: ...

    def drop_clients(self, ids: Sequence[CrmId]) -> Mapping[CrmId, Rejected]: ...

    def drop_deals(self, ids: Sequence[CrmId]) -> Mapping[CrmId, Rejected]: ...


Introduce = Callable[[Account, Sequence[CrmEmployee]], Mapping[CrmId, Rejected]]
"""Tells a messenger who the employees are, so that it can name the author of a message; gives those
that it refused. Raises what `Reader` raises; doing it again does no harm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connector:
    """A vendor's manifest: facts about it, and how to make its parts for an account."""

    name: str
    label: str
    needs: frozenset[str]
    inbound: Callable[[Account], Inbound]
    outbound: Callable[[Account], Outbound]
    reader: Callable[[Account], Reader]
    delivers: frozenset[type[Effect]]
    sandbox: Callable[[Mapping[str, str]], WSGIApplication]
    """A stand-in for the vendor on loopback; takes the values of `needs`."""
    is_crm: bool = False
    max_run: int = 100  # rows that one deliver may take
    call_timeout_seconds: float = 10.0  # the longest that one vendor call may last
    index_lag_seconds: float = 0.0  # how long a write may hide from a look-up
    budget: Budget | None = None
    calls: Callable[[Sequence[Delivery]], int] = one_call_each  # what a run costs of the budget
    per_chat: Mapping[ChatKind, Budget] = field(default_factory=dict)
    """Messages to one chat, by its kind, where the vendor documents a limit of its own for them."""
    max_text: Mapping[Messenger, int] = field(default_factory=dict)  # characters per message
    max_text_of: Callable[[str], int] | None = None
    """Where it depends on the letters of the text how many of them it may have."""
    captions: Mapping[MediaKind, int] = field(default_factory=dict)
    """Kinds of files that take a text beside them, and how many characters of it."""
    doctor: Callable[[Account], Doctor] | None = (
        None  # None: nothing to set up beyond accounts.yaml
    )
    needs_one_of: frozenset[str] = frozenset()
    """Secrets of which one must be there."""
    media: Callable[[Account], MediaSource] | None = None  # None: links need no key of ours
    templates: Callable[[Account], Sequence[TemplateReading]] | None = None
    queues: Callable[[Account], Sequence[CrmQueue]] | None = None
    poll: Callable[[Account], Poll] | None = None  # None: its webhooks tell everything
    history: Callable[[Account], History] | None = None  # None: it keeps no list that we may read
    introduce: Introduce | None = None  # None: the vendor need not know the employees
    window: Callable[[Account], Window] | None = None  # None: it has no window of its own
    record_ids: str = ""
    """A pattern that the ids of its records fit; people may write them otherwise."""
    record_page: Callable[[Account, RecordKind, CrmId], str] | None = None
    """Where people see a record of a CRM; an empty text where the account does not tell."""
    partners: Callable[[Account], PartnerReader] | None = None  # None: it knows of no partners
    renewals: Callable[[Account], RenewalReader] | None = None  # None: it keeps no dates of them
    methods: frozenset[str] = frozenset({"GET", "POST"})
    """How the vendor calls our address; empty where it never does (see NobodyCalls)."""
    options: Mapping[str, str] = field(default_factory=dict)
    """Options that an account has to have, each with an example of its value."""
    tells_of: frozenset[type[Effect]] = frozenset()
    """Effects of which the vendor tells by webhook within minutes of having carried them out: its
    silence says that its webhooks do not reach us."""
