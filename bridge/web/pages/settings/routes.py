"""The addresses of the settings."""

from collections.abc import Callable

from flask import Response

from bridge.web.pages import welcome
from bridge.web.pages.settings import channels, clients, notices, people, pools, rules
from bridge.web.pages.visiting import form, own_form, page
from bridge.web.site import Site

Routes = tuple[tuple[str, str, Callable[..., Response]], ...]


def routes(site: Site) -> Routes:
    rule = f"{rules.ADDRESS}/<rule>"
    return (
        (people.ADDRESS, "GET", page(site, people.show)),
        (people.ADDRESS, "POST", form(site, people.change)),
        (f"{people.ADDRESS}/refresh", "POST", form(site, people.refresh)),
        (channels.ADDRESS, "GET", page(site, channels.show)),
        (channels.ADDRESS, "POST", form(site, channels.change)),
        (f"{channels.ADDRESS}/add", "POST", form(site, channels.add)),
        (clients.ADDRESS, "GET", page(site, clients.show)),
        (clients.ADDRESS, "POST", form(site, clients.change)),
        (rules.ADDRESS, "GET", page(site, rules.show)),
        (rules.ADDRESS, "POST", form(site, rules.change)),
        ("/settings/new-rule", "GET", page(site, rules.show_new)),
        ("/settings/new-rule", "POST", form(site, rules.add)),
        (rule, "GET", page(site, rules.show_one)),
        (rule, "POST", form(site, rules.change_one)),
        (f"{rule}/remove", "POST", form(site, rules.remove)),
        (pools.ADDRESS, "GET", page(site, pools.show)),
        (pools.ADDRESS, "POST", form(site, pools.change)),
        (notices.ADDRESS, "GET", page(site, notices.show)),
        (notices.ADDRESS, "POST", form(site, notices.change)),
        (welcome.ADDRESS, "GET", page(site, welcome.show)),
        (f"{welcome.ADDRESS}/test", "POST", form(site, welcome.test)),
        (f"{welcome.ADDRESS}/skip", "POST", own_form(site, welcome.skip)),
    )
