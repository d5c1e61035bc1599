"""`bridge rotation show`: who is next, the last turns, the shares; nothing is moved."""

from tests.cli.commands import Installation, both_stores

HEAVY = "[{employee: ana@acme.example, weight: 2}, bruno@acme.example]"


def everybody_north(town: Installation) -> None:
    """All strangers go to a pool in which Ana counts twice."""
    town.rewrite("routing.yaml", "[bruno@acme.example]\n\n# When", f"{HEAVY}\n\n# When")
    town.rewrite("routing.yaml", "{client: new, country: MX}", "{client: new}")
    text = (town.config / "routing.yaml").read_text()
    (town.config / "routing.yaml").write_text(text[: text.index("# `bridge test` runs these")])
    town.run("migrate")


@both_stores
def test_next_ones_shares_and_last_turns_are_told(town: Installation) -> None:
    everybody_north(town)
    for n in range(4):
        town.receive(town.message(phone=f"3460011120{n}"))
    before = town.everything()
    found = town.json("rotation", "show", "north")
    assert found["next"] == ["bruno@acme.example", "ana@acme.example", "ana@acme.example"]
    shares = {one["employee"]: (one["weight"], one["had"]) for one in found["members"]}
    assert shares == {"ana@acme.example": (2, 3), "bruno@acme.example": (1, 1)}
    assert [one["expected"] for one in found["members"]] == [2.67, 1.33]
    assert [one["event"] for one in found["turns"]] == [4, 3, 2, 1]
    assert town.json("explain", str(found["turns"][0]["event"]))["explanation"]["decision_id"] == 4
    assert town.everything() == before


def test_people_read_it_with_who_is_away(town: Installation) -> None:
    everybody_north(town)
    town.receive(town.message())
    where = "bruno@acme.example:\n    role: salesperson\n"
    town.rewrite("roles.yaml", where, f"{where}    away: {{until: 2999-01-01, turns: owe}}\n")
    town.run("migrate")
    town.receive(town.message(phone="34600111333"))
    said = town.run("rotation", "show", "north").stdout
    assert said.startswith("north: next ana@acme.example, ana@acme.example\n")
    assert "bruno@acme.example: had 0 of 0.33, weight 1, owed 0.33; is away until 2999" in said


def test_who_left_the_pool_is_told_as_former(town: Installation) -> None:
    everybody_north(town)
    town.receive(town.message())
    town.rewrite("routing.yaml", HEAVY, "[bruno@acme.example]")
    town.run("migrate")
    found = town.json("rotation", "show", "north")
    assert (found["former"], found["next"]) == ({"ana@acme.example": 1}, ["bruno@acme.example"])


def test_all_who_take_new_clients_are_a_pool_too(town: Installation) -> None:
    found = town.json("rotation", "show", "new_clients")
    assert found["next"] == ["ana@acme.example", "bruno@acme.example"]
    assert "no turn has been taken yet" in town.run("rotation", "show", "new_clients").stdout


def test_with_a_channel_only_those_who_have_it_count(town: Installation) -> None:
    roles = (town.config / "roles.yaml").read_text()
    whole = "channels: [wa-sales, wa-north, tg-sales]"
    (town.config / "roles.yaml").write_text(roles.replace(whole, "channels: [wa-sales]", 1))
    town.run("migrate")
    found = town.json("rotation", "show", "new_clients", "--channel", "tg-sales")
    assert found["next"] == ["bruno@acme.example"]


def test_what_is_not_there_is_told_with_what_was_meant(house: Installation) -> None:
    assert "did you mean north?" in house.run("rotation", "show", "nort", code=1).stderr
    assert "there are: north, new_clients" in house.run("rotation", "show", "x", code=1).stderr
    words = ("rotation", "show", "north", "--channel", "wa-sale")
    assert "did you mean wa-sales?" in house.run(*words, code=1).stderr
