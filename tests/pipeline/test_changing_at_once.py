"""Several who change the configuration at once, on each of the stores that we promise."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bridge.domain.errors import ConfigError
from bridge.pipeline.changing.saving import Change, folder_now, propose, save
from bridge.policy.editing import Put
from bridge.policy.proposing import Proposal
from bridge.store.audit import Way, Who
from tests.web.configured import ConfiguredWorld
from tests.web.world import ANA, LUIS

WHO = Who(actor=f"employee:{LUIS}", way=Way.API)


@pytest.fixture
def house(engine: Engine, tmp_path: Path) -> ConfiguredWorld:
    return ConfiguredWorld(engine, tmp_path / "config")


def proposals(house: ConfiguredWorld, count: int) -> list[Proposal]:
    files = folder_now(house.parts)
    labels = [Put(("rules", 0, "label"), f"rule {n}") for n in range(count)]
    role = Put(("employees", ANA, "role"), "manager")
    return [propose(house.parts, files, [label, role]) for label in labels]


def test_of_many_who_saw_the_same_files_one_saves(house: ConfiguredWorld) -> None:
    answers: list[str] = []

    def saves(proposal: Proposal) -> None:
        answers.append(type(save(house.parts, proposal, Change(who=WHO))).__name__)

    threads = [threading.Thread(target=saves, args=[one]) for one in proposals(house, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["Moved", "Moved", "Moved", "Saved"]
    assert len(house.history) == 2


def test_whoever_takes_the_folder_meanwhile_takes_whole_changes(house: ConfiguredWorld) -> None:
    stop, failed = threading.Event(), list[Exception]()

    def takes() -> None:
        while not stop.is_set():
            try:
                house.takes()
            except ConfigError as error:
                failed.append(error)

    takers = [threading.Thread(target=takes) for _ in range(2)]
    for taker in takers:
        taker.start()
    saved = [save(house.parts, proposals(house, 1)[0], Change(who=WHO, message="one"))]
    stop.set()
    for taker in takers:
        taker.join()
    assert failed == []
    assert [type(answer).__name__ for answer in saved] == ["Saved"]
    assert [(one.way, one.message) for one in house.history] == [("api", "one"), ("hand", "")]
