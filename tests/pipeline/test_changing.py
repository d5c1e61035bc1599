"""Changes of the YAML: whole or not at all, never over somebody else's, each in the history."""

import json
import os
import signal
import tempfile
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.domain.errors import ConfigError
from bridge.domain.names import EmployeeId
from bridge.domain.people import Role
from bridge.pipeline.changing.saving import (
    Change,
    Moved,
    Obstacle,
    Refused,
    Saved,
    folder_now,
    propose,
    propose_return,
    propose_texts,
    save,
)
from bridge.policy.codes import Code
from bridge.policy.editing import AddItem, Edit, MoveItem, NotEditable, Put, Remove
from bridge.policy.editing.edits import frozen
from bridge.policy.writing import JOURNAL
from bridge.store.audit import Wanted, find
from bridge.store.engine import reading
from tests.pipeline.changing import LUIS, Desk, desk
from tests.pipeline.world import World
from tests.policy.building import CLIENTS

ANA = EmployeeId("ana@acme.example")
BY_HAND = "# by hand" + CLIENTS
MANAGER = Put(("employees", ANA, "role"), "manager")
LABEL = Put(("rules", 0, "label"), "Mexico")


@pytest.fixture
def house(small: World, tmp_path: Path) -> Desk:
    return desk(small, tmp_path / "config")


def test_a_change_is_one_word_in_one_file(house: Desk) -> None:
    before = house.text("roles.yaml")
    proposal = house.proposes(MANAGER)
    assert [file.name for file in proposal.files] == ["roles.yaml"]
    assert [line[0] for line in proposal.diff.splitlines() if line[0] in "+-"] == list("-+-+")
    assert proposal.findings == ()
    assert house.text("roles.yaml") == before
    saved = house.saves(MANAGER, message="Ana leads now")
    assert isinstance(saved, Saved)
    assert house.text("roles.yaml") == before.replace("salesperson", "manager", 1)
    assert house.parts.active().policy.employee(ANA).role is Role.MANAGER
    assert house.parts.active().hash == saved.hash


def test_the_history_says_who_when_why_and_what(house: Desk) -> None:
    saved = house.saves(MANAGER, LABEL, message="Ana leads now")
    assert isinstance(saved, Saved)
    last, first = house.history
    assert (last.id, last.actor, last.way, last.message) == (
        saved.number,
        LUIS.actor,
        "page",
        "Ana leads now",
    )
    assert (first.actor, first.way) == ("", "hand")
    assert {n for n in last.manifest if last.manifest[n] != first.manifest[n]} == {
        "roles.yaml",
        "routing.yaml",
    }
    with reading(house.parts.engine) as db:
        line = find(db, Wanted(deed="config_changed"))[0]
        by_hand = find(db, Wanted(deed="config_activated"))
    assert (line.actor, line.object) == (LUIS.actor, f"config:{saved.number}")
    assert line.detail == "roles.yaml, routing.yaml"
    assert [(one.actor, one.object) for one in by_hand] == [("", "config:1")]


def test_what_is_changed_by_hand_is_in_the_history_too(house: Desk) -> None:
    path = house.path / "roles.yaml"
    path.write_text(path.read_text() + "# a note\n")
    house.takes()
    house.takes()
    assert [(kept.way, kept.actor) for kept in house.history] == [("hand", ""), ("hand", "")]


def test_going_back_is_a_change_like_any_other(house: Desk) -> None:
    former = house.text("roles.yaml")
    house.saves(MANAGER)
    back = propose_return(house.parts, folder_now(house.parts), house.history[-1].id)
    assert "+  ana@acme.example: {role: salesperson" in back.diff
    first = house.history[-1].id
    assert isinstance(save(house.parts, back, Change(who=LUIS, back_to=first)), Saved)
    assert house.text("roles.yaml") == former
    assert [kept.back_to for kept in house.history] == [first, None, None]
    with pytest.raises(LookupError, match="no change 99"):
        propose_return(house.parts, folder_now(house.parts), 99)


