"""`bridge clients`: resellers' clients from a terminal."""

from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import Installation
from tests.sheets.workbooks import xlsx

PLANS = """
plans:
  resellers:
    norte:
      label: Factura del Norte
      users: [rita@norte.example]
      plans:
        basic: {name: Basic, units: 100, validity: 12mo, services: {companies: 1}}
        forever: {name: Forever, units: 50}
      hints: {low_units: 5}
    sur:
      users: [sara@sur.example]
      plans: {other: {name: Other, units: 7}}
"""


@pytest.fixture
def shop(house: Installation) -> Installation:
    (house.config / "plans.yaml").write_text(PLANS)
    house.run("migrate")
    return house


def add(shop: Installation, name: str = "Papeles SA", **more: str) -> str:
    words = [word for key, value in more.items() for word in (f"--{key}", value)]
    given = ("--reseller", "norte", "--plan", "basic")
    made = shop.json("clients", "add", name, *given, *words)
    return str(made["client"]["id"])


def state(shop: Installation, client: str) -> tuple[Any, ...]:
    found = shop.json("clients", "show", client)
    return found["status"], found["balance"], found["shown_plan"], found["is_archived"]


def test_a_clients_whole_life(shop: Installation) -> None:
    """RSL-02 to RSL-09, RSL-16 to RSL-24."""
    client = add(shop, email="a@papeles.example")
    assert state(shop, client) == ("active", 100, "Basic", False)
    shop.run("clients", "add-units", client, "50")
    shop.run("clients", "edit", client, "--service", "companies=", "--service", "smtp=yes")
    assert state(shop, client) == ("active", 150, "custom", False)
    assert shop.json("clients", "show", client)["services"] == {"smtp": True}
    for _ in range(2):
        shop.run("clients", "use", client, "150", "--id", "cfdi-1")
    assert state(shop, client) == ("exhausted", 0, "custom", False)
    shop.run("clients", "renew", client, "forever", "--by", "rita@norte.example")
    shop.run("clients", "suspend", client, "--why", "does not pay")
    assert state(shop, client) == ("suspended", 50, "Forever", False)
    shop.run("clients", "archive", client)
    assert shop.json("clients", "list")["clients"] == []
    assert [x["id"] for x in shop.json("clients", "list", "--archived")["clients"]] == [client]
    shop.run("clients", "unarchive", client)
    shop.run("clients", "activate", client)
    assert state(shop, client) == ("active", 50, "Forever", False)
    told = shop.json("clients", "ledger", client)["movements"]
    assert [(x["moved"]["delta"], x["moved"]["by"]) for x in told] == [
        (50, "reseller:rita@norte.example"),
        (-150, "service:command"),
        (50, "employee:luis@acme.example"),
        (100, "employee:luis@acme.example"),
    ]


def test_people_read_lines(shop: Installation) -> None:
    """RSL-26, RSL-27."""
    client = add(shop)
    shop.run("clients", "use", client, "96", "--id", "1")
    line = shop.run("clients", "list", "--near-end").stdout
    assert f"{client}  Papeles SA  norte  Basic  4 units  active, until " in line
    assert "(offer units)" in line
    assert "may be done: edit, add_units, renew" in shop.run("clients", "show", client).stdout
    assert "used -96 = 4 by service:command" in shop.run("clients", "ledger", client).stdout
    assert "no such clients" in shop.run("clients", "list", "--status", "expired").stdout


