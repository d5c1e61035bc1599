"""What a visitor's browser does: opens links, sends forms."""

import re

from flask.testing import FlaskClient

from bridge.domain.names import EmployeeId
from bridge.store.engine import writing
from bridge.store.sessions import create_login_link
from tests.web.world import ANA, World


def link(world: World, employee: EmployeeId = ANA) -> str:
    with writing(world.engine) as db:
        return create_login_link(db, f"employee:{employee}", world.now)


def csrf(page: str) -> str:
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', page)
    assert found is not None
    return found[1]


def sign_in(world: World, browser: FlaskClient, token: str) -> int:
    form = {"csrf": csrf(browser.get(f"/login/{token}").text)}
    return browser.post(f"/login/{token}", data=form).status_code
