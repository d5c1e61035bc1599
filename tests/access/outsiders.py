"""People who are not of the house: a partner's user and a reseller's."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from bridge.domain.principals import PersonKind
from bridge.store.engine import writing
from bridge.store.sessions import create_login_link
from tests.web.browsing import sign_in
from tests.web.world import World

PETRA, ROSA = "petra@north.example", "rosa@factura.example"
NORTH, FACTURA = "partner:north", "reseller:factura"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outsider:
    kind: PersonKind
    id: str

    @property
    def principal(self) -> str:
        return f"{self.kind}:{self.id}"

    def leaves(self, world: World) -> None:
        """The admin takes him out of the configuration."""
        world.policy = replace(
            world.policy,
            users={
                tenant: tuple(one for one in users if one != self.id)
                for tenant, users in world.policy.users.items()
            },
        )

    def link(self, world: World) -> Callable[[], int]:
        """How he signs in, once."""
        with writing(world.engine) as db:
            token = create_login_link(db, self.principal, world.now)
        return lambda: sign_in(world, world.app.test_client(), token)


OUTSIDERS: Mapping[PersonKind, Outsider] = {
    one.kind: one
    for one in (
        Outsider(kind=PersonKind.PARTNER_USER, id=PETRA),
        Outsider(kind=PersonKind.RESELLER_USER, id=ROSA),
    )
}


def with_outsiders(world: World, also: str = "nobody@north.example") -> None:
    users = {NORTH: (PETRA, also), FACTURA: (ROSA,)}
    world.policy = replace(world.policy, users={**world.policy.users, **users})