def test_a_dry_run_changes_nothing(shop: Installation) -> None:
    client = add(shop)
    before = shop.everything()
    assert "nothing was" in shop.run("clients", "add-units", client, "5", "--dry-run").stdout
    assert "active" in shop.run("clients", "archive", client, "--dry-run", code=1).stderr
    words = ("X", "--reseller", "norte", "--plan", "basic", "--dry-run")
    assert shop.json("clients", "add", *words) == {"dry_run": True, "would": True}
    assert shop.everything() == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add-units", "CLIENT", "0"), "units are a whole number"),
        (("add-units", "CLIENT", "1000000001"), "units are a whole number"),
        (("use", "CLIENT", "101", "--id", "1"), "more than the 100"),
        (("renew", "CLIENT", "other"), "no such plan; known: basic, forever"),
        (("archive", "CLIENT"), "only suspended, expired or exhausted"),
        (("suspend", "CLIENT", "--seen", "7"), "look again"),
        (("suspend", "CLIENT", "--by", "ana@acme.example"), "no such client"),
        (("suspend", "CLIENT", "--by", "qa@acme.example"), "changes nothing"),
        (("suspend", "CLIENT", "--by", "sara@sur.example"), "no such client"),
        (("suspend", "CLIENT", "--by", "nobody@x.example"), "not among the employees"),
        (("edit", "CLIENT", "--email", "nobody"), "e-mail address is none"),
        (("show", "cl_nowhere"), "there is no client cl_nowhere"),
        (("ledger", "cl_nowhere"), "there is no client"),
        (("add", "X", "--plan", "basic"), "say whose client"),
        (("add", "X", "--reseller", "nort", "--plan", "basic"), "no reseller nort"),
        (("add", " ", "--reseller", "norte", "--plan", "basic"), "legal name is missing"),
    ],
)
def test_wrong_input_is_told_with_what_to_do(
    shop: Installation, words: tuple[str, ...], said: str
) -> None:
    """RSL-18, RSL-20, RSL-21, RSL-24."""
    client = add(shop)
    before = shop.json("clients", "show", client)
    given = [client if word == "CLIENT" else word for word in words]
    told = shop.run("clients", *given, code=1).stderr
    assert said in told
    assert "next: " in told
    assert shop.json("clients", "show", client) == before


def test_units_that_are_no_number_are_not_understood(shop: Installation) -> None:
    client = add(shop)
    before = shop.json("clients", "show", client)
    for units in ("1.5", "many"):
        shop.run("clients", "add-units", client, units, code=2)
    shop.run("clients", "edit", client, "--service", "smtp=maybe", code=2)
    assert shop.json("clients", "show", client) == before


def test_what_is_so_already_is_said(shop: Installation) -> None:
    client = add(shop)
    shop.run("clients", "suspend", client)
    assert "nothing is different" in shop.run("clients", "suspend", client).stdout


def test_a_table_is_tried_and_imported(shop: Installation, tmp_path: Path) -> None:
    file = tmp_path / "clients.csv"
    file.write_text("legal_name;plan;units\nUno;basic;40\nDos;basic;0\n")
    words = ("clients", "import", str(file), "--reseller", "norte")
    said = shop.run(*words, "--dry-run", code=1).stdout
    assert "row 2: right\nrow 3: refused: units units are a whole number" in said
    assert "nothing was imported: a dry run" in said
    assert "row 2: left out" in shop.run(*words, code=1).stdout
    assert shop.json("clients", "list")["clients"] == []
    assert shop.json(*words, "--only-right", code=1)["counts"] == {"added": 1, "refused": 1}
    workbook = tmp_path / "clients.xlsx"
    workbook.write_bytes(xlsx([("legal_name", "plan", "units"), ("Uno", "basic", 40)]))
    again = shop.json("clients", "import", str(workbook), "--reseller", "norte")
    assert again["counts"] == {"known": 1}
    file.write_text("name\nUno\n")
    told = shop.run(*words, code=1).stderr
    assert "column 1 is called as none" in told


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_clients_are_written_to_a_new_file(shop: Installation, tmp_path: Path, ending: str) -> None:
    add(shop, "=cmd()")
    file = tmp_path / f"out.{ending}"
    assert shop.json("clients", "export", str(file))["clients"] == 1
    assert file.read_bytes().startswith(b"PK" if ending == "xlsx" else b"\xef\xbb\xbf")
    assert "is there already" in shop.run("clients", "export", str(file), code=1).stderr
    nowhere = str(tmp_path / "no" / "such.csv")
    assert "can't be written" in shop.run("clients", "export", nowhere, code=1).stderr
