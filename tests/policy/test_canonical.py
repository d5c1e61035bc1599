"""The canonical text: every policy comes back equal, and equal policies have one text."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bridge import codec
from bridge.domain.messaging import Messenger
from bridge.domain.names import AccountName, ChannelName, EmployeeId
from bridge.domain.people import Employee, Role
from bridge.domain.policy import (
    AccountPolicy,
    ChannelPolicy,
    ClientCondition,
    Creation,
    Distribution,
    NewClients,
    OnClosedDeal,
    Ownership,
    Policy,
    Rule,
    Target,
    Timeline,
    When,
)
from bridge.domain.records import RecordKind
from bridge.policy.reading import hash_of, policy_of

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
names = st.sampled_from(["a", "b", "wa-sales", "x@y.io", "ñ", ""])
employees = names.map(EmployeeId)
channels = names.map(ChannelName)
accounts = names.map(AccountName)
messengers = st.sampled_from(Messenger)
methods = st.sampled_from(Distribution)
kinds = st.sampled_from(RecordKind)

account_policies = st.builds(
    AccountPolicy,
    connector=words,
    secrets=st.dictionaries(words, st.lists(words).map(tuple), max_size=2),
    base_url=st.none() | words,
    options=st.dictionaries(words, words, max_size=2),
    max_body_bytes=st.integers(0, 2**40),
)
channel_policies = st.builds(
    ChannelPolicy, account=accounts, messenger=messengers, id=words, label=words
)
people = st.builds(
    Employee,
    id=employees,
    role=st.sampled_from(Role),
    gets_new_clients=st.booleans(),
    channels=st.none() | st.frozensets(channels, max_size=3),
    priority_channel=st.dictionaries(messengers, channels, max_size=2),
)
whens = st.builds(
    When,
    client=st.none() | st.sampled_from(ClientCondition),
    countries=st.frozensets(words, max_size=2),
    channels=st.frozensets(channels, max_size=2),
    messengers=st.frozensets(messengers, max_size=2),
)
targets = st.builds(Target, employee=st.none() | employees, pool=st.none() | words, method=methods)
rules = st.builds(
    Rule, id=words, label=words, when=whens, to=st.lists(targets, max_size=2).map(tuple)
)
policies = st.builds(
    Policy,
    crm=st.none() | accounts,
    accounts=st.dictionaries(accounts, account_policies, max_size=2),
    channels=st.dictionaries(channels, channel_policies, max_size=2),
    employees=st.dictionaries(employees, people, max_size=3),
    new_clients=st.builds(
        NewClients,
        create=st.sampled_from(Creation),
        pipeline=words,
        stage=words,
        distribution=methods,
        on_closed_deal=st.sampled_from(OnClosedDeal),
    ),
    timeline=st.builds(Timeline, save_messages=st.booleans(), write_to=st.frozensets(kinds)),
    managers_hear_all_chats=st.booleans(),
    email=st.none() | accounts,
    ownership=st.builds(
        Ownership,
        precedence=st.lists(kinds, max_size=3).map(tuple),
        fallback=st.none() | employees,
        max_age=st.timedeltas(timedelta(seconds=1), timedelta(days=3650)),
    ),
    rules=st.lists(rules, max_size=2).map(tuple),
    pools=st.dictionaries(names, st.lists(employees, max_size=3).map(tuple), max_size=2),
    default=st.none() | employees,
)


@given(policies)
def test_a_policy_comes_back_equal(policy: Policy) -> None:
    canonical = codec.encode(policy).decode()
    assert policy_of(canonical) == policy
    assert codec.encode(policy_of(canonical)).decode() == canonical


def test_the_hash_is_of_the_canonical_text() -> None:
    assert hash_of("{}") == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
