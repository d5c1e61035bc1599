"""Clients from a table and into one: each row's fate told, nothing half-imported, twice is once."""

from typing import Any

import pytest

from bridge.sheets.reading import read_sheet
from bridge.store.keys import Scope
from bridge.web.api import PREFIX
from tests.domain.reselling.building import RITA, SARA
from tests.sheets.workbooks import xlsx
from tests.web.asking import Api, api
from tests.web.reselling import add, adds_up, as_user, kept, with_resellers
from tests.web.world import ANA, LUIS, QA, World

HEAD = "legal_name,plan,reference,email,phone,units,valid_until\n"
GOOD = (
    HEAD
    + "Papeles Uno,basic,P-1,uno@papeles.example,+525512345678,40,2026-12-31\n"
    + "Papeles Dos,Pro,P-2,,,,\n"
    + "'=Tres SA,forever,,,,,\n"
)


@pytest.fixture
def rita(world: World) -> Api:
    return as_user(with_resellers(world))


def sends(asker: Api, content: str | bytes, key: str | None = None, **form: str) -> Any:
    """Status and answer of an import."""
    raw = content.encode() if isinstance(content, str) else content
    parts = [_part(f'name="{name}"', value.encode()) for name, value in form.items()]
    parts.append(_part('name="file"; filename="clients.csv"', raw))
    answer = asker.world.app.test_client().post(
        f"{PREFIX}/clients/import",
        data=b"".join(parts) + b"--border--\r\n",
        content_type="multipart/form-data; boundary=border",
        headers=asker._headers(key),
    )
    return asker._checked("post", "/clients/import", answer)


def _part(disposition: str, body: bytes) -> bytes:
    head = f"--border\r\nContent-Disposition: form-data; {disposition}\r\n\r\n"
    return head.encode() + body + b"\r\n"


def fates(report: Any) -> list[tuple[int, str]]:
    return [(row["row"], row["fate"]) for row in report.json["rows"]]


def test_a_dry_run_tells_each_rows_fate_and_adds_nobody(world: World, rita: Api) -> None:
    report = sends(rita, GOOD, dry_run="true")
    assert fates(report) == [(2, "right"), (3, "right"), (4, "right")]
    assert (report.json["imported"], report.json["counts"]) == (False, {"right": 3})
    assert rita.all("/clients") == []


@pytest.mark.parametrize("as_workbook", [False, True])
def test_all_rows_are_added_with_what_they_bring(
    world: World, rita: Api, as_workbook: bool
) -> None:
    """RSL-09: RSL-06 and the ledger are as for any other client."""
    rows = [line.split(",") for line in GOOD.splitlines()]
    report = sends(rita, xlsx(rows) if as_workbook else GOOD)
    assert fates(report) == [(2, "added"), (3, "added"), (4, "added")]
    made = {
        row["legal_name"]: rita.get(f"/clients/{row['client']}").json for row in report.json["rows"]
    }
    one, two, three = made["Papeles Uno"], made["Papeles Dos"], made["'=Tres SA"]
    assert (one["units"], one["valid_until"], one["plan_name"]) == (40, "2026-12-31", "Basic")
    assert (one["email"], one["phone"]) == ("uno@papeles.example", "+525512345678")
    assert (two["units"], two["valid_until"], two["plan"]) == (500, "2026-04-03", "pro")
    assert (three["legal_name"], three["units"], three["reference"]) == ("=Tres SA", 50, "")
    assert {client["created_at"][:10] for client in made.values()} == {"2026-03-04"}
    assert adds_up(world)


def test_a_file_sent_twice_adds_nobody_twice(world: World, rita: Api) -> None:
    """Whoever sends it, in whichever format, under whichever key."""
    first = sends(rita, GOOD, key="a")
    assert sends(rita, GOOD, key="a").json == first.json
    again = sends(as_user(world, "raul@norte.example"), GOOD.replace(",", ";"), key="b")
    assert [fate for _, fate in fates(again)] == ["known"] * 3
    assert [row["client"] for row in again.json["rows"]] == [
        row["client"] for row in first.json["rows"]
    ]
    assert len(rita.all("/clients")) == 3


