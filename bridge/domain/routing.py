"""The one door into the rules: an event and its facts in, a decision out."""

from dataclasses import replace
from typing import assert_never

from bridge.domain import (
    crm_changes,
    helping,
    joining,
    late,
    message_changes,
    messages,
    moving,
    notes,
    reactions,
    record_changes,
    reselling,
    statuses,
)
from bridge.domain.announcing import announce
from bridge.domain.blocking import on_blocked
from bridge.domain.changes import Notify, SetChannelState
from bridge.domain.channels import USABLE
from bridge.domain.decisions import Decision, Wait
from bridge.domain.draft import Draft
from bridge.domain.events import (
    AssociationChanged,
    ChannelChanged,
    ChatBlocked,
    ChatInvited,
    ClientChanged,
    ClientChosen,
    ClientIdentified,
    ContactChanged,
    ContactDeleted,
    ContactErased,
    ContactsJoined,
    ContactsMerged,
    ContactsParted,
    CrmEvent,
    DealChanged,
    DeskEvent,
    Event,
    HelpingEvent,
    IdentityChanged,
    LeadChanged,
    MessageDeleted,
    MessageEdited,
    MessageReacted,
    MessageReceived,
    MessageSent,
    MessageStatusChanged,
    MessageWritten,
    MessengerEvent,
    NoteAdded,
    OwnerChanged,
    PartnerEvent,
    RecordEvent,
    RenewalEvent,
    ResellingEvent,
    SendMarked,
    TemplateChanged,
    UnitsUsed,
)
from bridge.domain.facts import ChannelFacts, Facts
from bridge.domain.own_writes import is_own_write
from bridge.domain.partner_routing import follow_leads, on_partner_event
from bridge.domain.policy import Policy
from bridge.domain.reasons import ReasonCode
from bridge.domain.renewing_rules import on_client_changed, on_renewal
from bridge.domain.telling import active_managers
from bridge.domain.template_changes import on_template
from bridge.domain.written import on_written


def route(event: Event, facts: Facts, policy: Policy) -> Decision | Wait:
    """What follows from this event, and why. Pure: the same values give the same decision."""
    draft = Draft(event, facts, policy)
    if isinstance(event, HelpingEvent):
        return helping.on_helping(draft, event)
    if isinstance(event, RenewalEvent):
        return on_renewal(draft, event)
    if isinstance(event, ResellingEvent):
        return reselling.on_reselling(draft, event)
    if isinstance(event, PartnerEvent):
        return on_partner_event(draft, event)
    if isinstance(event, DeskEvent):
        return _from_us(draft, event)
    if isinstance(event, UnitsUsed):
        return reselling.on_units_used(draft, event)
    if isinstance(event, CrmEvent):
        return _from_crm(draft, event)
    return _from_messenger(draft, event)


def _from_us(draft: Draft, event: DeskEvent) -> Decision | Wait:
    match event:
        case ClientIdentified():
            return late.on_identified(draft, event)
        case ClientChosen():
            return late.on_chosen(draft, event)
        case ContactsJoined():
            return joining.on_joined(draft, event)
        case ContactsParted():
            return joining.on_parted(draft, event)
        case MessageWritten():
            return on_written(draft, event)
        case SendMarked():
            return statuses.on_marked(draft, event)
        case NoteAdded():
            return notes.on_note(draft, event)
    assert_never(event)


def _from_messenger(draft: Draft, event: MessengerEvent) -> Decision | Wait:
    match event:
        case MessageReceived():
            return messages.on_received(draft, event)
        case MessageSent():
            return messages.on_sent(draft, event)
        case MessageEdited():
            return message_changes.on_edited(draft, event)
        case MessageDeleted():
            return message_changes.on_deleted(draft, event)
        case MessageStatusChanged():
            return statuses.on_status(draft, event)
        case MessageReacted():
            return reactions.on_reacted(draft, event)
        case _:
            return _about_chats(draft, event)


