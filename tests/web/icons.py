"""Writes `static/icons.svg` anew from Tabler's icons: `python -m tests.web.icons FOLDER [NAME…]`.

FOLDER is `icons/outline` of the npm package @tabler/icons (MIT); without names those that are in
use stay, with names these come beside them.
"""

import re
import sys
from pathlib import Path

SPRITE = Path(__file__).parents[2] / "bridge" / "web" / "static" / "icons.svg"
_SYMBOL = re.compile(r'<symbol id="([^"]+)"')
_FRAME = re.compile(r'<path stroke="none" d="M0 0h24v24H0z" fill="none" ?/>')
_HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg">'
    "<!-- Tabler Icons, (c) Pawel Kuna, MIT licence: vendor/tabler/LICENSE-icons -->\n"
)


def names() -> list[str]:
    """Of the icons that pages may show."""
    return _SYMBOL.findall(SPRITE.read_text()) if SPRITE.exists() else []


def symbol(folder: Path, name: str) -> str:
    inner = re.sub(r"(?s)^.*?<svg.*?>|</svg>.*$", "", (folder / f"{name}.svg").read_text())
    drawn = " ".join(_FRAME.sub("", inner).split())
    return f'<symbol id="{name}" viewBox="0 0 24 24">{drawn}</symbol>\n'


def main() -> None:
    folder, wanted = Path(sys.argv[1]), sorted({*names(), *sys.argv[2:]})
    SPRITE.write_text(_HEAD + "".join(symbol(folder, name) for name in wanted) + "</svg>\n")


if __name__ == "__main__":
    main()
