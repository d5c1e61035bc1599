"""Edits of YAML: what changes stands where it stood, and every other character is the same."""

import re

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bridge.policy.editing import (
    AddItem,
    Edit,
    MoveItem,
    NotEditable,
    Path,
    Put,
    Remove,
    Rename,
    Value,
    apply,
)
from bridge.policy.editing.edits import frozen, read, written
from bridge.policy.editing.plain import edited, plain

ROLES = """\
# who may what

employees:
  ana@acme.example:
    role: salesperson   # since May
    # Her first message leaves from here.
    priority_channel: {whatsapp: wa-sales}

  luis@acme.example: {role: manager}  # all channels

  # He looks at all.
  qa@acme.example: {role: quality_control}
"""
RULES = """\
rules:
  # Mexico first
  - id: mx
    when: {country: MX}
    to:
      - {pool: north}   # in turn
      - {employee: ana@acme.example}

  # then Spain
  - id: es
    to: [{pool: north}]
  # the rest
  - {id: rest, to: [{pool: south}]}
pools:
  north: [ana@acme.example, luis@acme.example]  # two
"""


def changed(text: str, *edits: Edit) -> str:
    return apply(text.encode(), edits).decode()


def path_of(words: str) -> Path:
    return tuple(int(word) if word.isdigit() else word for word in words.split("/"))


@pytest.mark.parametrize(
    ("text", "path", "made"),
    [
        ("a: {b: c} # d", "a/b", "a: {b: x} # d"),
        ("a:\n  b: c # d\n", "a/b", "a:\n  b: x # d\n"),
        ("a: {c: d}", "a/b", "a: {c: d, b: x}"),
        ("a: {c: d, # e\n}", "a/b", "a: {c: d, b: x, # e\n}"),
        ("a: {}", "a/b", "a: {b: x}"),
        ("a:", "a/b", "a: {b: x}"),
        ("a: # why\nz: 1", "a/b", "a: {b: x} # why\nz: 1"),
        ("a:\n  # why\n  c: d\n", "a/b", "a:\n  # why\n  c: d\n  b: x\n"),
        ("a:\n  c: d", "a/b", "a:\n  c: d\n  b: x"),
        ("a:\n  c: d # e\n\n# f\ng: h\n", "a/b", "a:\n  c: d # e\n  b: x\n\n# f\ng: h\n"),
        ("a:\n  c:\n    d: e\n", "a/b", "a:\n  c:\n    d: e\n  b: x\n"),
        ("z: 1\n", "a/b/c", "z: 1\n\na:\n  b: {c: x}\n"),
        ("# nothing yet\n", "a", "# nothing yet\na: x\n"),
        ("", "a", "a: x\n"),
        ('a: {b: "c"}', "a/b", "a: {b: x}"),
        ("a: {b: 'c'}\r\nd: e\r\n", "a/b", "a: {b: x}\r\nd: e\r\n"),
        ("a:\r\n  b: c\r\n", "a/d", "a:\r\n  b: c\r\n  d: x\r\n"),
        ("\ufeffa: {b: c}", "a/b", "\ufeffa: {b: x}"),
        ("ä: {b: c}", "ä/b", "ä: {b: x}"),
        ("a: |\n  b\n  c\n\n# d\ne: f\n", "a", "a: x\n\n# d\ne: f\n"),
        ("a: >-\n  b\ne: f\n", "e", "a: >-\n  b\ne: x\n"),
        ("a:\n  - b # c\n  - d\n", "a/0", "a:\n  - x # c\n  - d\n"),
        ("a:\n- b\n- c: d\n", "a/1/c", "a:\n- b\n- c: x\n"),
        ("a: [b, c]", "a/1", "a: [b, x]"),
        ("a:\n  b: c\n  d: e\nf: g\n", "a", "a: x\nf: g\n"),
        ("a: # d\n  - b\n  - c\n", "a", "a: x # d\n"),
        ("- a", "0", ""),
    ][:-1],
)
def test_a_value_is_put_where_it_stands(text: str, path: str, made: str) -> None:
    assert changed(text, Put(path_of(path), "x")) == made


