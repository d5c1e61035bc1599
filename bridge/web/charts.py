"""Charts as SVG: drawn here, coloured by classes, read out by title and description."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, log10

from markupsafe import Markup

_WIDTH, _HEIGHT = 720, 220
_LEFT, _BOTTOM, _TOP = 44, 26, 12
_LINES = 4  # at most, across the chart
_LABELS = 8  # at most, below it
_HALF_A_WORD = 36  # as wide as it is on a phone
_SVG = Markup(
    '<svg class="chart" viewBox="0 0 {width} {height}" role="img" aria-labelledby="{id}-t {id}-d">'
    '<title id="{id}-t">{title}</title><desc id="{id}-d">{said}</desc>{inside}</svg>'
)
_LINE = Markup('<line class="chart-line" x1="{left}" x2="{right}" y1="{y}" y2="{y}"/>')
_SCALE = Markup('<text class="chart-word end" x="{x}" y="{y}">{word}</text>')
_WORD = Markup('<text class="chart-word middle" x="{x}" y="{y}">{word}</text>')
_BAR = Markup(
    '<rect class="chart-{tone}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
    ' rx="1.5"><title>{said}</title></rect>'
)
_PART = Markup(
    '<rect class="chart-{tone}" x="{x:.2f}" y="0" width="{width:.2f}" height="10">'
    "<title>{said}</title></rect>"
)
_STRIP = Markup(
    '<svg class="strip" viewBox="0 0 100 10" preserveAspectRatio="none" role="img"'
    ' aria-label="{said}">{inside}</svg>'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """`tone` is the class of its colour: a, b, good, warn, bad or none."""

    name: str
    tone: str
    values: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """`said` is what a reader hears of it, and sees when he points at it."""

    tone: str
    amount: float
    said: str


def columns(
    id: str, title: str, said: str, labels: Sequence[str], series: Sequence[Series]
) -> Markup:
    """Columns side by side for each label; `said` tells in words what there is to see."""
    top = _top(max((value for one in series for value in one.values), default=0))
    inside = Markup("").join((*_scale(top), *_words(labels), *_columns(labels, series, top)))
    return _SVG.format(id=id, width=_WIDTH, height=_HEIGHT, title=title, said=said, inside=inside)


def strip(said: str, parts: Sequence[Part]) -> Markup:
    """One bar of parts of a whole; nothing where the whole is nothing."""
    whole = sum(part.amount for part in parts)
    if whole <= 0:
        return Markup("")
    return _STRIP.format(said=said, inside=Markup("").join(_parts(parts, whole)))


def bar(said: str, share: float, tone: str = "a") -> Markup:
    """A share (0 to 1) of the whole width."""
    filled = min(max(share, 0.0), 1.0)
    rest = Part(tone="rest", amount=1 - filled, said="")
    return strip(said, (Part(tone=tone, amount=filled, said=said), rest))


def _parts(parts: Sequence[Part], whole: float) -> Iterator[Markup]:
    at = 0.0
    for part in parts:
        width = 100 * part.amount / whole
        if width > 0:
            yield _PART.format(tone=part.tone, x=at, width=width, said=part.said)
        at += width


def _top(most: int) -> int:
    """The round number that a chart ends with: at least as much as its highest column."""
    if most <= _LINES:
        return _LINES
    step = int(10 ** int(log10(most / _LINES)))
    fitting = (step * times for times in (1, 2, 2.5, 5, 10) if step * times * _LINES >= most)
    return ceil(next(fitting)) * _LINES


def _scale(top: int) -> Iterator[Markup]:
    for number in range(_LINES + 1):
        y = _y(top * number / _LINES, top)
        yield _LINE.format(left=_LEFT, right=_WIDTH, y=f"{y:.1f}")
        yield _SCALE.format(x=_LEFT - 6, y=f"{y + 4:.1f}", word=top * number // _LINES)


def _words(labels: Sequence[str]) -> Iterator[Markup]:
    """Only as many as there is room for, the last one among them."""
    every = max(1, ceil(len(labels) / _LABELS))
    for place, label in enumerate(labels):
        if (len(labels) - 1 - place) % every == 0:
            x = _LEFT + _room(labels) * (place + 0.5)
            at_end = x > _WIDTH - _HALF_A_WORD
            made = _SCALE if at_end else _WORD
            yield made.format(x=_WIDTH if at_end else f"{x:.1f}", y=_HEIGHT - 6, word=label)


def _columns(labels: Sequence[str], series: Sequence[Series], top: int) -> Iterator[Markup]:
    room = _room(labels)
    width = room * 0.8 / max(1, len(series))
    for place, label in enumerate(labels):
        for number, one in enumerate(series):
            if value := one.values[place]:
                y = _y(value, top)
                yield _BAR.format(
                    tone=one.tone,
                    x=_LEFT + room * (place + 0.1) + width * number,
                    y=y,
                    width=width,
                    height=_HEIGHT - _BOTTOM - y,
                    said=f"{label}: {one.name} {value}",
                )


def _room(labels: Sequence[str]) -> float:
    return (_WIDTH - _LEFT) / max(1, len(labels))


def _y(value: float, top: int) -> float:
    return _HEIGHT - _BOTTOM - (_HEIGHT - _BOTTOM - _TOP) * value / top
