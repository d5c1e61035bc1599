"""Lists to Wazzup, 100 per call: it refuses a whole call for one bad item (WS-12)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bridge.domain.errors import OutcomeUnknown
from bridge.ports import Rejected
from connectors.http import Http, HttpAnswer
from connectors.wazzup.client import error_body, error_code, write
from connectors.wazzup.reading import safe_word

PER_CALL = 100
Item = Mapping[str, Any]


class Bulk:
    """One kind of record, by its path. Of two items with one id the last counts: Wazzup answers
    500 to a call with both.

    Calls raise DeliveryTransient, OutcomeUnknown or CredentialsInvalid; doing it again does no
    harm.
    """

    def __init__(self, http: Http, path: str) -> None:
        self._http = http
        self._path = path

    def put(self, items: Sequence[Item]) -> dict[str, Rejected]:
        """What was refused, by id: the bad items are named and the rest is sent again."""
        unique = tuple({str(item["id"]): item for item in items}.values())
        return dict(self._put_all(unique))

    def drop(self, ids: Sequence[str]) -> dict[str, Rejected]:
        """In bulk; the ids that are not there come back and are no mistake."""
        return dict(self._drop_all(tuple(dict.fromkeys(ids))))

    def _put_all(self, items: Sequence[Item]) -> Iterator[tuple[str, Rejected]]:
        for start in range(0, len(items), PER_CALL):
            yield from self._put(items[start : start + PER_CALL])

    def _put(self, items: Sequence[Item]) -> Iterator[tuple[str, Rejected]]:
        """The refused of one batch; what Wazzup does not point at is found by halving."""
        if not items:
            return
        answer = told(self._http, "POST", self._path, list(items))
        if answer.status < 300:
            return
        bad = pointed_at(answer, len(items)) or (frozenset({0}) if len(items) == 1 else None)
        if bad is None:
            middle = len(items) // 2
            yield from self._put(items[:middle])
            yield from self._put(items[middle:])
            return
        why = refusal(f"POST {self._path}", answer)
        yield from ((str(items[n]["id"]), why) for n in sorted(bad))
        yield from self._put([item for n, item in enumerate(items) if n not in bad])

    def _drop_all(self, ids: Sequence[str]) -> Iterator[tuple[str, Rejected]]:
        path = f"{self._path}/bulk_delete"
        for start in range(0, len(ids), PER_CALL):
            some = ids[start : start + PER_CALL]
            answer = told(self._http, "PATCH", path, list(some))
            if answer.status >= 300:
                yield from ((one, refusal(f"PATCH {path}", answer)) for one in some)


def told(http: Http, method: str, path: str, body: Any = None) -> HttpAnswer:
    """As `write`. What a proxy says in its place is no answer."""
    answer = write(http, method, path, body)
    if answer.body.lstrip().startswith(b"<"):
        raise OutcomeUnknown(f"wazzup: {method} {path}: HTTP {answer.status} with a web page")
    return answer


def pointed_at(answer: HttpAnswer, count: int) -> frozenset[int]:
    """The indexes in `data: [{index, fields}]` of INVALID_…_DATA; empty when it has none."""
    data = error_body(answer).get("data")
    items = data if isinstance(data, list) else []
    found = (item.get("index") for item in items if isinstance(item, dict))
    return frozenset(n for n in found if type(n) is int and 0 <= n < count)


def refusal(operation: str, answer: HttpAnswer) -> Rejected:
    code = safe_word(error_code(answer) or f"HTTP_{answer.status}")
    return Rejected(reason=code, detail=f"wazzup: {operation}: HTTP {answer.status} {code}")
