"""What a worker had in hand and leaves in good order, because the store failed and not the rows."""

from sqlalchemy import Connection, update

from bridge.store.schema import INBOX


def give_back(db: Connection, lane: str) -> None:
    """Inbox rows of a lane whose holder leaves: pending again, the attempt not counted, so that a
    disk that is full for an hour makes no dead letters."""
    db.execute(
        update(INBOX)
        .where(INBOX.c.lane == lane, INBOX.c.state == "leased")
        .values(state="pending", attempts=INBOX.c.attempts - 1)
    )
