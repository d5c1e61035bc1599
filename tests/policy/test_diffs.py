"""Differences of files: what is shown line by line, and the same as a patch that can be applied."""

import shutil
import subprocess
from pathlib import Path

import pytest

from bridge.policy.diffs import Sign, hunks, unified

A, AB, GAP = b"one: 1\n", b"one: 1\ntwo: 2\n", b"one: 1\n\ntwo: 2\n"
TEXTS = [b"", b"\n", b"one: 1", A, AB, GAP, b"one: 1\r\ntwo: 2\r\n", b"zero: 0\n" + AB, b"two: 2\n"]


def signs(before: bytes | None, after: bytes | None) -> list[tuple[Sign, str]]:
    return [(line.sign, line.text) for hunk in hunks(before, after) for line in hunk.lines]


def test_a_last_line_with_a_break_stays_the_same_when_others_follow() -> None:
    assert signs(A, GAP) == [(Sign.KEPT, "one: 1"), (Sign.ADDED, ""), (Sign.ADDED, "two: 2")]
    assert signs(GAP, A) == [(Sign.KEPT, "one: 1"), (Sign.REMOVED, ""), (Sign.REMOVED, "two: 2")]
    assert "No newline" not in unified("roles.yaml", A, GAP)


def test_a_break_at_the_end_that_came_or_went_is_a_difference() -> None:
    assert signs(b"one: 1", A) == [(Sign.REMOVED, "one: 1"), (Sign.ADDED, "one: 1")]
    assert unified("roles.yaml", b"one: 1", A).count("\\ No newline at end of file") == 1


def test_new_and_removed_files_are_shown_whole() -> None:
    assert signs(None, AB) == [(Sign.ADDED, "one: 1"), (Sign.ADDED, "two: 2")]
    assert signs(AB, None) == [(Sign.REMOVED, "one: 1"), (Sign.REMOVED, "two: 2")]
    assert unified("roles.yaml", AB, AB) == ""


@pytest.mark.skipif(shutil.which("patch") is None, reason="this machine has no patch")
@pytest.mark.parametrize("before", TEXTS)
@pytest.mark.parametrize("after", TEXTS)
def test_a_patch_makes_the_one_of_the_other(tmp_path: Path, before: bytes, after: bytes) -> None:
    """The change of a page can be downloaded and applied where the folder is."""
    if before == after or not before or not after:
        before, after = b"kept: 1\n" + before, b"kept: 1\nnew: 1\n" + after
    (tmp_path / "roles.yaml").write_bytes(before)
    text = unified("roles.yaml", before, after).encode()
    told = subprocess.run(
        ["patch", "-p1", "--binary", "--batch"],
        cwd=tmp_path,
        input=text,
        capture_output=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout
    assert (tmp_path / "roles.yaml").read_bytes() == after