def test_a_file_that_moved_is_not_overwritten(house: Desk) -> None:
    proposal = house.proposes(MANAGER)
    moved = house.text("roles.yaml").replace("who may what", "who may do what")
    (house.path / "roles.yaml").write_text(moved)
    answer = save(house.parts, proposal, Change(who=LUIS))
    assert isinstance(answer, Moved)
    assert [file.after for file in answer.files] == [moved.encode()]
    assert house.text("roles.yaml") == moved
    house.takes()
    assert isinstance(house.saves(MANAGER), Saved)
    assert house.text("roles.yaml") == moved.replace("salesperson", "manager", 1)


@pytest.mark.parametrize("change", ["a new file", "a file less"])
def test_a_folder_with_other_files_has_moved(house: Desk, change: str) -> None:
    proposal = house.proposes(MANAGER)
    if change == "a new file":
        (house.path / "media.yaml").write_text("media: {}\n")
    else:
        (house.path / "routing.yaml").unlink()
    assert isinstance(save(house.parts, proposal, Change(who=LUIS)), Moved)


def test_two_at_once_are_not_both_right(house: Desk) -> None:
    files = folder_now(house.parts)
    proposals = [propose(house.parts, files, [edit]) for edit in (MANAGER, LABEL)]
    answers: list[object] = []
    threads = [
        threading.Thread(target=lambda p=p: answers.append(save(house.parts, p, Change(who=LUIS))))
        for p in proposals
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(type(answer).__name__ for answer in answers) == ["Moved", "Saved"]
    assert len(house.history) == 2


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        (Put(("employees", ANA, "role"), "boss"), Code.WRONG_VALUE),
        (Put(("default", "employee"), "x@y.example"), Code.UNKNOWN_EMPLOYEE),
        (Put(("accounts", "crm-main", "secrets", "token"), "OTHER_TOKEN"), Code.SECRET_NOT_SET),
        (Put(("channels", "wa", "label"), "xoxb-1234"), Code.SECRET_IN_YAML),
        (Remove(("employees", "luis@acme.example")), Code.UNKNOWN_EMPLOYEE),
    ],
)
def test_what_is_wrong_is_not_saved(house: Desk, edit: Edit, code: Code) -> None:
    before = {path.name: path.read_bytes() for path in house.path.iterdir()}
    proposal = house.proposes(edit)
    assert code in {finding.code for finding in proposal.errors}
    answer = save(house.parts, proposal, Change(who=LUIS))
    assert isinstance(answer, Refused)
    assert answer.obstacle is Obstacle.INVALID
    assert "xoxb" not in answer.detail
    assert {path.name: path.read_bytes() for path in house.path.iterdir()} == before


def test_a_failing_test_is_saved_only_when_that_is_said(house: Desk) -> None:
    proposal = house.proposes(Put(("rules", 0, "to", 0, "employee"), "luis@acme.example"))
    answer = save(house.parts, proposal, Change(who=LUIS))
    assert isinstance(answer, Refused)
    assert answer.obstacle is Obstacle.TESTS
    assert isinstance(save(house.parts, proposal, Change(who=LUIS, despite_tests=True)), Saved)


def test_what_changes_nothing_is_not_saved(house: Desk) -> None:
    answer = house.saves(Put(("employees", ANA, "role"), "salesperson"))
    assert isinstance(answer, Refused)
    assert answer.obstacle is Obstacle.NOTHING
    assert len(house.history) == 1


def test_a_broken_file_can_be_mended_here_and_the_last_good_one_stays(house: Desk) -> None:
    """CFG: somebody broke the YAML by hand."""
    good = house.parts.active().hash
    text = house.text("roles.yaml")
    (house.path / "roles.yaml").write_text("employees: [\n")
    with pytest.raises(ConfigError):
        house.takes()
    assert house.parts.active().hash == good
    files = folder_now(house.parts)
    with pytest.raises(NotEditable):
        propose(house.parts, files, [MANAGER])
    broken = propose_texts(house.parts, files, {"routing.yaml": b"# nothing\n"})
    assert broken.errors[0].place.endswith("roles.yaml:2:1")
    mended = propose_texts(house.parts, files, {"roles.yaml": text.encode()})
    assert isinstance(save(house.parts, mended, Change(who=LUIS)), Saved)
    assert house.parts.active().hash == good


