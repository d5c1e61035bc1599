"""Claims of an earlier schema are found by their column after the upgrade."""

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text

from bridge.codec import encode
from bridge.domain.messaging import ChatKind, Messenger
from bridge.domain.names import AccountName, ChannelName, ConversationId, EmployeeId
from bridge.domain.records import ClientState, Conversation
from bridge.store import migrations
from bridge.store.engine import open_engine, writing
from bridge.store.migrations import migrate

ANA = EmployeeId("ana@acme.example")


def conversation(name: str, claimed_by: EmployeeId | None) -> Conversation:
    return Conversation(
        id=ConversationId(name),
        account=AccountName("wa"),
        channel=ChannelName("sales"),
        channel_id="c1",
        messenger=Messenger.WHATSAPP,
        chat_id=name,
        kind=ChatKind.DIRECT,
        client=ClientState.NEW,
        claimed_by=claimed_by,
        title='"claimed_by":"nobody"',
    )


def down_to(url: str, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", migrations.__path__[0])
    engine = open_engine(url)
    with writing(engine) as db:
        config.attributes["connection"] = db
        command.downgrade(config, revision)
    engine.dispose()


@pytest.mark.parametrize("claimed_by", [ANA, None])
def test_an_upgrade_keeps_who_answered_first(
    database_url: str, claimed_by: EmployeeId | None
) -> None:
    down_to(database_url, "0003")
    engine = open_engine(database_url)
    chat = conversation("cv_1", claimed_by)
    row = {"id": chat.id, "account": chat.account, "client": chat.client, "value": encode(chat)}
    with writing(engine) as db:
        known = "INSERT INTO conversations (id, account, client, value)"
        db.execute(text(f"{known} VALUES (:id, :account, :client, :value)"), row)
    migrate(database_url)
    with engine.connect() as db:
        assert db.scalars(text("SELECT claimed_by FROM conversations")).all() == [claimed_by]
    engine.dispose()
