"""What a worker had in hand and leaves in good order, because the store failed and not the rows."""

from sqlalchemy import Connection, update

from bridge.store.schema import INBOX, MEDIA, OUTBOX


def give_back(db: Connection, lane: str) -> None:
    """What the holder of a lane had taken, the attempt not counted, so that a disk that is full
    for an hour makes no dead letters. Inbox rows are pending again; of outbox rows it is not known
    what has reached the vendor: the next holder looks them up."""
    db.execute(
        update(INBOX)
        .where(INBOX.c.lane == lane, INBOX.c.state == "leased")
        .values(state="pending", attempts=INBOX.c.attempts - 1)
    )
    db.execute(
        update(OUTBOX)
        .where(OUTBOX.c.lane == lane, OUTBOX.c.state == "leased")
        .values(attempts=OUTBOX.c.attempts - 1)
    )
    db.execute(
        update(MEDIA)
        .where(MEDIA.c.lane == lane, MEDIA.c.state == "leased")
        .values(state="pending", attempts=MEDIA.c.attempts - 1)
    )
