"""One notification on every way it takes: the list, a mail, the house's webhook."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from bridge.domain.changes import Notify
from bridge.domain.decisions import Planned
from bridge.domain.draft import Draft
from bridge.domain.effects import PostNotification
from bridge.domain.mailing import mail
from bridge.domain.names import AccountName, EventKey, digest_id
from bridge.domain.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """What a notification comes of: its effects have the same keys when it is decided again.
    `down` is the account that nothing leaves by just now."""

    account: AccountName
    event_key: EventKey
    now: datetime
    public_url: str
    down: AccountName | None = None


def announce(draft: Draft, notice: Notify, *, mailed: bool = True) -> None:
    """Tells one employee; `mailed`: by e-mail as well, where he and the house want that."""
    draft.change(notice)
    occasion = Occasion(
        account=draft.event.account,
        event_key=draft.event.event_key,
        now=draft.facts.now,
        public_url=draft.facts.public_url,
    )
    for planned in effects_of(notice, occasion, draft.policy, mailed=mailed):
        draft.plan(planned.account, planned.effect, planned.ordering_key)


def effects_of(
    notice: Notify, occasion: Occasion, policy: Policy, *, mailed: bool = True
) -> Iterator[Planned]:
    """A mail and a post, each where an account is named for it, and never by one that is down."""
    key = (occasion.account, occasion.event_key, notice.employee, notice.code)
    if mailed and policy.email is not None and policy.email != occasion.down:
        letter = mail(notice, policy, digest_id("em", *key), occasion.public_url)
        if letter is not None:
            yield Planned(
                account=policy.email, effect=letter, ordering_key=f"mail:{notice.employee}"
            )
    if policy.webhook is not None and policy.webhook != occasion.down:
        name = digest_id("no", *key, notice.conversation or "")
        post = post_of(notice, name, occasion.now, occasion.public_url)
        yield Planned(account=policy.webhook, effect=post, ordering_key=post.key)


def post_of(notice: Notify, key: str, now: datetime, public_url: str) -> PostNotification:
    where = f"/conversations/{notice.conversation}" if notice.conversation else "/notifications"
    return PostNotification(
        key=key,
        employee=notice.employee,
        code=notice.code,
        told_at=now,
        conversation=notice.conversation,
        about=notice.about,
        link=f"{public_url}{where}",
    )
