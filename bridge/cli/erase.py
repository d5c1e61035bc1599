"""`bridge erase`: one client is forgotten, with a report."""

import click

from bridge.cli.answers import Command, Failed, answer
from bridge.cli.house import opened, plain
from bridge.domain.names import ConversationId
from bridge.pipeline.erasing import Erased
from bridge.pipeline.erasing import erase as erase_client
from bridge.pipeline.refusals import Refusal

_HOW = "its id (cv_…) stands in the address of its page and in `bridge explain`"


@click.command(cls=Command)
@click.argument("conversation")
@click.option("--dry-run", is_flag=True, help="Say what would be erased.")
@click.option("--yes", is_flag=True, help="Do not ask whether you are sure.")
def erase(conversation: str, dry_run: bool, yes: bool) -> None:
    """Forget the client of CONVERSATION, here and in our entries in the CRM.

    All his conversations, texts, files, numbers and names go; his next message makes him a new
    client. This can't be undone.
    """
    if not dry_run and not yes:
        click.confirm("erase this client for good?", abort=True, err=True)
    with opened() as parts:
        done = erase_client(parts, None, ConversationId(conversation), only_try=dry_run)
    if isinstance(done, Refusal):
        raise Failed(done.reason.detail, _HOW if done.status == 404 else "then try again")
    answer(plain(done), _told(done))


def _told(done: Erased) -> str:
    word = "would be erased" if done.tried else "erased"
    found = done.report
    return "\n".join(
        [
            f"{word}: {found.messages} messages in {found.conversations} conversations, "
            f"{found.files} files, {found.requests} requests, facts of {found.decisions} "
            f"decisions, {found.effects} things still to be done",
            f"in the CRM the texts of {found.crm_entries} entries "
            + ("would go" if done.tried else "go as soon as it answers"),
            *(f"not ours: {line}" for line in done.left),
        ]
    )