@pytest.mark.parametrize(
    ("text", "path", "made"),
    [
        ("a: {b: c, d: e}", "a/b", "a: {d: e}"),
        ("a: {b: c, d: e} # f", "a/d", "a: {b: c} # f"),
        ("a: {b: c}", "a/b", "a: {}"),
        ("a:\n  b: c\n  d: e\n", "a/b", "a:\n  d: e\n"),
        ("a:\n  b: c\n  d: e\nf: g\n", "a/d", "a:\n  b: c\nf: g\n"),
        ("a: # why\n  b: c # so\nd: e\n", "a/b", "a: {} # why\nd: e\n"),
        ("a:\n  - b\n", "a/0", "a: []\n"),
        ("a: [b, c, d]", "a/1", "a: [b, d]"),
        ("a:\n  - b\n  # of c\n  - c\n  - d\n", "a/1", "a:\n  - b\n  - d\n"),
        ("a:\n  # of all\n  - b\n  - c\n", "a/0", "a:\n  # of all\n  - c\n"),
        ("a:\n  # of b\n  - b\n  # of c\n  - c\n", "a/0", "a:\n  # of c\n  - c\n"),
        ("# the file's\na: b\n# of c\nc: d\n", "a", "# the file's\n# of c\nc: d\n"),
        ("a: b\n\nc: d\n\ne: f\n", "c", "a: b\n\ne: f\n"),
        ("a:\n  - b: c\n    d: e\n", "a/0/b", "a:\n  - d: e\n"),
        ("a:\n  - b: c\n    # why\n    d: e\n", "a/0/b", "a:\n  -\n    # why\n    d: e\n"),
        ("a: b\n", "a", ""),
    ],
)
def test_a_key_or_an_item_is_taken_out(text: str, path: str, made: str) -> None:
    assert changed(text, Remove(path_of(path))) == made


def test_what_is_not_there_is_taken_out_of_nothing() -> None:
    with pytest.raises(NotEditable, match=r"there is no a\.x"):
        changed("a: {b: c}", Remove(("a", "x")))


@pytest.mark.parametrize(
    ("text", "at", "made"),
    [
        ("a: [b, c] # d", None, "a: [b, c, x] # d"),
        ("a: [b, c]", 1, "a: [b, x, c]"),
        ("a: []", None, "a: [x]"),
        ("a:", None, "a: [x]"),
        ("b: c\n", None, "b: c\n\na: [x]\n"),
        ("a:\n  - b\n  - c # d\ne: f\n", None, "a:\n  - b\n  - c # d\n  - x\ne: f\n"),
        ("a:\n  - b\n  # of c\n  - c\n", 1, "a:\n  - b\n  - x\n  # of c\n  - c\n"),
        ("a:\n- b\n- c\n", 0, "a:\n- x\n- b\n- c\n"),
        ("a:\n  - b\n\n  - c\n", None, "a:\n  - b\n\n  - c\n\n  - x\n"),
        ("a:\n  - b\n\n  - c\n", 0, "a:\n  - x\n\n  - b\n\n  - c\n"),
    ],
)
def test_an_item_is_added_in_its_place(text: str, at: int | None, made: str) -> None:
    assert changed(text, AddItem(("a",), "x", at)) == made


def test_a_rule_is_written_as_people_write_one() -> None:
    rule = frozen(
        {
            "id": "ar",
            "label": "Argentina goes south",
            "when": {"client": "new", "country": "AR"},
            "to": [{"pool": "south", "method": "in_turn"}, {"employee": "ana@acme.example"}],
        }
    )
    added = (
        "  - id: ar\n"
        "    label: Argentina goes south\n"
        "    when: {client: new, country: AR}\n"
        "    to:\n"
        "      - {pool: south, method: in_turn}\n"
        "      - {employee: ana@acme.example}\n"
    )
    before, after = RULES.split("  # then Spain\n")
    assert changed(RULES, AddItem(("rules",), rule, 1)) == (
        before + added + "  # then Spain\n" + after
    )


