"""The YAML itself: each file with its mistakes beside its lines, to read and to edit as a text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Response, request

from bridge.pipeline.changing.drafts import Content, draft_of
from bridge.pipeline.changing.saving import folder_now, is_here, propose_texts
from bridge.policy.findings import Finding
from bridge.policy.proposing import by_name, digest_of
from bridge.store.keys import Scope
from bridge.web.languages import _
from bridge.web.pages.asking import asked
from bridge.web.pages.settings.reviewing import bare, require_reader, review_content
from bridge.web.pages.visiting import Visit
from bridge.web.problems import not_found

MOST_EDITED = 200 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    number: int
    text: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    name: str
    lines: int
    errors: int
    warnings: int


def show_all(visit: Visit) -> Response:
    require_reader(visit)
    contents, findings = _read(visit)
    return visit.render(
        "settings/files.html",
        files=[_file(name, content, findings) for name, content in contents.items()],
        findings=findings,
        folder=str(visit.site.parts.folder.path) if visit.site.parts.folder else "",
        is_here=is_here(visit.site.parts),
    )


def show(visit: Visit, name: str) -> Response:
    """`?draft=` goes on with a text that was to be reviewed."""
    require_reader(visit)
    return _page(visit, name, _drafted(visit, name))


def edit(visit: Visit, name: str) -> Response:
    visit.principal.require(Scope.ADMIN)
    contents, _findings = _read(visit)
    if name not in contents:
        raise not_found("file")
    before = contents[name].decode("utf-8", "replace")
    text = _with_breaks_of(before, request.form.get("text", ""))
    if text == before:
        return _page(visit, name, text, _("You have changed nothing yet."))
    address = f"/settings/files/{name}"
    return review_content(visit, Content(texts={name: text}, address=address))


def _page(visit: Visit, name: str, typed: str | None, told: str = "") -> Response:
    contents, findings = _read(visit)
    if name not in contents:
        raise not_found("file")
    text = contents[name].decode("utf-8", "replace")
    own = [one for one in findings if _file_of(one) == name]
    return visit.render(
        "settings/file.html",
        name=name,
        rows=_rows(text, own),
        findings=own,
        typed=text if typed is None else typed,
        is_open=typed is not None,
        told=told,
        digest=digest_of(contents),
        can_edit=visit.principal.is_admin and len(contents[name]) <= MOST_EDITED,
        is_large=len(contents[name]) > MOST_EDITED,
    )


def _read(visit: Visit) -> tuple[Mapping[str, bytes], Sequence[Finding]]:
    parts = visit.site.parts
    files = folder_now(parts)
    return by_name(files), bare(propose_texts(parts, files, {}).findings)


def _drafted(visit: Visit, name: str) -> str | None:
    name_of_draft = asked("draft")
    draft = draft_of(visit.site.parts, visit.who, name_of_draft) if name_of_draft else None
    texts = draft.content.texts if draft else None
    return texts.get(name) if texts else None


def _rows(text: str, findings: Sequence[Finding]) -> list[Row]:
    by_line: dict[int, list[Finding]] = {}
    for one in findings:
        by_line.setdefault(_line_of(one), []).append(one)
    return [
        Row(number=n, text=line.rstrip("\r"), findings=tuple(by_line.get(n, ())))
        for n, line in enumerate(text.removesuffix("\n").split("\n"), start=1)
    ]


def _file(name: str, content: bytes, findings: Sequence[Finding]) -> File:
    own = [one.severity.value for one in findings if _file_of(one) == name]
    lines = len(content.splitlines())
    return File(name=name, lines=lines, errors=own.count("error"), warnings=own.count("warning"))


def _file_of(finding: Finding) -> str:
    return finding.place.partition(":")[0]


def _line_of(finding: Finding) -> int:
    line = finding.place.split(":")[1:2]
    return int(line[0]) if line and line[0].isdigit() else 1


def _with_breaks_of(before: str, typed: str) -> str:
    """Browsers send CRLF whatever the file had."""
    text = typed.replace("\r\n", "\n")
    return text.replace("\n", "\r\n") if "\r\n" in before else text
