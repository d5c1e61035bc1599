"""Which browser a session was opened from, in words that fit many: enough to know one's own."""

_FAMILIES = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
_MOST = 1024


def browser_family(user_agent: str) -> str:
    """Such as `Firefox, Linux`; empty where nothing is known of it."""
    known = user_agent[:_MOST]
    found = (_first(known, _FAMILIES), _first(known, _SYSTEMS))
    return ", ".join(word for word in found if word)


def _first(text: str, words: tuple[tuple[str, str], ...]) -> str:
    return next((name for mark, name in words if mark in text), "")
