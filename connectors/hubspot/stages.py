"""Pipelines and stages, kept a few minutes: they tell whether a deal or lead is still open.

Sources: https://developers.hubspot.com/docs/api-reference/latest/crm/pipelines/guide
(`metadata.probability`, 0 and 1 are lost and won, and `isClosed`); `leadState` of lead stages is
seen in answers, not documented.
"""

import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime

from bridge.domain.errors import DeliveryRejected
from bridge.domain.records import Pipeline, RecordKind, Stage
from bridge.payload import Payload
from connectors.hubspot.answers import checked
from connectors.hubspot.associations import KINDS
from connectors.hubspot.client import HubSpotClient

KEPT_SECONDS = 300.0
_CLOSED_LEADS = ("QUALIFIED", "UNQUALIFIED")


class Stages:
    """May be shared between threads."""

    def __init__(self, client: HubSpotClient) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._read_at = -KEPT_SECONDS
        self._pipelines: tuple[Pipeline, ...] = ()

    def refresh(self) -> tuple[Pipeline, ...]:
        deals = self._read(RecordKind.DEAL)
        found = (*deals, *self._lead_pipelines())
        with self._lock:
            self._pipelines, self._read_at = found, time.monotonic()
        return found

    def is_open(self, kind: RecordKind, pipeline: str, stage: str) -> bool:
        """A stage that no pipeline knows counts as open: nobody loses sight of a client by it."""
        known = self._open_by_stage(kind).get((pipeline, stage))
        return True if known is None else known

    def _open_by_stage(self, kind: RecordKind) -> Mapping[tuple[str, str], bool]:
        return {
            (pipeline.id, stage.id): stage.is_open
            for pipeline in self._kept()
            if pipeline.kind is kind
            for stage in pipeline.stages
        }

    def _kept(self) -> tuple[Pipeline, ...]:
        with self._lock:
            if time.monotonic() - self._read_at < KEPT_SECONDS:
                return self._pipelines
        return self.refresh()

    def _lead_pipelines(self) -> tuple[Pipeline, ...]:
        try:
            return self._read(RecordKind.LEAD)
        except DeliveryRejected as error:
            if error.status in (403, 404):
                return ()  # leads need Sales Hub Professional and a scope of their own
            raise

    def _read(self, kind: RecordKind) -> tuple[Pipeline, ...]:
        operation = f"hubspot: read pipelines of {KINDS[kind]}"
        payload = checked(operation, self._client.pipelines(KINDS[kind]), datetime.now(UTC))
        return tuple(_pipeline(kind, one) for one in payload.at("results").items())


def _pipeline(kind: RecordKind, pipeline: Payload) -> Pipeline:
    return Pipeline(
        id=pipeline.at("id").identifier(),
        kind=kind,
        label=pipeline.text_or("label"),
        stages=tuple(_stage(stage) for stage in pipeline.at("stages").items()),
    )


def _stage(stage: Payload) -> Stage:
    return Stage(
        id=stage.at("id").identifier(), label=stage.text_or("label"), is_open=_is_open(stage)
    )


def _is_open(stage: Payload) -> bool:
    metadata = stage.get("metadata") or Payload({})
    if _is_certain(metadata.text_or("probability")):
        return False
    if metadata.text_or("leadState").upper() in _CLOSED_LEADS:
        return False
    return metadata.text_or("isClosed").lower() != "true"


def _is_certain(probability: str) -> bool:
    try:
        return float(probability) in (0.0, 1.0)
    except ValueError:
        return False
