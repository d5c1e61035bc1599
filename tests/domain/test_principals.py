"""Whom the configuration knows, by the kind that somebody signed in as."""

import pytest

from bridge.domain.principals import Person, PersonKind
from tests.domain.building import ANA, policy

ROSA, PETRA, BOTH = "rosa@factura.example", "petra@north.example", "both@acme.example"
POLICY = policy(
    users={
        "partner:north": (PETRA, BOTH),
        "partner:south": ("twice@acme.example",),
        "partner:west": ("twice@acme.example",),
        "reseller:factura": (ROSA, BOTH),
    }
)


@pytest.mark.parametrize(
    ("kind", "id", "tenant"),
    [
        (PersonKind.EMPLOYEE, ANA, ""),
        (PersonKind.SERVICE, "warehouse", ""),
        (PersonKind.PARTNER_USER, PETRA, "partner:north"),
        (PersonKind.RESELLER_USER, ROSA, "reseller:factura"),
        (PersonKind.PARTNER_USER, BOTH, "partner:north"),
        (PersonKind.RESELLER_USER, BOTH, "reseller:factura"),
    ],
)
def test_somebody_who_is_known(kind: PersonKind, id: str, tenant: str) -> None:
    assert POLICY.person(kind, id) == Person(kind=kind, id=id, tenant=tenant)


@pytest.mark.parametrize(
    ("kind", "id"),
    [
        (PersonKind.PARTNER_USER, ROSA),
        (PersonKind.RESELLER_USER, PETRA),
        (PersonKind.PARTNER_USER, ANA),
        (PersonKind.PARTNER_USER, "twice@acme.example"),  # of two accounts: of none
        (PersonKind.PARTNER_USER, ""),
        (PersonKind.CLIENT, "cl_1"),
    ],
)
def test_somebody_whom_the_configuration_does_not_know(kind: PersonKind, id: str) -> None:
    assert POLICY.person(kind, id) is None