BAD = (
    ("legal_name,plan\n,basic\n", None, "legal name is missing"),
    ("legal_name,plan\nA,other\n", "plan", "known: basic, pro, forever"),
    ("legal_name,plan\nA,\n", "plan", "no such plan"),
    ("legal_name,plan,units\nA,basic,0\n", "units", "whole number"),
    ("legal_name,plan,units\nA,basic,-1\n", "units", "whole number"),
    ("legal_name,plan,units\nA,basic,1.5\n", "units", "whole number"),
    ("legal_name,plan,units\nA,basic,1000000001\n", "units", "whole number"),
    ("legal_name,plan,units\nA,basic," + "9" * 31 + "\n", "units", "whole number"),
    ("legal_name,plan,units\nA,basic,1e3\n", "units", "whole number"),
    ("legal_name,plan,units\nA,basic,=1+1\n", "units", "formula"),
    ("legal_name,plan,valid_until\nA,basic,31/12/2027\n", "valid_until", "2027-12-31"),
    ("legal_name,plan,valid_until\nA,basic,2027-02-30\n", "valid_until", "is no day"),
    ("legal_name,plan,valid_until\nA,basic,2026-03-03\n", None, "is over"),
    ("legal_name,plan,valid_until\nA,basic,9999-12-31\n", None, "later than the year"),
    ("legal_name,plan,valid_until\nA,forever,2027-12-31\n", None, "never ends"),
    ('legal_name,plan\n"=HYPERLINK(""http://x"")",basic\n', "legal_name", "formula"),
    ("legal_name,plan\n@SUM(A1),basic\n", "legal_name", "formula"),
    ("legal_name,plan\n-Acme,basic\n", "legal_name", "formula"),
    ("legal_name,plan,phone\nA,basic,+cmd|calc\n", "phone", "formula"),
    ("legal_name,plan,email\nA,basic,nobody\n", None, "e-mail address is none"),
    ("legal_name,plan,reference\nA,basic,TAKEN\n", None, "has this reference"),
    ("legal_name,plan,reference\nA,basic,cl_1\n", None, "begins with cl_"),
    ("legal_name,plan\nA,basic,surplus\n", "plan", "more cells"),
    ("legal_name,plan\n" + "x" * 201 + ",basic\n", None, "longer than 200"),
)


@pytest.mark.parametrize(("content", "field", "said"), BAD)
def test_a_wrong_row_is_told_and_the_right_ones_wait_for_it(
    world: World, rita: Api, content: str, field: str | None, said: str
) -> None:
    """RSL-20, RSL-21: none is added unless all are right, or the right ones are asked for."""
    add(rita, reference="TAKEN")
    columns = content.count(",", 0, content.index("\n"))
    more = "Right SA,basic" + "," * (columns - 1)
    report = sends(rita, content + more + "\n")
    assert fates(report) == [(2, "refused"), (3, "left_out")]
    bad = report.json["rows"][0]
    assert (bad["field"], bad["client"]) == (field, None)
    assert said in bad["reason"]["detail"]
    assert len(rita.all("/clients")) == 1
    right = sends(rita, content + more + "\n", only_right="true")
    assert fates(right) == [(2, "refused"), (3, "added")]
    assert [one["legal_name"] for one in rita.all("/clients", q="right")] == ["Right SA"]
    assert adds_up(world)


def test_a_corrected_file_adds_only_what_was_corrected(world: World, rita: Api) -> None:
    wrong = "legal_name,plan\nUno,basic\nDos,basico\n"
    sends(rita, wrong, only_right="true")
    report = sends(rita, wrong.replace("basico", "basic"))
    assert fates(report) == [(2, "known"), (3, "added")]
    assert len(rita.all("/clients")) == 2


