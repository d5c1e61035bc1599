"""The files that an admin deploys are whole, and name what the code names."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import parse

import connectors.salesforce
from connectors.salesforce.client import API_VERSION
from connectors.salesforce.lookup import KEY, MESSAGE_KEY
from connectors.salesforce.sandbox_messages import FIELDS
from connectors.salesforce.sandbox_schema import objects
from connectors.salesforce.sandbox_soql import Comparison, Condition, read
from tests.connectors.salesforce.line import Heard, channel_side, everything, tapped

PACKAGE = Path(connectors.salesforce.__file__).parent
METADATA = PACKAGE / "metadata"
SOURCE = METADATA / "src"
NS = "{http://soap.sforce.com/2006/04/metadata}"
ROOTS = {
    ".flow": "Flow",
    ".object": "CustomObject",
    ".permissionset": "PermissionSet",
    ".workflow": "Workflow",
    ".xml": "Package",
}
FILES = sorted(path for path in SOURCE.rglob("*") if path.is_file())
# Fields that every user sees who sees the record; field permissions can't name them.
ALWAYS = frozenset(
    {
        *("Id", "Name", "OwnerId", "CreatedDate", "IsDeleted", "SystemModstamp", "MasterRecordId"),
        "LastModifiedDate",
        *("FirstName", "LastName", "Company", "Status", "IsConverted", "ConvertedContactId"),
        *("StageName", "CloseDate", "IsClosed", "Subject", "RecordTypeId"),
    }
)
# Field permissions know them as Lead.Address.
ADDRESS = ("Lead.City", "Lead.Country", "Lead.State")
RECORDS = ("Contact", "Lead", "Opportunity", "Task")


def root(path: Path) -> Element:
    found = parse(path, forbid_dtd=True).getroot()
    assert found is not None
    return found


def texts(parent: Element, name: str) -> list[str]:
    return [one.text or "" for one in parent.iter(f"{NS}{name}")]


def text(parent: Element, name: str) -> str:
    (found,) = [one.text or "" for one in parent.findall(f"{NS}{name}")]
    return found


def file(folder: str, name: str) -> Element:
    (found,) = (SOURCE / folder).glob(f"{name}.*")
    return root(found)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_is_of_its_kind(path: Path) -> None:
    assert root(path).tag == f"{NS}{ROOTS[path.suffix]}"


def test_the_package_names_what_the_folder_holds_and_nothing_else() -> None:
    package = root(SOURCE / "package.xml")
    named = {
        text(kind, "name"): sorted(texts(kind, "members")) for kind in package.iter(f"{NS}types")
    }
    assert named == {
        "CustomField": sorted(f"{one}.{name}" for one, name in _fields()),
        "Flow": sorted(path.stem for path in (SOURCE / "flows").iterdir()),
        "PermissionSet": sorted(path.stem for path in (SOURCE / "permissionsets").iterdir()),
        "WorkflowOutboundMessage": sorted(
            f"{path.stem}.{name}"
            for path in (SOURCE / "workflows").iterdir()
            for name in texts(root(path), "fullName")
        ),
    }
    assert text(package, "version") == API_VERSION


def _fields() -> Iterator[tuple[str, str]]:
    for path in (SOURCE / "objects").iterdir():
        for name in texts(root(path), "fullName"):
            yield path.stem, name


def test_the_project_is_of_the_same_version() -> None:
    project = json.loads((METADATA / "sfdx-project.json").read_text())
    assert project["sourceApiVersion"] == API_VERSION
    assert project["packageDirectories"] == [{"path": "src", "default": True}]


def test_there_is_a_unique_field_for_each_key_that_the_code_writes() -> None:
    wanted = [("Activity", MESSAGE_KEY), ("Contact", KEY), ("Lead", KEY), ("Opportunity", KEY)]
    assert sorted(_fields()) == wanted


@pytest.mark.parametrize("name", ["Activity", "Contact", "Lead", "Opportunity"])
def test_a_key_is_a_text_that_tells_case_apart(name: str) -> None:
    (field,) = file("objects", name).findall(f"{NS}fields")
    told = {one: text(field, one) for one in ("type", "length", "unique", "externalId")}
    assert told == {"type": "Text", "length": "255", "unique": "true", "externalId": "true"}
    assert text(field, "caseSensitive") == "true"
    assert text(field, "required") == "false"


@pytest.mark.parametrize("name", FIELDS)
def test_an_outbound_message_says_what_the_sandbox_says(name: str) -> None:
    (message,) = file("workflows", name).findall(f"{NS}outboundMessages")
    assert texts(message, "fields") == sorted({"Id", *FIELDS[name]})
    assert text(message, "includeSessionId") == "false"
    assert text(message, "apiVersion") == API_VERSION
    assert text(message, "fullName") == f"Bridge_{name}"


@pytest.mark.parametrize("name", FIELDS)
def test_a_message_is_sent_when_a_record_is_made_or_changed(name: str) -> None:
    flow = file("flows", f"Bridge_{name}")
    (action,) = flow.findall(f"{NS}actionCalls")
    (start,) = flow.findall(f"{NS}start")
    assert (text(action, "actionName"), text(action, "actionType")) == (
        f"{name}.Bridge_{name}",
        "outboundMessage",
    )
    assert texts(start, "targetReference") == [text(action, "name")]
    assert text(start, "object") == name
    assert text(start, "recordTriggerType") == "CreateAndUpdate"
    assert text(start, "triggerType") == "RecordAfterSave"
    assert text(flow, "status") == "Active"


def test_what_an_admin_has_to_replace_is_what_the_readme_says() -> None:
    readme = (PACKAGE / "README.md").read_text()
    workflows = [root(path) for path in (SOURCE / "workflows").iterdir()]
    addresses = {one for each in workflows for one in texts(each, "endpointUrl")}
    users = {one for each in workflows for one in texts(each, "integrationUser")}
    assert addresses == {"https://bridge.example.com/hooks/salesforce-main/PATH_SECRET"}
    assert users == {"integration@example.com"}
    assert all(one in readme for one in addresses | users)
    assert all(path.stem in readme for path in FILES if path.suffix == ".flow")


def test_the_readme_names_each_option_that_the_code_reads() -> None:
    readme = (PACKAGE / "README.md").read_text()
    code = "".join(path.read_text() for path in PACKAGE.glob("*.py"))
    named = {line.split("`")[1] for line in readme.splitlines() if line.startswith("| `")}
    read_by_code = {
        part.split('"')[0] for part in code.split('options.get("')[1:] if not part.startswith('"')
    }
    assert read_by_code
    assert read_by_code <= named | {"client_certificate"}


@pytest.mark.parametrize("name", ["Bridge", "Bridge_Partners"])
def test_nobody_may_delete_or_change_everything(name: str) -> None:
    allowed = root(SOURCE / "permissionsets" / f"{name}.permissionset")
    assert set(texts(allowed, "allowDelete")) == {"false"}
    assert set(texts(allowed, "modifyAllRecords")) == {"false"}


def _permitted() -> Mapping[str, bool]:
    """Fields that the permission set names, and whether they may be written."""
    return _of_set("Bridge")


def _of_set(name: str) -> Mapping[str, bool]:
    allowed = root(SOURCE / "permissionsets" / f"{name}.permissionset")
    return {
        text(one, "field"): text(one, "editable") == "true"
        for one in allowed.findall(f"{NS}fieldPermissions")
    }


def test_the_permission_set_names_fields_that_are_there() -> None:
    known = objects()
    for dotted in _permitted():
        name, field = dotted.split(".")
        assert field in known[name].fields


def test_the_permission_set_opens_all_that_the_connector_touches_and_no_more() -> None:
    with tapped() as line:
        everything(line.org)
        heard = line.heard[:]
    asked = {dotted for one in heard if one.query for dotted in _read_by(one.query)}
    sent = {dotted for one in heard for dotted in _written_by(one)}
    assert {"Contact.Phone", "Lead.ConvertedContactId"} <= asked
    assert {"Task.Description", "Opportunity.StageName"} <= sent
    permitted = _permitted()
    closed = sorted(one for one in asked | sent if not _is_open(one, permitted))
    locked = sorted(one for one in sent if permitted.get(one) is False)
    assert (closed, locked) == ([], [])
    # A number may be read from either field, and typed into either.
    spare = {"Contact.MobilePhone", "Lead.MobilePhone"}
    assert {one for one, can_write in permitted.items() if can_write} - sent <= spare
    assert permitted.keys() - asked - sent == set()


def test_what_the_channel_side_reads_is_opened_by_its_own_permission_set() -> None:
    with tapped() as line:
        channel_side(line.org)
        heard = line.heard[:]
    asked = {dotted for one in heard if one.query for dotted in _read_by(one.query)}
    assert {"Lead.Country", "Contact.Email"} <= asked
    more = _of_set("Bridge_Partners")
    permitted = {**_permitted(), **more, **dict.fromkeys(ADDRESS, False)}
    assert sorted(one for one in asked if not _is_open(one, permitted)) == []
    assert more.keys() - asked - {"Lead.Address", "Contract.EndDate"} == set()


def _is_open(dotted: str, permitted: Mapping[str, bool]) -> bool:
    return dotted in permitted or dotted.split(".")[1] in ALWAYS


def _read_by(soql: str) -> Iterator[str]:
    query = read(soql)
    if query.object in RECORDS:
        for name in (*query.fields, *_compared(query.where), *(one for one, _ in query.order)):
            yield f"{query.object}.{name}"


def _compared(condition: Condition | None) -> Sequence[str]:
    if condition is None:
        return ()
    if isinstance(condition, Comparison):
        return (condition.path,)
    return [path for part in condition.parts for path in _compared(part)]


def _written_by(heard: Heard) -> Iterator[str]:
    body = heard.body if isinstance(heard.body, dict) else {}
    for record in body.get("records", ()):
        for name in record.keys() - {"attributes"}:
            yield f"{record['attributes']['type']}.{name}"
    parts = heard.path.rstrip("/").split("/")
    if parts[-2] == "sobjects" and parts[-1] in RECORDS:
        yield from (f"{parts[-1]}.{name}" for name in body)
