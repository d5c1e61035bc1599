"""The run as a picture: a panel for each part that was measured."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture

from tests.bench.figures import Figure

BRIDGE, OTHER, LIMIT = "#2a6f97", "#b7b7a4", "#c1121f"
STEPS = ("#014f86", "#2a6f97", "#61a5c2", "#a9d6e5", "#ffb703")
WIDTH, HEIGHT = 7.0, 3.4
By = Mapping[str, Figure]
matplotlib.use("svg")


def draw(figures: Sequence[Figure], path: Path) -> bool:
    """Writes the picture; False when nothing that was measured has a panel."""
    by_key = {figure.key: figure for figure in figures}
    panels = [panel for part, panel in PANELS.items() if any(f.part == part for f in figures)]
    if not panels:
        return False
    matplotlib.rc("font", size=8)
    matplotlib.rc("axes.spines", top=False, right=False)
    matplotlib.rc("svg", hashsalt="bench")
    rows = (len(panels) + 1) // 2
    picture = Picture(figsize=(WIDTH * min(2, len(panels)), HEIGHT * rows), layout="constrained")
    for place, panel in enumerate(panels, start=1):
        panel(picture.add_subplot(rows, min(2, len(panels)), place), by_key)
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.savefig(path, metadata={"Date": None})
    return True


def _receive(axes: Axes, found: By) -> None:
    names = [n for n in ("plain", "floor", "sqlite", "postgresql") if _key(n) in found]
    words = {"plain": "Flask, one HMAC", "floor": "the app, nothing stored"}
    values = [found[_key(name)].value for name in names]
    colours = [OTHER if name in words else BRIDGE for name in names]
    bars = axes.barh([words.get(name, f"on {name}") for name in names], values, color=colours)
    ratios = [found.get(f"receive.{name}.ratio") for name in names]
    labels = [
        f" {value:,.0f}" + ("" if ratio is None else f"   {ratio.value:.2f} of the floor")
        for value, ratio in zip(values, ratios, strict=True)
    ]
    axes.bar_label(bars, labels)
    axes.set(title="Webhooks answered, 32 connections", xlabel="requests/s")
    axes.margins(x=0.35)
    axes.invert_yaxis()


def _key(name: str) -> str:
    return f"receive.{name}.per_second"


def _backlog(axes: Axes, found: By) -> None:
    """Logarithmic: the two are far apart."""
    cases = [key for key in found if key.startswith("backlog.") and key.endswith(".times")]
    labels: list[str] = []
    for place, key in enumerate(cases):
        _, store, delay, _ = key.split(".")
        start = key.removesuffix("times")
        mine, theirs = found[f"{start}per_second"], found[f"{start}obvious_per_second"]
        bars = axes.barh([place - 0.2], [mine.value], 0.38, color=BRIDGE)
        axes.bar_label(bars, [f" {mine.value:,.0f}   {found[key].value:,.0f} times"])
        axes.bar_label(
            axes.barh([place + 0.2], [theirs.value], 0.38, color=OTHER), [f" {theirs.value:.1f}"]
        )
        labels.append(f"{store}\nCRM at {delay.replace('ms', ' ms')}")
    axes.set_yticks(range(len(labels)), labels)
    axes.set(title="Backlog to the CRM: bridge and the obvious program", xlabel="messages/s")
    axes.set_xscale("log")
    axes.margins(x=0.3)
    axes.invert_yaxis()


def _latency(axes: Axes, found: By) -> None:
    """The steps from the webhook's arrival on; the first of them is over at the 200."""
    cases = [key for key in found if key.startswith("latency.") and key.endswith(".step0")]
    labels = []
    for place, key in enumerate(cases):
        _, store, delay, _ = key.split(".")
        left = 0.0
        for step, colour in enumerate(STEPS):
            figure = found[f"{key[:-1]}{step}"]
            words = figure.label.rpartition(":   ")[2] if place == 0 else None
            axes.barh([place], [figure.value], left=left, color=colour, label=words)
            left += figure.value
        labels.append(f"{store}\nCRM at {delay.replace('ms', ' ms')}")
    axes.set_yticks(range(len(labels)), labels)
    axes.set(title="One message of a known client, at rest", xlabel="ms, medians of each step")
    axes.legend(fontsize=7, loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=2, frameon=False)
    axes.invert_yaxis()


def _volume(axes: Axes, found: By) -> None:
    keys = ("ratio.cpu", "decide.cpu.ratio", "deliver.cpu.ratio", "receive.cpu.ratio")
    words = ("a message in all", "deciding", "delivering", "receiving")
    values = [found[f"volume.{key}"].value for key in keys]
    bars = axes.barh(words, values, color=BRIDGE)
    axes.bar_label(bars, [f" {value:.2f}" for value in values])
    axes.axvline(1.15, color=LIMIT, linewidth=1)
    axes.set(title="CPU: many messages stored to few", xlabel="times")
    axes.margins(x=0.15)
    axes.invert_yaxis()


def _footprint(axes: Axes, found: By) -> None:
    shown = {
        figure.label.removesuffix(": its share"): figure.value
        for key, figure in found.items()
        if key.startswith("memory.") and key.endswith(".pss")
    }
    bars = axes.barh(list(shown), list(shown.values()), color=BRIDGE)
    axes.bar_label(bars, [f" {value:.0f}" for value in shown.values()])
    axes.set(title="Memory, shared pages by their share", xlabel="MB")
    axes.margins(x=0.15)
    axes.invert_yaxis()


PANELS: Mapping[str, Callable[[Axes, By], None]] = {
    "a": _receive,
    "b": _backlog,
    "c": _latency,
    "d": _volume,
    "e": _footprint,
}