def test_a_row_that_stands_there_twice_is_refused_the_second_time(rita: Api) -> None:
    twice = "legal_name,plan,reference\nUno,basic,\nUno,Basic,\nDos,basic,R\nTres,basic,R\n"
    report = sends(rita, twice)
    assert [fate for _, fate in fates(report)] == ["left_out", "refused", "left_out", "refused"]
    said = [row["reason"]["detail"] for row in report.json["rows"] if row["reason"]]
    assert said == ["is the same as row 2", "another client of this reseller has this reference"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("plan\nbasic\n", "legal_name is missing"),
        ("legal_name\nA\n", "plan is missing"),
        ("legal_name,plan,plan\nA,basic,basic\n", "stands there twice"),
        ("legal_name,plan,status\nA,basic,active\n", "column 3 is called as none"),
        ("Uno SA,basic\nDos SA,basic\n", "column 1 is called as none"),
        ("legal_name,plan\n", "holds no client"),
        ("", "is empty"),
        ('legal_name,plan\n"A,basic\n', "row 2"),
    ],
)
def test_a_file_with_a_wrong_head_is_refused_whole(rita: Api, content: str, said: str) -> None:
    asked = sends(rita, content)
    assert (asked.status, asked.reason, asked.json["field"]) == (422, "request.invalid", "file")
    assert said in asked.json["detail"]
    assert "Uno SA" not in asked.json["detail"]


def test_latin_1_is_taken_and_told(rita: Api) -> None:
    report = sends(rita, "legal_name,plan\nMuñoz,basic\n".encode("latin-1"))
    assert "Latin-1" in report.json["remarks"][0]
    assert [one["legal_name"] for one in rita.all("/clients")] == ["Muñoz"]


def test_a_file_too_large_and_none_at_all_are_refused(world: World, rita: Api) -> None:
    assert sends(rita, b"x" * (1024 * 1024 + 1)).status == 413
    answer = world.app.test_client().post(
        f"{PREFIX}/clients/import", data={"x": "y"}, headers=rita._headers()
    )
    assert answer.status_code == 422
    assert sends(rita, GOOD, dry_run="perhaps").json["field"] == "dry_run"
    assert sends(rita, GOOD, dryrun="true").json["field"] == "dryrun"


def test_nobody_imports_for_whom_he_may_not(world: World, rita: Api) -> None:
    """RSL-01."""
    assert sends(rita, GOOD, reseller="sur").status == 404
    assert sends(api(world, ANA), GOOD, reseller="norte").status == 404
    assert sends(api(world, QA), GOOD, reseller="norte").reason == "role.quality_control"
    assert sends(api(world, LUIS), GOOD).json["field"] == "reseller"
    assert rita.all("/clients") == []
    assert sends(api(world, LUIS), GOOD, reseller="norte").json["imported"]


def exported(asker: Api, **query: str) -> Any:
    return asker.world.app.test_client().get(
        f"{PREFIX}/clients/export", query_string=query, headers=asker._headers()
    )


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_an_export_holds_the_same_clients_and_no_formula(
    world: World, rita: Api, form: str
) -> None:
    add(rita, legal_name="=cmd()", phone="+525512345678", reference="R-1")
    add(as_user(world, SARA), plan="other", legal_name="Sur's")
    file = exported(rita, format=form)
    assert file.headers["Content-Disposition"] == f'attachment; filename="clients.{form}"'
    read = read_sheet(file.data)
    [row] = [dict(zip(read.head, (*r.cells, ""), strict=False)) for r in read.rows]
    assert (row["legal_name"], row["phone"]) == ("'=cmd()", "'+525512345678")
    assert (row["units"], row["status"], row["valid_until"]) == ("100", "active", "2027-03-04")
    assert row["created_at"] == "2026-03-04"
    assert len(read_sheet(exported(api(world, LUIS), format=form).data).rows) == 2
    assert exported(api(world, ANA), format="json").get_json() == {"clients": []}


def test_an_export_is_narrowed_like_the_list(world: World, rita: Api) -> None:
    add(rita, legal_name="Uno")
    add(rita, legal_name="Dos", plan="pro")
    found = exported(rita, plan="pro").get_json()["clients"]
    assert [one["legal_name"] for one in found] == ["Dos"]
    assert exported(rita, format="pdf").status_code == 422


def test_reading_needs_no_more_than_reading(world: World, rita: Api) -> None:
    reads = Api(world, world.key(f"reseller:{RITA}", Scope.READ))
    assert exported(reads).status_code == 200
    assert sends(reads, GOOD).reason == "principal.scope_missing"


def test_a_client_from_a_file_is_a_client_like_others(world: World, rita: Api) -> None:
    """RSL-08."""
    sends(rita, GOOD)
    [one] = rita.all("/clients", q="P-1")
    assert rita.post(f"/clients/{one['id']}/suspend").json["changed"]
    assert kept(world, one["id"]).changes[0].what == "suspended"
