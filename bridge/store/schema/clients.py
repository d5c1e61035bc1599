"""The CRM's records as mirrored: contacts, deals, leads."""

from sqlalchemy import Boolean, Column, Index, LargeBinary, Table, Text, UniqueConstraint

from bridge.store.schema.metadata import METADATA
from bridge.store.types import Moment

CONTACTS = Table(
    "contacts",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("crm_id", Text),
    Column("owner", Text),
    Column("as_of", Moment, nullable=False),
    Column("state", Text, nullable=False),
    Column("value", LargeBinary, nullable=False),
    UniqueConstraint("account", "crm_id"),
)
Index("ix_contacts_owner", CONTACTS.c.owner)
Index("ix_contacts_as_of", CONTACTS.c.as_of)

CONTACT_PHONES = Table(
    "contact_phones",
    METADATA,
    Column("phone", Text, primary_key=True),
    Column("contact", Text, primary_key=True),
)
Index("ix_contact_phones_contact", CONTACT_PHONES.c.contact)

# Deals and leads.
RECORDS = Table(
    "records",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("crm_id", Text),
    Column("owner", Text),
    Column("is_open", Boolean, nullable=False),
    Column("value", LargeBinary, nullable=False),
    UniqueConstraint("account", "kind", "crm_id"),
)
Index("ix_records_owner", RECORDS.c.owner)

RECORD_CONTACTS = Table(
    "record_contacts",
    METADATA,
    Column("contact", Text, primary_key=True),
    Column("record", Text, primary_key=True),
)
Index("ix_record_contacts_record", RECORD_CONTACTS.c.record)
