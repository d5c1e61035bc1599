"""Whether the folder has changed."""

import os
import time
from pathlib import Path

import pytest

from bridge.policy.following import changed, state_of
from tests.policy.building import written

LONG_AGO_NS = 1_700_000_000_000_000_000


def aged(folder: Path) -> Path:
    for path in folder.iterdir():
        os.utime(path, ns=(LONG_AGO_NS, LONG_AGO_NS))
    return folder


def test_an_untouched_folder_has_not_changed(tmp_path: Path) -> None:
    folder = aged(written(tmp_path, a="crm: a"))
    assert not changed(folder, state_of(folder))


def test_an_untouched_file_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = aged(written(tmp_path, a="crm: a"))
    last = state_of(folder)
    monkeypatch.setattr(Path, "open", None)
    assert not changed(folder, last)


def test_new_bytes_are_a_change(tmp_path: Path) -> None:
    folder = aged(written(tmp_path, a="crm: a"))
    last = state_of(folder)
    assert changed(written(folder, a="crm: b"), last)


def test_a_file_that_was_only_touched_has_not_changed(tmp_path: Path) -> None:
    folder = aged(written(tmp_path, a="crm: a"))
    last = state_of(folder)
    os.utime(folder / "a.yaml", ns=(time.time_ns(), time.time_ns()))
    assert not changed(folder, last)


def test_a_file_written_twice_in_one_tick_of_the_clock_is_noticed(tmp_path: Path) -> None:
    now = time.time_ns()
    written(tmp_path, a="crm: a")
    os.utime(tmp_path / "a.yaml", ns=(now, now))
    last = state_of(tmp_path)
    written(tmp_path, a="crm: b")
    os.utime(tmp_path / "a.yaml", ns=(now, now))
    assert changed(tmp_path, last)


def test_a_file_that_came_or_went_is_a_change(tmp_path: Path) -> None:
    folder = aged(written(tmp_path, a="crm: a"))
    last = state_of(folder)
    written(folder, b="# more")
    assert changed(folder, last)
    (folder / "b.yaml").unlink()
    assert not changed(folder, last)
    (folder / "a.yaml").unlink()
    assert changed(folder, last)


def test_other_files_do_not_matter(tmp_path: Path) -> None:
    folder = aged(written(tmp_path, a="crm: a"))
    last = state_of(folder)
    (folder / "notes.txt").write_text("x")
    (folder / ".a.yaml.swp").write_text("x")
    assert not changed(folder, last)


def test_a_folder_that_is_gone_is_a_change(tmp_path: Path) -> None:
    folder = written(tmp_path, a="crm: a")
    assert changed(tmp_path / "gone", state_of(folder))
    assert not changed(tmp_path / "gone", state_of(tmp_path / "gone"))


def test_a_file_that_cannot_be_read_is_no_reason_to_stop(tmp_path: Path) -> None:
    folder = written(tmp_path, a="crm: a")
    last = state_of(folder)
    (folder / "a.yaml").unlink()
    (folder / "a.yaml").mkdir()
    assert changed(folder, last)
