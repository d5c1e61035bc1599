"""Reads what a homeserver knows of us: the bridge's own user, which is the channel."""

from collections.abc import Mapping, Sequence

from bridge.domain.errors import OutcomeUnknown
from bridge.domain.messaging import ChannelState, Messenger
from bridge.domain.names import CrmId
from bridge.domain.people import CrmEmployee
from bridge.domain.records import CrmContact, CrmDeal, CrmLead, Pipeline
from bridge.ports import Account, ChannelReading, IdentityQuery
from connectors.http import HttpAnswer
from connectors.matrix.client import V3, Homeserver, part, said

WHOAMI = "GET account/whoami"


class MatrixReader:
    def __init__(self, account: Account) -> None:
        self._server = Homeserver(account)

    def channels(self) -> Sequence[ChannelReading]:
        """The one user, if the homeserver knows him as ours. Nobody is written to who has not
        invited him into a room."""
        answer = whoami(self._server)
        if not 200 <= answer.status < 300:
            return ()
        user = said(f"matrix: {WHOAMI}", answer).text_or("user_id")
        if user != self._server.user:
            raise OutcomeUnknown(f"matrix: {WHOAMI}: another user than the option says")
        return (
            ChannelReading(
                channel_id=user,
                messenger=Messenger.MATRIX,
                state=ChannelState.ACTIVE,
                plain_id=user,
                name=self._name(user),
                can_write_first=False,
            ),
        )

    def _name(self, user: str) -> str:
        answer = self._server.read(f"{V3}/profile/{part(user)}/displayname", "GET profile")
        if not 200 <= answer.status < 300:
            return ""
        return said("matrix: GET profile", answer).text_or("displayname")

    def employees(self) -> Sequence[CrmEmployee]:
        return ()

    def pipelines(self) -> Sequence[Pipeline]:
        return ()

    def contacts_by_identity(
        self, queries: Sequence[IdentityQuery]
    ) -> Sequence[tuple[CrmContact, ...]]:
        return [() for _ in queries]

    def contacts(self, ids: Sequence[CrmId]) -> Mapping[CrmId, CrmContact]:
        return {}

    def deals(self, ids: Sequence[CrmId]) -> Mapping[CrmId, CrmDeal]:
        return {}

    def leads(self, ids: Sequence[CrmId]) -> Mapping[CrmId, CrmLead]:
        return {}

    def deals_of(self, contacts: Sequence[CrmId]) -> Sequence[CrmDeal]:
        return ()

    def leads_of(self, contacts: Sequence[CrmId]) -> Sequence[CrmLead]:
        return ()


def whoami(server: Homeserver) -> HttpAnswer:
    """403 where the user is not there, or not in the registration's namespace."""
    return server.read(f"{V3}/account/whoami", WHOAMI)
