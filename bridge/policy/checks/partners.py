"""The partner programme: partners, users and queues that are not there, rules without a turn."""

import re
from collections.abc import Iterator, Mapping

from bridge.domain.lead_mail import FIELDS, unknown_places
from bridge.domain.names import CrmId
from bridge.domain.partner_policy import LeadTarget, LeadWhen, PartnersPolicy
from bridge.policy.checks.checked import Check, Checked
from bridge.policy.codes import Code
from bridge.policy.findings import Finding, did_you_mean
from bridge.policy.paths import item, place_of, under

_ACCOUNTS, _USERS, _QUEUES, _RULES = (
    f"partners.{name}" for name in ("accounts", "users", "queues", "rules")
)


def there_is_a_crm_with_partners(checked: Checked) -> Iterator[Finding]:
    policy = checked.policy
    if not policy.partners.is_set:
        return
    if policy.crm is None:
        said = "leads come from a CRM, and none is named"
        yield checked.error(Code.CRM_MISSING, "partners", said, "set crm in accounts.yaml")
        return
    account = policy.accounts.get(policy.crm)
    connector = None if account is None else checked.connectors.get(account.connector)
    if connector is not None and connector.partners is None:
        said = f"{connector.label} knows nothing of partners: the programme can't be switched on"
        yield checked.warning(Code.NO_PARTNER_SIDE, "partners", said)


def ids_are_the_crms(checked: Checked) -> Iterator[Finding]:
    """Compared as the CRM gives them, so a shorter spelling would never be found."""
    policy = checked.policy
    account = policy.accounts.get(policy.crm) if policy.crm else None
    connector = None if account is None else checked.connectors.get(account.connector)
    if connector is None or not connector.record_ids:
        return
    for path, crm_id in _ids(policy.partners):
        if not re.fullmatch(connector.record_ids, crm_id):
            said = f"{crm_id} is no id of {connector.label}"
            hint = "copy all of it, as the CRM's interface gives it"
            yield checked.error(Code.WRONG_CRM_ID, path, said, hint)


def _ids(partners: PartnersPolicy) -> Iterator[tuple[str, str]]:
    for name, account in partners.accounts.items():
        yield under(under(_ACCOUNTS, name), "crm_id"), account.crm_id
    for user, entry in partners.users.items():
        for option, crm_id in (("crm_user", entry.crm_user), ("crm_contact", entry.crm_contact)):
            if crm_id is not None:
                yield under(under(_USERS, user), option), crm_id
    for key, queue in partners.queues.items():
        if queue.crm_queue is not None:
            yield under(under(_QUEUES, key), "crm_queue"), queue.crm_queue


def users_have_an_account(checked: Checked) -> Iterator[Finding]:
    partners = checked.policy.partners
    for user, entry in partners.users.items():
        if entry.account not in partners.accounts:
            path = under(under(_USERS, user), "account")
            hint = did_you_mean(entry.account, partners.accounts) or "add it under accounts"
            said = f"{entry.account} is not a partner"
            yield checked.error(Code.UNKNOWN_PARTNER, path, said, hint)


def accounts_have_users(checked: Checked) -> Iterator[Finding]:
    partners = checked.policy.partners
    for name in partners.accounts:
        if not any(user.account == name for user in partners.users.values()):
            path = under(_ACCOUNTS, name)
            hint = "add them under users"
            said = f"{name} has no users"
            yield checked.warning(Code.PARTNER_WITHOUT_USERS, path, said, hint)


def ids_are_one_each(checked: Checked) -> Iterator[Finding]:
    partners = checked.policy.partners
    accounts = {under(_ACCOUNTS, name): x.crm_id for name, x in partners.accounts.items()}
    queues = {under(_QUEUES, name): x.crm_queue for name, x in partners.queues.items()}
    yield from _twice(checked, accounts, "crm_id")
    yield from _twice(checked, {p: x for p, x in queues.items() if x}, "crm_queue")


def _twice(checked: Checked, ids: Mapping[str, CrmId | None], key: str) -> Iterator[Finding]:
    first: dict[CrmId | None, str] = {}
    for path, crm_id in ids.items():
        if first.setdefault(crm_id, path) != path:
            place = place_of(first[crm_id], checked.places)
            said = f"{crm_id} is the {key} of another entry too ({place})"
            yield checked.error(Code.DUPLICATE_PARTNER, under(path, key), said, "remove one")


def queues_have_members(checked: Checked) -> Iterator[Finding]:
    partners = checked.policy.partners
    for name, queue in partners.queues.items():
        path = under(under(_QUEUES, name), "members")
        if not queue.members:
            yield checked.error(Code.EMPTY_QUEUE, path, "nobody is in it", "add a user")
        for index, member in enumerate(queue.members):
            if member not in partners.users:
                yield _unknown_user(checked, item(path, index), member)


