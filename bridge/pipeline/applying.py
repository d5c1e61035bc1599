"""Carries out in what is held what a decision changes."""

from dataclasses import replace
from datetime import datetime
from typing import assert_never

from bridge.domain import changes as c
from bridge.domain.decisions import Decision
from bridge.domain.policy import Policy
from bridge.domain.records import RecordKind
from bridge.pipeline.forgetting import forget_chat, forget_contact
from bridge.pipeline.loaded import Loaded
from bridge.pipeline.merging import merge, undo
from bridge.store.turns import Taken


class Applying:
    """The changes of one decision."""

    def __init__(self, held: Loaded, decision: Decision, policy: Policy, now: datetime) -> None:
        self._held = held
        self._decision = decision
        self._policy = policy
        self._now = now

    def apply(self, change: c.ChatChange) -> None:
        held = self._held
        match change:
            case c.PutConversation():
                held.put_conversation(change.conversation)
            case c.PutContact():
                held.put_contact(change.contact)
            case c.PutDeal():
                held.put_record(change.deal)
            case c.PutLead():
                held.put_record(change.lead)
            case c.PutMessage():
                held.put_message(self._decision.account, change.message)
            case c.SetOwner() | c.MergeContacts() | c.UndoMerge():
                self._to_records(change)
            case c.EraseContact() | c.EraseChat():
                self._forget(change)
            case _:
                self._note(change)

    def _to_records(self, change: c.SetOwner | c.MergeContacts | c.UndoMerge) -> None:
        match change:
            case c.SetOwner():
                self._set_owner(change)
            case c.MergeContacts():
                merge(self._held, change, self._now)
            case c.UndoMerge():
                undo(self._held, change)

    def _forget(self, change: c.EraseContact | c.EraseChat) -> None:
        event_key = self._decision.event_key
        if isinstance(change, c.EraseContact):
            forget_contact(self._held, change.contact, event_key)
        else:
            forget_chat(self._held, change.conversation, event_key)

    def _note(
        self,
        change: c.SetChannelState
        | c.TakeTurn
        | c.Notify
        | c.RequestRefresh
        | c.DisableTemplate
        | c.SettleSend
        | c.DropSend
        | c.Park
        | c.NameReaction
        | c.PutIdentity
        | c.MoveChat
        | c.AddNote,
    ) -> None:
        held = self._held
        match change:
            case c.SetChannelState():
                name = self._policy.channel_name(change.account, change.channel_id)
                held.set_channel(name, change)
            case c.TakeTurn():
                held.turns.take(change)
                account, event_key = self._decision.account, self._decision.event_key
                held.taken.append(Taken(change=change, account=account, event_key=event_key))
            case c.Notify():
                held.notifications.append(change)
            case c.RequestRefresh():
                held.refreshes.append(change)
            case c.DisableTemplate():
                held.disabled.append(change)
            case c.DropSend():
                held.dropped.append(change)
            case _:
                self._name(change)

    def _name(
        self,
        change: c.SettleSend | c.Park | c.NameReaction | c.PutIdentity | c.MoveChat | c.AddNote,
    ) -> None:
        """What the vendor calls something of ours, a client, or something that has not come yet."""
        held, account = self._held, self._decision.account
        match change:
            case c.SettleSend():
                held.settle(change)
            case c.NameReaction():
                held.reaction_ids.append((account, change))
                held.by_reaction[account, change.reaction_id] = change.message
                held.arrived.add(change.reaction_id)
            case c.Park():
                return  # stands in the decision
            case c.PutIdentity():
                held.put_identity(change.identity)
            case c.AddNote():
                held.notes.append(change)
            case c.MoveChat():
                held.put_home(change)
            case _:
                assert_never(change)

    def _set_owner(self, change: c.SetOwner) -> None:
        held = self._held
        if change.kind is RecordKind.CONTACT:
            contact = held.contacts[change.record]
            held.put_contact(replace(contact, owner=change.owner))
            for conversation in tuple(held.conversations.values()):
                if conversation.contact == contact.id and conversation.claimed_by is not None:
                    held.put_conversation(replace(conversation, claimed_by=None))
            return
        record = held.records[change.record]
        held.put_record(replace(record, owner=change.owner))
