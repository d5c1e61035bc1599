"""Configuration that was written to do harm, or by somebody in a hurry: refused with its place,
run by nobody, shown to nobody (S17, S20)."""

import pytest

from tests.cli.commands import Installation

_BOMB = b"a: &a [x, x, x, x, x, x, x, x]\n" + b"".join(
    b"%c: &%c [*%c, *%c, *%c, *%c, *%c, *%c]\n" % ((98 + n, 98 + n) + (97 + n,) * 6)
    for n in range(12)
)
HARMFUL = {
    "a call": (b"!!python/object/apply:os.system ['touch owned']\n", "tags are not allowed"),
    "an object": (b"employees: !!python/object:os._Environ {}\n", "tags are not allowed"),
    "a module": (b"crm: !!python/module:os\n", "tags are not allowed"),
    "a name": (b"crm: !!python/name:os.system\n", "tags are not allowed"),
    "a billion laughs": (_BOMB, "anchors and aliases are not allowed"),
    "a merge": (b"x: {<<: {a: 1}}\n", "unknown key"),
    "ten megabytes": (b"# " + b"x" * 10 * 1024 * 1024, "the file is over 1 MiB"),
    "many values": (b"rules: [" + b"a," * 100_000 + b"]\n", "over 50000 values"),
    "deep lists": (b"rules: " + b"[" * 100_000 + b"\n", "nested over 20 deep"),
    "a key twice": (
        b"default: {employee: a@x.io}\ndefault: {employee: b@x.io}\n",
        "stands already",
    ),
    "an unknown role": (b"employees: {zoe@x.io: {role: root}}\n", "root is not one of salesperson"),
    "a NUL": (b"crm: a\x00b\n", "a character that YAML does not allow"),
    "UTF-16": ("crm: a\n".encode("utf-16"), "not UTF-8"),
    "control letters": (b'crm: "a\\x1b[2Jb"\n', "is not a name"),
}


@pytest.mark.parametrize("harm", HARMFUL)
def test_s20_harm_is_refused_with_its_place(folder: Installation, harm: str) -> None:
    """By the command; processes that run keep the last good configuration."""
    content, said = HARMFUL[harm]
    for path in folder.config.glob("*.yaml"):
        path.unlink()
    (folder.config / "harm.yaml").write_bytes(content)
    told = folder.run("check", code=1).output
    assert said in told
    assert f"{folder.config}/harm.yaml:" in told
    assert "\x1b" not in told
    assert not list(folder.config.parent.rglob("owned"))


@pytest.mark.parametrize(
    "value",
    [
        "pat-eu1-0a1b2c3d-4e5f-6a7b-8c9d",
        "34666777888",
        "+34 666 777 888",
        "Bearer abcdef",
        "a1" * 12,
    ],
)
def test_s17_what_may_be_a_secret_or_a_number_is_not_repeated(
    folder: Installation, value: str
) -> None:
    text = f"crm: {value!r}\nemployees: {{a@x.io: {{role: {value!r}}}}}\n"
    for path in folder.config.glob("*.yaml"):
        path.unlink()
    (folder.config / "all.yaml").write_text(text)
    told = folder.run("check", code=1).output
    assert "this value" in told or "looks like a secret" in told
    assert value not in told
