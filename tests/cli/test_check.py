"""`bridge check` and `bridge test`: what an admin hears before a configuration is used."""

from pathlib import Path

import pytest

from tests.cli.commands import SECRETS, Installation, both_stores


def test_a_good_folder_passes_without_store_or_secrets(folder: Installation) -> None:
    for name in SECRETS:
        folder.environ[name] = ""
    found = folder.json("check")
    assert found["ok"]
    assert {f["severity"] for f in found["findings"]} == {"warning"}
    assert not Path(folder.environ["BRIDGE_STATE"]).exists()


def test_a_mistake_is_told_with_its_place_and_a_way_out(folder: Installation) -> None:
    folder.rewrite("roles.yaml", "role: quality_control", "rol: quality_control")
    said = folder.run("check", code=1).stdout
    assert f"{folder.config}/roles.yaml:26:" in said
    assert "did you mean role?" in said
    (found,) = [f for f in folder.json("check", code=1)["findings"] if f["code"] == "unknown-key"]
    assert (found["line"], found["file"]) == (26, f"{folder.config}/roles.yaml")
    assert found["suggestion"] == "did you mean role?"


def test_format_json_is_what_json_is(folder: Installation) -> None:
    assert folder.run("check", "--format", "json").stdout == folder.run("check", "--json").stdout


def test_a_workflow_gets_annotations(folder: Installation) -> None:
    folder.rewrite("routing.yaml", "country: MX}\n    to:", 'country: "5%,X"}\n    to:')
    (line,) = folder.run("check", "--format", "github", code=1).stdout.splitlines()
    place, _, message = line.partition("::")[2].partition("::")
    assert place.startswith(f"error file={folder.config}/routing.yaml,line=")
    assert ",title=wrong-value rules[0].when.country" in place
    assert "%" not in message.replace("%25", "")


def test_a_test_in_the_yaml_that_fails_fails_the_check(folder: Installation) -> None:
    folder.rewrite("routing.yaml", "north: [bruno@acme.example]", "north: [ana@acme.example]")
    found = folder.json("check", code=1)["findings"]
    assert {f["code"] for f in found if f["severity"] == "error"} == {"test-failed"}


def test_no_manager_is_warned_of(folder: Installation) -> None:
    """ROL-12."""
    folder.rewrite("roles.yaml", "{role: manager}", "{role: salesperson}")
    assert "no-manager" in {f["code"] for f in folder.json("check")["findings"]}


def test_online_a_stage_that_the_crm_has_not_is_an_error(town: Installation) -> None:
    """NEW-06."""
    assert town.json("check", "--online") == {"ok": True, "crm": "online", "findings": []}
    town.rewrite("routing.yaml", "stage: appointmentscheduled", "stage: nowhere")
    (found,) = town.json("check", "--online", code=1)["findings"]
    assert found["code"] == "stage-not-in-pipeline"
    assert "nowhere" in found["message"]
    assert "default" in found["message"]


@both_stores
def test_the_mirror_is_asked_where_there_is_one(town: Installation) -> None:
    town.rewrite("routing.yaml", "stage: appointmentscheduled", "stage: nowhere")
    found = town.json("check", code=1)
    assert (found["crm"], [f["code"] for f in found["findings"]]) == (
        "mirror",
        ["stage-not-in-pipeline"],
    )


def test_a_crm_that_can_not_be_reached_fails_online_with_what_to_do(folder: Installation) -> None:
    said = folder.run("check", "--online", code=1)
    assert "next: the vendor can't be reached now" in said.stderr


def test_online_needs_the_secrets(folder: Installation) -> None:
    folder.environ["HUBSPOT_TOKEN"] = ""
    found = folder.json("check", "--online", code=1)["findings"]
    assert [f["code"] for f in found if f["severity"] == "error"] == ["secret-not-set"]


def test_the_tests_of_the_yaml_pass_and_reach_every_rule(folder: Installation) -> None:
    found = folder.json("test", "--coverage", "--fail-under", "100")
    assert found["ok"]
    assert len(found["tests"]) == 7
    assert found["coverage"] == {"reached": ["mx"], "unreached": [], "percent": 100.0}


def test_a_failing_test_shows_both_sides_and_where_they_parted(folder: Installation) -> None:
    folder.rewrite(
        "routing.yaml", "target: bruno@acme.example, rule: mx", "target: ana@acme.example"
    )
    said = folder.run("test", code=1).stdout
    assert "- target: ana@acme.example" in said
    assert "+ target: bruno@acme.example" in said
    assert "parted at: " in said
    assert "6 of 7 tests passed" in said


def test_too_few_rules_reached_fail(folder: Installation) -> None:
    rule = "rules:\n  - {id: es, when: {country: AT, client: new}, to: {pool: north}}\n"
    folder.rewrite("routing.yaml", "rules:\n", rule)
    folder.run("test")
    said = folder.run("test", "--fail-under", "60", code=1).stdout
    assert "50 % of the rules are reached" in said
    assert "never reached: es" in said
    folder.run("test", "--fail-under", "101", code=2)


@pytest.mark.parametrize("command", ["check", "test"])
def test_no_folder_says_what_to_do(folder: Installation, command: str) -> None:
    folder.environ["BRIDGE_CONFIG"] = "/nowhere/at/all"
    assert "/nowhere/at/all" in folder.run(command, code=1).output
