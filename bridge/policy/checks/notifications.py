"""Notifications: the accounts that tell of them, and digests that nobody could send."""

from collections.abc import Iterator

from bridge.domain.effects import Effect, PostNotification, SendEmail
from bridge.domain.names import AccountName
from bridge.domain.people import MailWish
from bridge.policy.checks.checked import Check, Checked, employee_path
from bridge.policy.codes import Code
from bridge.policy.findings import Finding, did_you_mean


def mails_have_an_account(checked: Checked) -> Iterator[Finding]:
    name = checked.policy.email
    if name is not None:
        hint = "name an account of email"
        wrong = Code.NOT_EMAIL, "which sends no e-mail", hint
        yield from _account(checked, "notifications.email", name, SendEmail, wrong)


def posts_have_an_account(checked: Checked) -> Iterator[Finding]:
    name = checked.policy.webhook
    if name is not None:
        hint = "name an account of webhook"
        wrong = Code.NOT_A_WEBHOOK, "which takes no notifications", hint
        yield from _account(checked, "notifications.webhook", name, PostNotification, wrong)


def _account(
    checked: Checked,
    path: str,
    name: AccountName,
    wanted: type[Effect],
    wrong: tuple[Code, str, str],
) -> Iterator[Finding]:
    account = checked.policy.accounts.get(name)
    if account is None:
        hint = did_you_mean(name, checked.policy.accounts) or "add it under accounts"
        yield checked.error(Code.UNKNOWN_ACCOUNT, path, f"{name} is not an account", hint)
        return
    connector = checked.connectors.get(account.connector)
    if connector is not None and wanted not in connector.delivers:
        code, what, todo = wrong
        said = f"{name} is an account of {account.connector}, {what}"
        yield checked.error(code, path, said, todo)


def digests_can_be_sent(checked: Checked) -> Iterator[Finding]:
    policy = checked.policy
    if policy.digest is not None and policy.email is None:
        said = "digests are mails, and no account sends any"
        hint = "add email: and the name of an account of email"
        yield checked.error(Code.DIGEST_WITHOUT_EMAIL, "notifications.digest", said, hint)


def digests_are_made(checked: Checked) -> Iterator[Finding]:
    if checked.policy.email is None or checked.policy.digest is not None:
        return
    for employee in checked.policy.employees.values():
        if employee.mail is MailWish.DIGEST:
            path = employee_path(employee.id, "notify", "mail")
            said = "no digest is made, so he gets no mails about his chats"
            yield checked.warning(Code.NO_DIGEST, path, said, "add notifications.digest: {}")


CHECKS: tuple[Check, ...] = (
    mails_have_an_account,
    posts_have_an_account,
    digests_can_be_sent,
    digests_are_made,
)
