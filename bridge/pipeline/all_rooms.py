"""The rooms that a unit of work has: one line for each subject beside chats."""

from bridge.pipeline.partnering.room import PartnerRoom
from bridge.pipeline.renewals.room import RenewalsRoom
from bridge.pipeline.reselling.room import ClientRoom
from bridge.pipeline.rooms import Rooms


def all_rooms() -> Rooms:
    return Rooms((RenewalsRoom(), ClientRoom(), PartnerRoom()))
