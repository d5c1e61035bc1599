"""Vendors' stand-ins, imported when one is asked for: with their web server and their pages they
are half of what a connector brings, and most processes need none."""

from collections.abc import Callable, Mapping
from importlib import import_module
from wsgiref.types import WSGIApplication

StandIn = Callable[[Mapping[str, str]], WSGIApplication]


def stand_in(module: str) -> StandIn:
    """What `sandbox` of that module makes of an account's secrets."""

    def made(secrets: Mapping[str, str]) -> WSGIApplication:
        sandbox: StandIn = import_module(module).sandbox
        return sandbox(secrets)

    return made
