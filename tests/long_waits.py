"""`python -m tests.long_waits COMMAND…`: `bridge`, whose web waits for Redis and for the store,
where it does, longer than a busy machine takes for an answer."""

import sys

from bridge import serving
from bridge.cli import main
from bridge.queue import clients

ANSWER_SECONDS = 10.0
STORE_SECONDS = 10.0

if __name__ == "__main__":
    if sys.argv[1] == "web":
        clients.ANSWER_SECONDS = ANSWER_SECONDS
        serving.WEB_BUSY_SECONDS = STORE_SECONDS
    main(sys.argv[1:])
