"""Tells employees by e-mail too, where the configuration names an account for it."""

from collections.abc import Mapping

from bridge.domain.draft import Draft
from bridge.domain.effects import SendEmail
from bridge.domain.names import ConversationId, EmployeeId, digest_id
from bridge.domain.reasons import ReasonCode

# No name, number or word of a client: whoever handles the mail is not allowed to read them.
_SUBJECTS: Mapping[ReasonCode, str] = {
    ReasonCode.NOTIFY_RESPONSIBLE: "A client of yours waits for an answer",
    ReasonCode.NOTIFY_NEW_CLIENT: "A new client waits for an answer",
    ReasonCode.NOTIFY_TARGET: "A client is given to you and waits for an answer",
    ReasonCode.NOTIFY_ALL_CHATS: "A client waits for an answer",
    ReasonCode.NOTIFY_NOBODY: "A client waits whom nobody takes",
    ReasonCode.NOTIFY_DEFAULT: "A client whom nobody could take went to the default",
    ReasonCode.OWNER_CHANGED: "A client is yours now",
    ReasonCode.CHANNEL_INACTIVE: "A channel has stopped working",
}
_WHY: Mapping[ReasonCode, str] = {
    ReasonCode.NOTIFY_RESPONSIBLE: "You are told because you answer for this client.",
    ReasonCode.NOTIFY_NEW_CLIENT: "You are told because you get new clients and nobody owns this "
    "one.",
    ReasonCode.NOTIFY_TARGET: "You are told because the rules gave this client to you.",
    ReasonCode.NOTIFY_ALL_CHATS: "You are told because managers hear all chats.",
    ReasonCode.NOTIFY_NOBODY: "You are told because no rule finds anybody for this client.",
    ReasonCode.NOTIFY_DEFAULT: "You are told because you are a manager: nobody who takes new "
    "clients was free.",
    ReasonCode.OWNER_CHANGED: "You are told because the CRM names you as the owner.",
    ReasonCode.CHANNEL_INACTIVE: "You are told because you are a manager.",
}


def mail(
    draft: Draft,
    employee: EmployeeId,
    code: ReasonCode,
    conversation: ConversationId | None = None,
    about: str = "",
) -> None:
    """Plans one mail; none where no account is named. `about` is a channel's label."""
    account, event = draft.policy.email, draft.event
    if account is None:
        return
    where = f"/conversations/{conversation}" if conversation else "/"
    lines = [_WHY[code], f"Channel: {about}" if about else "", f"{draft.facts.public_url}{where}"]
    effect = SendEmail(
        key=digest_id("em", event.account, event.event_key, employee, code),
        recipient=employee,
        subject=_SUBJECTS[code],
        text="\n\n".join(line for line in lines if line),
    )
    draft.plan(account, effect, f"mail:{employee}")
