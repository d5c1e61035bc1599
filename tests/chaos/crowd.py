"""Who calls the bridge: clients, those who answer them, and people at the CRM who change owners.

Each message is sent again until the bridge has taken it, as the vendors do it.
"""

import json
import random
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial

from bridge.cli.calls import call
from bridge.domain.names import AccountName, conversation_id
from tests.chaos.clients import Chat, Ledger, Sent, edit_of, webhook
from tests.chaos.crms import Crm
from tests.chaos.door import Door, Insisting
from tests.chaos.plan import CHAT, Plan


class Crowd:
    """A thread per chat, one per client who is answered, one for the owners. What is not taken is
    sent again until `give_up_at` (monotonic)."""

    def __init__(self, plan: Plan, door: Door, crm: Crm, crm_url: str, give_up_at: float) -> None:
        self._plan = plan
        self._crm = crm
        self._door = door
        self._crm_url = crm_url
        self._insisting = Insisting(give_up_at)
        self.ledger = Ledger()
        self.owners_changed = 0
        self.threads: list[threading.Thread] = []

    def begin(self, chats: Sequence[Chat]) -> None:
        for chat in chats:
            self._start(f"chat {chat.number}", partial(self._write, chat))
        known = [chat for chat in chats if chat.client.is_known]
        for chat in known[: self._plan.answered]:
            self._start(f"replies {chat.number}", partial(self._reply, chat))
        if known and self._plan.owners_changed_per_second > 0:
            self._start("owners", partial(self._change_owners, known))

    def is_writing(self) -> bool:
        return any(thread.is_alive() for thread in self.threads)

    def _start(self, name: str, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, name=name, daemon=True)
        self.threads.append(thread)
        thread.start()

    def _write(self, chat: Chat) -> None:
        pause = self._plan.chats / self._plan.messages_per_second

        def send(sent: Sent) -> int:
            return self._door.post(self._door.hook, webhook(chat, sent, self._door.files), {})

        messages = [Sent(chat.number, place) for place in range(self._plan.messages_each)]
        self._send_all(messages, pause, send, partial(self._edit, chat))

    def _edit(self, chat: Chat, sent: Sent, dice: random.Random) -> None:
        """Some clients write anew what they have just written."""
        if dice.random() >= self._plan.edited:
            return
        body = edit_of(chat, sent, self._door.files)
        post = partial(self._door.post, self._door.hook, body, {})
        self._insisting.until_taken(lambda: self.ledger.note(sent, post(), is_edit=True))

    def _reply(self, chat: Chat) -> None:
        where = conversation_id(AccountName(CHAT), chat.channel_id, chat.client.phone)
        path = f"/api/v1/conversations/{where}/messages"

        def send(sent: Sent) -> int:
            headers = {"Authorization": f"Bearer {self._door.key}", "Idempotency-Key": sent.id}
            return self._door.post(path, json.dumps({"text": sent.text}).encode(), headers)

        pause = self._plan.answered / max(0.01, self._plan.replies_per_second)
        replies = [Sent(chat.number, place, True) for place in range(self._plan.replies_each)]
        self._send_all(replies, pause, send)

    def _send_all(
        self,
        messages: Sequence[Sent],
        pause: float,
        send: Callable[[Sent], int],
        then: Callable[[Sent, random.Random], None] = lambda sent, dice: None,
    ) -> None:
        dice = random.Random(f"{self._plan.seed}:{messages[0].id if messages else ''}")
        due = time.monotonic() + dice.uniform(0.0, pause)
        for sent in messages:
            time.sleep(max(0.0, due - time.monotonic()))
            due += pause * dice.uniform(0.5, 1.5)
            self._insist(sent, send)
            if dice.random() < self._plan.sent_twice:
                with self.ledger.lock:
                    self.ledger.sent_twice += 1
                self._insist(sent, send)
            then(sent, dice)

    def _insist(self, sent: Sent, send: Callable[[Sent], int]) -> None:
        self._insisting.until_taken(lambda: self.ledger.note(sent, send(sent)))

    def _change_owners(self, known: Sequence[Chat]) -> None:
        """At the CRM itself, which tells the bridge by webhooks of its own."""
        dice = random.Random(f"{self._plan.seed}:owners")
        end = time.monotonic() + self._plan.seconds
        while time.monotonic() < end:
            time.sleep(dice.uniform(0.5, 1.5) / self._plan.owners_changed_per_second)
            kind, record = dice.choice(self._crm.owned(dice.choice(known).client))
            changed = self._crm.new_owner(kind, record, dice.choice(self._crm.owners[:2]))
            call("POST", f"{self._crm_url}/_sandbox/change", changed)
            self.owners_changed += 1
