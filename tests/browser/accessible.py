"""axe-core over a page: what WCAG 2.2 AA says against it, by axe's own rules.

`data/axe.min.js` is that of the npm package axe-core 4.14.1 (MPL-2.0, `data/LICENSE-axe-core`).
"""

from functools import lru_cache
from pathlib import Path

from playwright.sync_api import Page

_AXE = Path(__file__).parent / "data" / "axe.min.js"
_RUN = """() => axe.run(document, {
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  resultTypes: ['violations'],
}).then(found => found.violations
  .filter(one => ['serious', 'critical'].includes(one.impact))
  .flatMap(one => one.nodes.map(node => `${one.id}: ${node.html.slice(0, 200)}`)))"""


@lru_cache
def _source() -> str:
    return _AXE.read_text()


def complaints(page: Page) -> list[str]:
    """What is serious or critical, each with the element it is about."""
    page.evaluate(_source())
    found: list[str] = page.evaluate(_RUN)
    return found
