"""Asks the other side of a generic webhook for its partners and renewals; what it does not offer is
nothing."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from bridge.domain.crm_partners import (
    CrmPartnerAccount,
    Organisation,
    PartnersRead,
    ProgrammeLead,
    SharingReview,
    SharingSetting,
)
from bridge.domain.crm_renewals import CrmRenewal, RenewalSource
from bridge.domain.names import CrmId
from bridge.ports import Account
from connectors.webhook.channel_questions import (
    AccountsQuestion,
    AllQuestion,
    ChangedQuestion,
    DueQuestion,
    LeadsQuestion,
    PartnerPerson,
    PeopleQuestion,
    RenewalsQuestion,
)
from connectors.webhook.reader import Asking, batches

_NOT_TOLD = "this system does not say what it opens to people from outside: look there"


class WebhookPartners:
    """Raises what `bridge.ports.PartnerReader` says. Who says nothing of itself is taken for a real
    organisation, not for one to try things in."""

    def __init__(self, account: Account) -> None:
        self._account = account.name
        self._asking = Asking(account)

    def organisation(self) -> Organisation:
        told = self._asking.items("organisation", AllQuestion(), Organisation)
        unknown = Organisation(id=self._account, name=self._account, is_sandbox=False)
        return told[0] if told else unknown

    def partners(self, accounts: Sequence[CrmId], emails: Sequence[str]) -> PartnersRead:
        found: dict[CrmId, CrmPartnerAccount] = {}
        for some in batches(accounts):
            asked = AccountsQuestion(ids=some)
            found |= self._asking.by_id("partner.accounts", asked, CrmPartnerAccount)
        wanted = PeopleQuestion(accounts=tuple(accounts), emails=tuple(emails))
        is_asked = bool(accounts or emails)
        people = self._asking.items("partner.users", wanted, PartnerPerson) if is_asked else []
        there = tuple(found[one] for one in accounts if one in found)
        return PartnersRead(accounts=there, users=tuple(one.known() for one in people))

    def sharing(self) -> SharingReview:
        told = self._asking.items("partner.sharing", AllQuestion(), SharingSetting)
        return SharingReview(settings=tuple(told), unread=() if told else (_NOT_TOLD,))

    def leads(
        self, ids: Sequence[CrmId], properties: Sequence[str]
    ) -> Mapping[CrmId, ProgrammeLead]:
        found: dict[CrmId, ProgrammeLead] = {}
        for some in batches(ids):
            asked = LeadsQuestion(ids=some, properties=tuple(properties))
            found |= self._asking.by_id("partner.leads", asked, ProgrammeLead)
        return {one: found[one] for one in ids if one in found}


class WebhookRenewals:
    """Raises what `bridge.ports.RenewalReader` says."""

    def __init__(self, account: Account) -> None:
        self._asking = Asking(account)

    def due(self, source: RenewalSource, first: date, last: date) -> Sequence[CrmRenewal]:
        asked = DueQuestion(source=source, first=first, last=last)
        return self._asking.items("renewals.due", asked, CrmRenewal)

    def changed(self, source: RenewalSource, since: datetime) -> Sequence[CrmRenewal]:
        asked = ChangedQuestion(source=source, since=since)
        return self._asking.items("renewals.changed", asked, CrmRenewal)

    def read(self, source: RenewalSource, ids: Sequence[CrmId]) -> Mapping[CrmId, CrmRenewal]:
        found: dict[CrmId, CrmRenewal] = {}
        for some in batches(ids):
            asked = RenewalsQuestion(source=source, ids=some)
            found |= self._asking.by_id("renewals", asked, CrmRenewal)
        return {one: found[one] for one in ids if one in found}
