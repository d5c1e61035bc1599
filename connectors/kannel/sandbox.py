"""A stand-in for Kannel on loopback: smsbox's sendsms, and the calls that Kannel makes."""

from collections.abc import Mapping

from flask import Flask

from connectors.kannel.sandbox_page import add_page, add_steering
from connectors.kannel.sandbox_posting import Poster
from connectors.kannel.sandbox_sending import add_sending, busy
from connectors.kannel.sandbox_world import World
from connectors.sandboxing import Faults, install


def sandbox(secrets: Mapping[str, str]) -> Flask:
    """The application; `secrets` holds `password`, which it asks for, and `path_secret`, which it
    calls the bridge with. `/` shows the clients' phones, `/_sandbox/…` steers it.
    """
    app = Flask(__name__)
    world = World()
    poster = Poster(world=world, path_secret=secrets["path_secret"])

    def shown() -> Mapping[str, object]:
        waiting = poster.waiting.unfinished_tasks
        counts = {"posted": poster.posted, "given_up": poster.given_up, "waiting": waiting}
        return {**world.shown(), "webhooks": counts}

    install(app, Faults(), busy, shown, world.reset)
    add_sending(app, world, poster, secrets["password"])
    add_steering(app, world, poster)
    add_page(app, world, poster)
    return app