@pytest.mark.parametrize("name", ["../roles.yaml", ".roles.yaml", "roles.yml", "a/b.yaml", ""])
def test_files_have_the_names_of_files_in_the_folder(house: Desk, name: str) -> None:
    with pytest.raises(NotEditable, match="a file is named"):
        propose_texts(house.parts, folder_now(house.parts), {name: b""})


def test_where_the_folder_is_elsewhere_the_change_can_still_be_looked_at(house: Desk) -> None:
    house.path.rename(house.path.with_name("gone"))
    proposal = house.proposes(MANAGER)
    assert "+  ana@acme.example: {role: manager" in proposal.diff
    answer = save(house.parts, proposal, Change(who=LUIS))
    assert isinstance(answer, Refused)
    assert answer.obstacle is Obstacle.NOT_HERE
    assert "download the change" in answer.detail


def test_a_copy_of_the_folder_that_is_not_in_use_is_left_alone(house: Desk) -> None:
    """Of two machines with a folder each, only the one whose folder is active writes."""
    elsewhere = desk(house.house, house.path.with_name("other"))
    assert isinstance(elsewhere.saves(MANAGER), Saved)
    answer = house.saves(LABEL)
    assert isinstance(answer, Refused)
    assert answer.obstacle is Obstacle.NOT_ACTIVE