def test_an_employee_is_added_like_the_last_one() -> None:
    new = frozen({"role": "salesperson", "channels": ["wa-sales"], "gets_new_clients": True})
    assert changed(ROLES, Put(("employees", "eva@acme.example"), new)) == ROLES + (
        "\n  eva@acme.example: {role: salesperson, channels: [wa-sales], gets_new_clients: true}\n"
    )


def test_of_a_whole_rule_only_what_differs_is_written_anew() -> None:
    rule = frozen(
        {
            "id": "mx",
            "when": {"country": "MX"},
            "to": [{"pool": "south"}, {"employee": "ana@acme.example"}],
        }
    )
    made = RULES.replace("- {pool: north}   # in turn", "- {pool: south}   # in turn")
    assert changed(RULES, Put(("rules", 0), rule)) == made


def test_of_a_list_what_stays_keeps_its_comments() -> None:
    text = "a:\n  - b # of b\n  - c # of c\n  - d # of d\n"
    made = "a:\n  - b # of b\n  - d # of d\n  - e\n"
    assert changed(text, Put(("a",), ("b", "d", "e"))) == made


@pytest.mark.parametrize(
    ("at", "to", "order"), [(0, 1, "es mx rest"), (2, 0, "rest mx es"), (1, 9, "mx rest es")]
)
def test_a_rule_is_moved_with_its_comment(at: int, to: int, order: str) -> None:
    made = changed(RULES, MoveItem(("rules", at), to))
    assert [rule["id"] for rule in yaml.load(made, Loader=yaml.BaseLoader)["rules"]] == (
        order.split()
    )
    assert sorted(made.splitlines()) == sorted(RULES.splitlines())
    for comment, follows in (("Mexico first", "id: mx"), ("then Spain", "id: es")):
        assert follows in made.split(comment)[1].splitlines()[1]


def test_an_item_between_brackets_and_a_key_are_moved() -> None:
    assert changed("a: [b, c,  d] # e", MoveItem(("a", 2), 0)) == "a: [d, b,  c] # e"
    assert changed("a: b # c\nd: e", MoveItem(("d",), 0)) == "d: e\na: b # c"


def test_a_key_gets_another_name_where_it_stands() -> None:
    made = changed(ROLES, Rename(("employees", "ana@acme.example"), "anna@acme.example"))
    assert made == ROLES.replace("ana@", "anna@")
    with pytest.raises(NotEditable, match="is there already"):
        changed(ROLES, Rename(("employees", "ana@acme.example"), "qa@acme.example"))


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("a: b # c\nd: e\n", "a: # c\n  - {f: g, h: [i]}\n  - j\nd: e\n"),
        ("a:\n  b: c\nd: e\n", "a:\n  - {f: g, h: [i]}\n  - j\nd: e\n"),
        ("a: {b: c}\n", "a:\n  - {f: g, h: [i]}\n  - j\n"),
    ],
)
def test_a_value_becomes_a_list_in_its_place(text: str, made: str) -> None:
    value = frozen([{"f": "g", "h": ["i"]}, "j"])
    assert yaml.safe_load(changed(text, Put(("a",), value))) == yaml.safe_load(made)
    assert changed(text, Put(("a",), value)).endswith(
        text.partition("\n")[2].removeprefix("  b: c\n")
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &x {b: c}\nd: *x\n", "anchors and aliases are not allowed"),
        ("a: {<<: *x}\n", "anchors and aliases"),
        ("a: !!str b\n", "tags are not allowed"),
        ("a: [\n", "not YAML"),
        ("a: b\na: c\n", "stands already"),
        ("- a\n", "no keys"),
        ("a: b\n---\nc: d\n", "second document"),
        ("a: b\rc: d\n", "line breaks"),
        ("a:\n\t- b\n", "tab"),
    ],
)
def test_what_can_not_be_changed_safely_is_refused(text: str, said: str) -> None:
    with pytest.raises(NotEditable, match=said):
        changed(text, Put(("a",), "x"))


def test_what_is_not_utf8_is_refused() -> None:
    with pytest.raises(NotEditable, match="UTF-8"):
        apply(b"a: \xff", [Put(("a",), "x")])


