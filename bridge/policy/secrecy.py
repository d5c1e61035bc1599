"""Tells what looks like a password or token, so that none is kept in YAML or shown again."""

import re

_TOKENS = re.compile(
    r"""
      ^pat-[a-z]{2}\d-                          # HubSpot access token
    | ^\d{8,10}:[A-Za-z0-9_-]{35}$              # Telegram bot token
    | ^EAA[A-Za-z0-9]{60,}$                     # Meta access token
    | ^00D[A-Za-z0-9]{12,15}!                   # Salesforce session
    | ^(?:sk|rk|pk)_(?:live|test)_ | ^xox[a-z]- | ^gh[pousr]_[A-Za-z0-9]{30,}
    | ^eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.   # JSON Web Token
    | -----BEGIN | ^Bearer\s
    | ://[^/@\s:]*:[^/@\s]+@                    # a password in an address
    """,
    re.VERBOSE,
)
_VARIABLE = re.compile(r"^[A-Z][A-Z0-9_]*$")
_OPAQUE = re.compile(r"^(?=.*[0-9])(?=.*[A-Za-z])[A-Za-z0-9+/=_-]{20,}$")
_PHONE = re.compile(r"^\+?\(?[0-9][0-9 ()./-]{6,}$")
_SHOWN = 60


def looks_secret(text: str) -> bool:
    """Whether it has the form of a well-known kind of token, or an address holds a password."""
    return _TOKENS.search(text) is not None


def is_variable(text: str) -> bool:
    """Whether this can only be an environment variable's name: capitals, and no random letters."""
    return _VARIABLE.match(text) is not None and ("_" in text or not _OPAQUE.match(text))


def shown(text: str) -> str:
    """What was written, for a message: shortened, and hidden when it may be a secret or somebody's
    number."""
    if looks_secret(text) or _OPAQUE.match(text) or _PHONE.match(text):
        return "this value"
    printable = "".join(letter if letter.isprintable() else "?" for letter in text)
    return printable if len(printable) <= _SHOWN else f"{printable[: _SHOWN - 3]}..."
