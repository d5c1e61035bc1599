"""Addresses of our own pages: where somebody may be led to after he has signed in."""

_MOST = 2000
_NOT_THERE = ("/login", "/logout", "/signin", "/embed", "/static", "/media", "/api", "/hooks")


def own_page(given: str) -> str:
    """The address if it is that of a page of ours, with its query; else nothing. Whatever another
    site could be read into is none."""
    plain = given.isascii() and given.isprintable() and " " not in given and "\\" not in given
    if not plain or len(given) > _MOST or not given.startswith("/") or given.startswith("//"):
        return ""
    path = given.partition("?")[0]
    return "" if path.startswith(_NOT_THERE) or "//" in path else given
