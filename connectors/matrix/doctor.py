"""Looks at, and mends, what the homeserver knows of us: our user, and whether it reaches us."""

from collections.abc import Sequence

from bridge.domain.errors import DeliveryRejected
from bridge.ports import Account, Ailment
from connectors.http import HttpAnswer
from connectors.matrix.client import V3, Homeserver, error_code, part, settled
from connectors.matrix.people import server_of
from connectors.matrix.reader import whoami

_PING = "POST appservice/ping"
_REGISTER = "POST register"
_RESTART = "correct registration.yaml at the homeserver and restart it"


class MatrixDoctor:
    """Option `registration_id`: the `id` in registration.yaml, `bridge` by default."""

    def __init__(self, account: Account) -> None:
        self._name = account.name
        self._id = account.options.get("registration_id", "bridge")
        self._server = Homeserver(account)

    def examine(self, public_url: str) -> Sequence[Ailment]:
        answer = whoami(self._server)
        if not 200 <= answer.status < 300:
            return [self._user_missing(answer)]
        return [*self._reached(public_url)]

    def fix(self, public_url: str, *, take_over: bool) -> Sequence[str]:
        """Makes the bridge's user where the homeserver does not have him yet."""
        if 200 <= whoami(self._server).status < 300:
            return []
        name = self._server.user[1:].partition(":")[0]
        body = {"type": "m.login.application_service", "username": name, "inhibit_login": True}
        answer = settled(
            f"matrix: {_REGISTER}",
            self._server.call("POST", f"{V3}/register", body, called=_REGISTER, reads=True),
        )
        if not 200 <= answer.status < 300:
            code = error_code(answer)
            raise DeliveryRejected(
                f"matrix: {_REGISTER}: {code}: the option user has to be the registration's "
                f"sender_localpart or within its namespace; {_RESTART}"
            )
        return [f"the user {self._server.user} was made"]

    def _user_missing(self, answer: HttpAnswer) -> Ailment:
        return Ailment(
            code="user_missing",
            detail=f"the homeserver says {error_code(answer)} of {self._server.user}",
            todo=f"run `bridge doctor --fix`; if it refuses, {_RESTART}",
            fixable=True,
        )

    def _reached(self, public_url: str) -> Sequence[Ailment]:
        """Asks the homeserver to call us, as it does with each transaction (since v1.7)."""
        path = f"/_matrix/client/v1/appservice/{part(self._id)}/ping"
        body = {"transaction_id": f"doctor-{self._name}"}
        answer = self._server.call("POST", path, body, called=_PING, reads=True)
        if 200 <= answer.status < 300:
            return []
        wanted = f"{public_url}/hooks/{self._name}"
        ailment = _AILMENTS.get(error_code(answer))
        if ailment is None:
            settled(f"matrix: {_PING}", answer)
            return [] if error_code(answer) == "M_UNRECOGNIZED" else [_unreached(wanted)]
        code, detail, todo = ailment
        todo = todo.format(url=wanted, id=self._id, server=server_of(self._server.user))
        return [Ailment(code=code, detail=detail, todo=todo)]


_AILMENTS = {
    "M_URL_NOT_SET": (
        "url_missing",
        "the registration names no url, so that the homeserver tells us nothing",
        f"set url: {{url}}; {_RESTART}",
    ),
    "M_CONNECTION_FAILED": (
        "not_reached",
        "the homeserver can't connect to the registration's url",
        f"make {{url}} reachable from the homeserver and the registration's url; {_RESTART}",
    ),
    "M_CONNECTION_TIMEOUT": (
        "not_reached",
        "the homeserver waits in vain for an answer at the registration's url",
        f"make {{url}} reachable from the homeserver and the registration's url; {_RESTART}",
    ),
    "M_BAD_STATUS": (
        "refused",
        "the bridge, or who answers at the registration's url, refuses the homeserver",
        f"compare hs_token with the account's secret, and url with {{url}}; {_RESTART}",
    ),
    "M_FORBIDDEN": (
        "other_registration",
        "the as_token belongs to a registration of another id",
        "set the option registration_id to the id in registration.yaml; it is {id} now",
    ),
}


def _unreached(wanted: str) -> Ailment:
    return Ailment(
        code="not_reached",
        detail="the homeserver could not call us",
        todo=f"make {wanted} the registration's url; {_RESTART}",
    )