def test_a_folder_that_can_not_be_written_says_so(
    house: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(*args: object, **kwargs: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", read_only)
    answer = house.saves(MANAGER)
    assert isinstance(answer, Refused)
    assert (answer.obstacle, "Read-only file system" in answer.detail) == (Obstacle.NOT_HERE, True)
    assert [path.name for path in house.path.glob(".*")] == []


def test_a_linked_file_is_not_replaced_by_one_of_its_own(house: Desk) -> None:
    real = house.path.with_name("roles.real")
    (house.path / "roles.yaml").rename(real)
    (house.path / "roles.yaml").symlink_to(real)
    answer = house.saves(MANAGER)
    assert isinstance(answer, Refused)
    assert "is a link" in answer.detail
    assert (house.path / "roles.yaml").is_symlink()


def test_a_disk_that_fills_between_two_files_leaves_both_as_they_were(
    house: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {name: house.text(name) for name in ("roles.yaml", "routing.yaml")}
    replaced: list[str] = []
    real = Path.replace

    def full(path: Path, target: Path) -> Path:
        if target.name == "routing.yaml" and not replaced:
            replaced.append(target.name)
            raise OSError(28, "No space left on device")
        return real(path, target)

    monkeypatch.setattr(Path, "replace", full)
    answer = house.saves(MANAGER, LABEL)
    assert isinstance(answer, Refused)
    assert "No space left" in answer.detail
    assert {name: house.text(name) for name in before} == before
    assert [path.name for path in house.path.glob(".*")] == []
    assert len(house.history) == 1


def killed(work: Callable[[], object], at: Callable[[], object]) -> None:
    """The work in a process of its own, which kills itself where `at` says."""
    pid = os.fork()
    if pid == 0:
        try:
            at()
            work()
        finally:
            os._exit(1)
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status)


def kill_at_rename(number: int) -> None:
    real, seen = Path.replace, [0]

    def renamed(path: Path, target: Path) -> Path:
        seen[0] += 1
        if seen[0] == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(path, target)

    setattr(Path, "replace", renamed)  # noqa: B010 - a method is nothing to assign to


# 1 is the journal's own; 2 and 3 are the files'.
@pytest.mark.parametrize(("number", "done"), [(1, False), (2, True), (3, True)])
def test_a_process_killed_between_two_files_leaves_a_whole_change_or_none(
    house: Desk, number: int, done: bool
) -> None:
    before = {name: house.text(name) for name in ("roles.yaml", "routing.yaml")}
    proposal = house.proposes(MANAGER, LABEL)
    wanted = {file.name: (file.after or b"").decode() for file in proposal.files}
    change = Change(who=LUIS, message="both")
    house.parts.engine.dispose()
    killed(lambda: save(house.parts, proposal, change), lambda: kill_at_rename(number))
    house.takes()
    assert {name: house.text(name) for name in before} == (wanted if done else before)
    assert [kept.message for kept in house.history] == (["both", ""] if done else [""])
    with reading(house.parts.engine) as db:
        told = find(db, Wanted(deed="config_changed"))
    assert [line.actor for line in told] == ([LUIS.actor] if done else [])
    assert not (house.path / JOURNAL).exists()
    assert isinstance(house.saves(Put(("default", "employee"), ANA)), Saved)
    assert [path.name for path in house.path.glob(".*")] == []


def test_an_interrupted_change_is_reported_where_somebody_edited_meanwhile(house: Desk) -> None:
    proposal = house.proposes(MANAGER, LABEL)
    house.parts.engine.dispose()
    killed(
        lambda: save(house.parts, proposal, Change(who=LUIS)),
        lambda: kill_at_rename(3),
    )
    (house.path / "routing.yaml").write_text(BY_HAND)
    with pytest.raises(ConfigError, match=r"interrupted.*then remove .*\.bridge-change\.json"):
        house.takes()
    answer = house.saves(Put(("default", "employee"), ANA))
    assert isinstance(answer, Refused)
    assert house.text("routing.yaml") == BY_HAND
    (house.path / JOURNAL).unlink()
    house.takes()


@pytest.mark.parametrize("text", ["", "[]", "{", json.dumps({"steps": [{}]})])
def test_a_journal_that_nobody_can_read_is_reported(house: Desk, text: str) -> None:
    (house.path / JOURNAL).write_text(text)
    with pytest.raises(ConfigError, match="then remove it"):
        house.takes()


def test_whoever_takes_the_folder_waits_for_who_writes_it(house: Desk) -> None:
    """No process ever runs by one file of two."""
    seen: set[str] = {house.parts.active().hash}
    stop = threading.Event()

    def takes() -> None:
        while not stop.is_set():
            seen.add(house.takes().hash)

    thread = threading.Thread(target=takes)
    thread.start()
    saved = {house.parts.active().hash}
    for label in ("one", "two", "three"):
        answer = house.saves(
            Put(("employees", ANA, "role"), "manager" if label == "two" else "salesperson"),
            Put(("rules", 0, "label"), label),
        )
        assert isinstance(answer, Saved)
        saved.add(answer.hash)
    stop.set()
    thread.join()
    assert seen <= saved


def test_permissions_of_a_file_stay(house: Desk) -> None:
    (house.path / "roles.yaml").chmod(0o640)
    assert isinstance(house.saves(MANAGER), Saved)
    assert (house.path / "roles.yaml").stat().st_mode & 0o777 == 0o640


def test_what_has_no_file_yet_gets_the_one_that_it_belongs_in(house: Desk) -> None:
    proposal = house.proposes(Put(("plans",), {}), Put(("retention",), {}))
    assert [file.name for file in proposal.files] == ["plans.yaml", "routing.yaml"]


def test_rules_are_added_and_moved(house: Desk) -> None:
    rule = frozen({"id": "es", "when": {"country": "ES"}, "to": [{"employee": ANA}]})
    answer = house.saves(AddItem(("rules",), rule), MoveItem(("rules", 1), 0))
    assert isinstance(answer, Saved)
    assert [rule.id for rule in house.parts.active().policy.rules] == ["es", "mx"]
    assert "  # Mexico\n" in house.text("routing.yaml")


def test_a_secret_that_is_not_set_is_no_reason_to_be_stuck(house: Desk) -> None:
    """The active configuration is the last good one, and the folder another: it can be mended."""
    path = house.path / "accounts.yaml"
    path.write_text(path.read_text().replace("CHAT_KEY", "NEW_KEY"))
    with pytest.raises(ConfigError):
        house.takes()
    mending = Put(("accounts", "chat-main", "secrets", "api_key"), "CHAT_KEY")
    assert isinstance(house.saves(mending), Saved)


def test_a_house_without_a_folder_refuses(house: Desk) -> None:
    without = replace(house.parts, folder=None)
    files = folder_now(without)
    proposal = propose_texts(without, files, {"roles.yaml": b"# nothing\n"})
    answer = save(without, proposal, Change(who=LUIS, despite_tests=True))
    assert isinstance(answer, Refused)