def targets_exist(checked: Checked) -> Iterator[Finding]:
    for path, target in _targets(checked.policy.partners):
        for place, name in _names(path, target):
            if "@" in name and name not in checked.policy.partners.users:
                yield _unknown_user(checked, place, name)
            elif "@" not in name and name not in checked.policy.partners.queues:
                hint = did_you_mean(name, checked.policy.partners.queues) or "add it under queues"
                yield checked.error(Code.UNKNOWN_QUEUE, place, f"{name} is not a queue", hint)


def queues_are_used(checked: Checked) -> Iterator[Finding]:
    partners = checked.policy.partners
    if not partners.rules:
        return
    used = {name for path, target in _targets(partners) for _, name in _names(path, target)}
    for name in partners.queues:
        if name not in used:
            said = "no rule sends leads to it"
            yield checked.warning(Code.UNUSED_QUEUE, under(_QUEUES, name), said)


def rules_have_ids_and_turns(checked: Checked) -> Iterator[Finding]:
    rules = checked.policy.partners.rules
    for index, rule in enumerate(rules):
        path = item(_RULES, index)
        same = next((n for n, r in enumerate(rules[:index]) if r.id == rule.id), None)
        if same is not None:
            place = place_of(under(item(_RULES, same), "id"), checked.places)
            said = f"{rule.id} is the id of an earlier rule too ({place})"
            hint = "give it another id"
            yield checked.error(Code.DUPLICATE_RULE, under(path, "id"), said, hint)
        earlier = next((r for r in rules[:index] if _covers(r.when, rule.when)), None)
        if earlier is not None:
            said = f"rule {earlier.id} before it takes everything that {rule.id} would"
            hint = f"move {rule.id} before {earlier.id}, or remove it"
            yield checked.warning(Code.SHADOWED_RULE, path, said, hint)


def there_is_a_default_owner(checked: Checked) -> Iterator[Finding]:
    partners = checked.policy.partners
    owner, path = partners.default_owner, "partners.default_owner"
    if owner is None:
        if partners.is_set:
            said = "there is no default_owner"
            hint = "add default_owner: with an employee who gives such leads out"
            yield checked.warning(Code.NO_LEAD_DEFAULT, "partners", said, hint)
    elif owner not in checked.policy.employees:
        yield checked.unknown_employee(path, owner)
    elif not checked.policy.employees[owner].may_write_at_all:
        role = checked.policy.employees[owner].role
        said = f"{owner} has role {role} and may not work with clients"
        yield checked.error(Code.CANNOT_WRITE, path, said, "name a salesperson or a manager")


def mails_can_be_made(checked: Checked) -> Iterator[Finding]:
    mail = checked.policy.partners.email
    for key, text in (("subject", mail.subject), ("text", mail.text)):
        for name in unknown_places(text):
            path = f"partners.email.{key}"
            hint = did_you_mean(name, FIELDS) or f"known here: {', '.join(FIELDS)}"
            said = f"leads have no field {{{name}}}"
            yield checked.error(Code.UNKNOWN_LEAD_FIELD, path, said, hint)
    if mail.notify and checked.policy.email is None:
        said = "nobody can be told by mail: notifications.email names no account"
        path = "partners.email.notify"
        yield checked.warning(Code.NO_LEAD_MAIL, path, said, "name one, or switch it off")


def _targets(partners: PartnersPolicy) -> Iterator[tuple[str, LeadTarget]]:
    for index, rule in enumerate(partners.rules):
        for position, target in enumerate(rule.to):
            yield item(under(item(_RULES, index), "to"), position), target


def _names(path: str, target: LeadTarget) -> Iterator[tuple[str, str]]:
    if target.user is not None:
        yield under(path, "user"), target.user
    if target.queue is not None:
        yield under(path, "queue"), target.queue
    for index, name in enumerate(target.round_robin):
        yield item(under(path, "round_robin"), index), name


def _unknown_user(checked: Checked, path: str, user: str) -> Finding:
    hint = did_you_mean(user, checked.policy.partners.users) or "add him under users"
    return checked.error(Code.UNKNOWN_PARTNER_USER, path, f"{user} is no partner's user", hint)


def _covers(earlier: LeadWhen, later: LeadWhen) -> bool:
    """Whether every lead that meets `later` meets `earlier` too."""
    pairs = (
        (later.countries, earlier.countries),
        (later.sources, earlier.sources),
        (later.states, earlier.states),
        (later.ratings, earlier.ratings),
        (later.products, earlier.products),
        (later.industries, earlier.industries),
        *(
            (later.properties.get(name, frozenset()), wanted)
            for name, wanted in earlier.properties.items()
        ),
    )
    return all(_within(narrow, wide) for narrow, wide in pairs)


def _within(narrow: frozenset[str], wide: frozenset[str]) -> bool:
    """No words mean no condition."""
    folded = {word.casefold() for word in wide}
    return not wide or (bool(narrow) and {word.casefold() for word in narrow} <= folded)


CHECKS: tuple[Check, ...] = (
    there_is_a_crm_with_partners,
    ids_are_the_crms,
    users_have_an_account,
    accounts_have_users,
    ids_are_one_each,
    queues_have_members,
    targets_exist,
    queues_are_used,
    rules_have_ids_and_turns,
    there_is_a_default_owner,
    mails_can_be_made,
)