def _about_chats(
    draft: Draft,
    event: IdentityChanged | ChatBlocked | ChatInvited | ChannelChanged | TemplateChanged,
) -> Decision:
    match event:
        case ChatInvited():
            return messages.on_invited(draft, event)
        case ChannelChanged():
            return _on_channel(draft, event)
        case TemplateChanged():
            return on_template(draft, event)
        case ChatBlocked():
            return on_blocked(draft, event)
        case IdentityChanged():
            return moving.on_moved(draft, event)
    assert_never(event)


def _from_crm(draft: Draft, event: RecordEvent) -> Decision:
    follow_leads(draft, event)
    if is_own_write(event, draft.facts):
        return draft.ignored(ReasonCode.ECHO_OWN_WRITE, "our own write coming back")
    if draft.policy.crm != event.account:
        return draft.ignored(
            ReasonCode.EVENT_IGNORED, f"{event.account} is not the CRM that accounts.yaml names"
        )
    match event:
        case OwnerChanged():
            return crm_changes.on_owner(draft, event)
        case ContactChanged():
            return crm_changes.on_contact(draft, event)
        case ContactDeleted():
            return crm_changes.on_contact_deleted(draft, event)
        case ContactErased():
            return crm_changes.on_erased(draft, event)
        case ContactsMerged():
            return crm_changes.on_merged(draft, event)
        case _:
            return _from_crm_records(draft, event)


def _from_crm_records(
    draft: Draft,
    event: DealChanged | LeadChanged | AssociationChanged | ClientChanged,
) -> Decision:
    match event:
        case DealChanged():
            return record_changes.on_deal(draft, event)
        case LeadChanged():
            return record_changes.on_lead(draft, event)
        case AssociationChanged():
            return record_changes.on_association(draft, event)
        case ClientChanged():
            return on_client_changed(draft, event)
    assert_never(event)


def _on_channel(draft: Draft, event: ChannelChanged) -> Decision:
    """A channel's state; managers are told once when it stops working (WZ-15)."""
    meant = _channels_meant(draft, event)
    if not meant:
        return draft.ignored(ReasonCode.EVENT_IGNORED, "no channel is known that this could be of")
    changed = [c for c in meant if c.as_of is None or c.as_of <= event.occurred_at]
    if not changed:
        return draft.ignored(ReasonCode.MIRROR_OLDER, "a newer state of the channel is known")
    for channel in changed:
        draft.change(
            SetChannelState(
                account=event.account,
                channel_id=channel.channel_id,
                state=event.state or channel.state,
                detail=event.detail,
                as_of=event.occurred_at,
            )
        )
    draft.because(ReasonCode.CHANNEL_STATE, f"the channel is {event.state or 'as it was'}")
    worked = any(c.state in USABLE or c.as_of is None for c in changed)
    if worked and event.state is not None and event.state not in USABLE:
        labels = (draft.policy.channel_label(channel.name) for channel in changed)
        _tell_managers(draft, ", ".join(labels))
    return draft.applied()


def _channels_meant(draft: Draft, event: ChannelChanged) -> tuple[ChannelFacts, ...]:
    """The one that is named, by its id or its number, or all of the account."""
    if event.channel_id:
        known = draft.facts.channel or ChannelFacts(
            name=draft.policy.channel_name(event.account, event.channel_id)
        )
        return (replace(known, channel_id=event.channel_id),)
    if not event.plain_id:
        return draft.facts.account_channels
    number = _digits(event.plain_id)
    return tuple(c for c in draft.facts.account_channels if _digits(c.plain_id) == number)


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isdecimal())


def _tell_managers(draft: Draft, about: str) -> None:
    for manager in active_managers(draft.facts.directory, draft.policy):
        notice = Notify(
            employee=manager.id,
            conversation=None,
            message=None,
            code=ReasonCode.CHANNEL_INACTIVE,
            about=about,
        )
        announce(draft, notice)
