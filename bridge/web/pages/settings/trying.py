"""Who would get a client by the rules as they would be; touches nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from bridge.domain.decisions import Decision
from bridge.pipeline.changing.saving import folder_now, propose
from bridge.pipeline.parts import Parts
from bridge.policy.asking import given_of
from bridge.policy.editing import Edit
from bridge.policy.findings import ConfigInvalid
from bridge.policy.trial import Standing, trial_among
from bridge.store.engine import reading
from bridge.store.mirror import directory
from bridge.store.turns import read_turns


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """In the words of `given` in a test; what is empty is not said."""

    client: str = ""
    country: str = ""
    channel: str = ""
    owner: str = ""


def tried(parts: Parts, edits: Sequence[Edit], question: Question) -> Decision:
    """With the people and turns of now. Raises NotEditable where the edits can't be made, and
    ValueError, with what to do, where the question or the YAML after them makes no sense."""
    proposal = propose(parts, folder_now(parts), edits)
    if proposal.loaded is None:
        raise ValueError(str(proposal.errors[0]))
    policy = proposal.loaded.policy
    words = {
        "client": question.client,
        "country": question.country,
        "channel": question.channel,
        "owner": question.owner,
    }
    try:
        given = given_of({key: value for key, value in words.items() if value}, policy)
    except ConfigInvalid as invalid:
        raise ValueError(str(invalid)) from invalid
    with reading(parts.engine) as db:
        turns = read_turns(db)
        people = directory(db, policy.crm)
    now = Standing(now=parts.now(), directory=people, turns=turns.last, rotations=turns.rotations)
    return trial_among(policy, given, now)
