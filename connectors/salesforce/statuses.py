"""The status of a task that is closed, in the org's own words.

Source: https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/
sforce_api_objects_taskstatus.htm: an org may have renamed "Completed".
"""

from threading import Lock

from bridge.domain.errors import DeliveryRejected
from connectors.salesforce.client import SalesforceClient

_CLOSED = "SELECT ApiName FROM TaskStatus WHERE IsClosed = true ORDER BY SortOrder LIMIT 1"


class Statuses:
    """Asked for once, and again when the org has refused what was known. Any thread may call."""

    def __init__(self, chosen: str) -> None:
        self._chosen = chosen
        self._known = chosen
        self._lock = Lock()

    def closed(self, client: SalesforceClient) -> str:
        """Raises what SalesforceClient.query raises, and DeliveryRejected where there is none."""
        with self._lock:
            if self._known:
                return self._known
        found = client.query(_CLOSED)
        if not found or not found[0].get("ApiName"):
            raise DeliveryRejected("salesforce: the org has no closed status for tasks")
        with self._lock:
            self._known = str(found[0]["ApiName"])
            return self._known

    def forget(self) -> None:
        with self._lock:
            self._known = self._chosen
