"""`python -m tests.web.stream_process PORT DATABASE_URL [programme]`: the front with pages, API and
streams; with a partner programme, where that is named."""

import sys
from datetime import UTC, datetime

from bridge.store.engine import open_engine
from bridge.web.front import Front, serve
from bridge.web.site import site_of
from bridge.web.streams import Streams
from tests.web.front_process import tell_ready
from tests.web.programme import programme
from tests.web.world import Key, World

THREADS = 2

if __name__ == "__main__":
    world = World(open_engine(sys.argv[2]))
    world.now = datetime.now(UTC)
    if "programme" in sys.argv[3:]:
        programme(world)
    streams = Streams(site_of(world.parts, Key()), look_seconds=0.1, heartbeat_seconds=0.2)
    front = Front(world.app, lambda: 100_000, threads=THREADS, streams=streams)
    serve(front, "127.0.0.1", int(sys.argv[1]), ready=tell_ready)