@pytest.mark.parametrize(
    "edit",
    [
        Put(("a", "c"), "x"),
        Put(("a", 7), "x"),
        AddItem(("d",), "x"),
        MoveItem(("a", 7), 0),
        Rename(("a", 0), "x"),
        Remove(("a", "b")),
        Put(("a", 0), "\ud800"),
        Put(("d" * 2000, "x"), "y"),
    ],
)
def test_a_path_that_leads_nowhere_is_refused(edit: Edit) -> None:
    with pytest.raises(NotEditable):
        changed("a: [b]\nd: {e: f}\n", edit)


@pytest.mark.parametrize(
    "value",
    ["@x", "a: b", "#", '"', "tom & co", "ñ", "", "x\ny", " a", "- b", "a #b", "a\\", "~", "[",
     "x\x85y", "\u2028", "😀👩‍👧", "\x07", "\x7f", "yes", "a,b", "it's", "?", "*a", "\ufeff"],
)  # fmt: skip
def test_a_value_is_written_so_that_it_is_read_as_it_was(value: str) -> None:
    for text in ("a: {b: c}", "a:\n  b: c\n", "a: []"):
        made = changed(text, Put(("a",), {"b": value, value or "x": (value,)}))
        says = yaml.load(made, Loader=yaml.BaseLoader)
        assert says["a"] == {"b": value, value or "x": [value]}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{}", "a list"),
        ("[1]", "`do`"),
        ("[", "not JSON"),
        ('[{"do": "put", "path": ["a"]}]', "value is missing"),
        ('[{"do": "put", "path": [], "value": "x"}]', "path"),
        ('[{"do": "put", "path": ["a", -1], "value": "x"}]', "number from 0"),
        ('[{"do": "put", "path": ["a"], "value": null}]', "a value has to be"),
        ('[{"do": "put", "path": ["a"], "value": "x", "at": 1}]', "at is not known"),
        ('[{"do": "move", "path": ["a", 1], "to": true}]', "number from 0"),
        ('[{"do": "rename", "path": ["a"], "name": 1}]', "name has to be"),
    ],
)
def test_what_is_no_edit_is_refused(text: str, said: str) -> None:
    with pytest.raises(NotEditable, match=said):
        read(text)


def test_edits_are_kept_as_json() -> None:
    edits = (
        Put(("a", 0), {"b": ("c",)}),
        Remove(("a",)),
        AddItem(("a",), "b"),
        AddItem(("a",), "b", 3),
        MoveItem(("a", 1), 0),
        Rename(("a",), "ñ"),
    )
    assert read(written(edits)) == edits


# Any document that may be edited, written in any of the ways in which people write it.

WORDS = st.text(st.sampled_from("abñ :#-'\"x,{}[]&*!|>%@`\n😀"), max_size=6)
KEYS = st.text(st.sampled_from("abcñ-."), min_size=1, max_size=4)
VALUES: st.SearchStrategy[Value] = st.recursive(
    WORDS,
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
TOPS = st.dictionaries(KEYS, VALUES, min_size=1, max_size=4)


def quoted(draw: st.DrawFn, text: str) -> str:
    flat = "'" + text.replace("'", "''") + "'"
    double = changed("a: b", Put(("a",), f'"{text}'))[3:].replace('\\"', "", 1)
    return draw(st.sampled_from([flat, double])) if "\n" not in text else double


def flow(draw: st.DrawFn, value: Value) -> str:
    match value:
        case str():
            return quoted(draw, value)
        case tuple():
            return f"[{', '.join(flow(draw, each) for each in value)}]"
        case _:
            inside = (f"{quoted(draw, k)}: {flow(draw, v)}" for k, v in value.items())
            return f"{{{', '.join(inside)}}}"


def lines(draw: st.DrawFn, value: Value, column: int) -> list[str]:
    """In lines of its own, each with a comment of its own behind or above it."""
    found = []
    pairs = value.items() if isinstance(value, dict) else ((None, each) for each in value)
    for key, held in pairs:
        head = "-" if key is None else f"{quoted(draw, key)}:"
        note = f"#{draw(st.integers(0, 10**9))}"
        if draw(st.booleans()):
            found.append(" " * column + note + "a")
        if isinstance(held, str) or not held or draw(st.booleans()):
            found.append(f"{' ' * column}{head} {flow(draw, held)}  {note}")
        else:
            inner = column + draw(st.integers(1, 3))
            found.append(f"{' ' * column}{head} {note}")
            found.extend(lines(draw, held, inner))
        if draw(st.integers(0, 3)) == 0:
            found.append("")
    return found


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, Value]:
    top = draw(TOPS)
    end = draw(st.sampled_from(["\n", "\r\n"]))
    text = end.join(lines(draw, top, 0)) + draw(st.sampled_from(["", end]))
    return text, top


