"""People who are not of the house: a partner's user, a reseller's, and a client of his."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from bridge.domain.names import ClientId, ResellerName
from bridge.domain.principals import PersonKind
from bridge.domain.reseller_clients import ClientDetails, ResellerClient
from bridge.store import reseller_clients
from bridge.store.engine import writing
from bridge.store.sessions import SignedIn, create_login_link, keep_session
from tests.web.browsing import sign_in
from tests.web.world import World

PETRA, ROSA = "petra@north.example", "rosa@factura.example"
NORTH, FACTURA = "partner:north", "reseller:factura"
CLIENT = ClientId("cl_1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outsider:
    """`behind` is who is signed in as him, of a client."""

    kind: PersonKind
    id: str
    behind: str = ""

    @property
    def principal(self) -> str:
        return f"{self.kind}:{self.id}"

    def leaves(self, world: World) -> None:
        """The admin takes him out of the configuration; a client is archived."""
        if self.kind is PersonKind.CLIENT:
            put_client(world, is_archived=True)
        world.policy = replace(
            world.policy,
            users={
                tenant: tuple(one for one in users if one != self.id)
                for tenant, users in world.policy.users.items()
            },
        )

    def session(self, world: World) -> str:
        until = world.now + timedelta(minutes=30)
        signed_in = SignedIn(principal=self.principal, expires_at=until, behind=self.behind)
        with writing(world.engine) as db:
            return keep_session(db, signed_in, world.now)

    def link(self, world: World) -> Callable[[], int]:
        """How he signs in, once."""
        with writing(world.engine) as db:
            token = create_login_link(db, self.principal, world.now, self.behind)
        return lambda: sign_in(world, world.app.test_client(), token)


OUTSIDERS: Mapping[PersonKind, Outsider] = {
    one.kind: one
    for one in (
        Outsider(kind=PersonKind.PARTNER_USER, id=PETRA),
        Outsider(kind=PersonKind.RESELLER_USER, id=ROSA),
        Outsider(kind=PersonKind.CLIENT, id=CLIENT, behind=f"reseller:{ROSA}"),
    )
}


def with_outsiders(world: World, also: str = "nobody@north.example") -> None:
    users = {NORTH: (PETRA, also), FACTURA: (ROSA,)}
    world.policy = replace(world.policy, users={**world.policy.users, **users})
    put_client(world)


def put_client(world: World, *, is_archived: bool = False) -> None:
    client = ResellerClient(
        id=CLIENT,
        reseller=ResellerName("factura"),
        details=ClientDetails(legal_name="Papeles del Norte"),
        created_at=world.now,
        plan="basic",
        plan_name="Basic",
        plan_units=100,
        balance=100,
        is_archived=is_archived,
    )
    with writing(world.engine) as db:
        reseller_clients.put_clients(db, [client])