def places(value: Value, path: Path = ()) -> list[tuple[Path, Value]]:
    found: list[tuple[Path, Value]] = [(path, value)] if path else []
    if isinstance(value, dict):
        found += [each for k, v in value.items() for each in places(v, (*path, k))]
    elif isinstance(value, tuple):
        found += [each for n, v in enumerate(value) for each in places(v, (*path, n))]
    return found


@st.composite
def edits(draw: st.DrawFn, top: Value) -> Edit:
    path, held = draw(st.sampled_from(places(top)))
    kinds: list[Edit] = [
        Put(path, draw(VALUES)),
        Remove(path),
        MoveItem(path, draw(st.integers(0, 3))),
    ]
    if isinstance(held, tuple):
        kinds.append(AddItem(path, draw(VALUES), draw(st.none() | st.integers(0, 3))))
    if isinstance(held, dict):
        kinds.append(Put((*path, draw(KEYS)), draw(VALUES)))
    return draw(st.sampled_from(kinds))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_whatever_the_document_it_says_what_was_wanted(data: st.DataObject) -> None:
    """Nothing that is asked of a document without anchors and tags is refused either."""
    text, top = data.draw(documents())
    assert plain(yaml.compose(text, Loader=yaml.BaseLoader)) == top
    edit = data.draw(edits(top))
    made = changed(text, edit)
    assert plain(yaml.compose(made, Loader=yaml.BaseLoader) if made.strip() else None) == edited(
        top, edit
    )


def node_at(text: str, path: Path) -> yaml.Node:
    node = yaml.compose(text, Loader=yaml.BaseLoader)
    for step in path:
        assert node is not None
        held = node.value
        node = held[step] if isinstance(step, int) else {k.value: v for k, v in held}[step]
    assert node is not None
    return node


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_new_value_changes_its_own_span_and_nothing_else(data: st.DataObject) -> None:
    text, top = data.draw(documents())
    found = [path for path, held in places(top) if isinstance(held, str)]
    assume(found)
    path = data.draw(st.sampled_from(found))
    node = node_at(text, path)
    start, end = node.start_mark.index, node.end_mark.index
    assume(node.value != "new")
    assert changed(text, Put(path, "new")) == f"{text[:start]}new{text[end:]}"


def in_common(one: str, other: str) -> int:
    """How far both begin alike."""
    pairs = zip(one, other, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_what_is_added_stands_in_one_place_of_the_old_text(data: st.DataObject) -> None:
    text, top = data.draw(documents())
    found = [path for path, held in places(top) if isinstance(held, dict) and held]
    path = data.draw(st.sampled_from([(), *found]))
    made = changed(text, Put((*path, "zz"), data.draw(VALUES)))
    assert in_common(text, made) + in_common(text[::-1], made[::-1]) >= len(text)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_comments_go_only_with_what_they_belong_to(data: st.DataObject) -> None:
    """Of what is removed go those behind it and, where they stand right above, those before."""
    text, top = data.draw(documents())
    path, _ = data.draw(st.sampled_from(places(top)))
    node = node_at(text, path)
    made = changed(text, Remove(path))
    before = text[: node.start_mark.index].split("\n")[:-1]
    while before and re.match(r" *(#|[-'\"])", before[-1]):  # its own key, or comments
        before.pop()
    behind = text[node.end_mark.index :].partition("\n")[2]
    kept = re.findall(r"#\d+a?", "\n".join(before)) + re.findall(r"#\d+a?", behind)
    assert set(kept) <= set(re.findall(r"#\d+a?", made))
