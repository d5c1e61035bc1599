"""Which routes serve whom from outside the house: the table that such a route is entered in."""

from bridge.domain.principals import PersonKind

# Each line: method, rule, and the kinds of principals besides those of the house. Whatever is not
# here, and not public, refuses them all.
TABLE = """
GET   /                                        partner reseller client
GET   /account                                 partner reseller client
POST  /account/end-others                      partner reseller
POST  /account/sessions/<session>/end          partner reseller
GET   /activity                                partner reseller
GET   /activity/<name>                         partner reseller
GET   /api/v1/activity                         partner reseller
GET   /api/v1/clients                          reseller
POST  /api/v1/clients                          reseller
GET   /api/v1/clients/<id>                     reseller
PATCH /api/v1/clients/<id>                     reseller
POST  /api/v1/clients/<id>/activate            reseller
POST  /api/v1/clients/<id>/add-units           reseller
POST  /api/v1/clients/<id>/archive             reseller
GET   /api/v1/clients/<id>/ledger              reseller
POST  /api/v1/clients/<id>/renew               reseller
POST  /api/v1/clients/<id>/sign-in-as          reseller
POST  /api/v1/clients/<id>/suspend             reseller
POST  /api/v1/clients/<id>/unarchive           reseller
POST  /api/v1/clients/<id>/use                 reseller
GET   /api/v1/clients/export                   reseller
POST  /api/v1/clients/import                   reseller
GET   /api/v1/notifications                    partner reseller
POST  /api/v1/notifications/read               partner reseller
GET   /api/v1/notifications/stream             partner reseller client
GET   /api/v1/partners/leads                   partner
GET   /api/v1/partners/leads/<id>              partner
POST  /api/v1/partners/leads/<id>/accept       partner
POST  /api/v1/partners/leads/<id>/decline      partner
POST  /api/v1/partners/leads/<id>/take         partner
GET   /api/v1/partners/queues                  partner
GET   /api/v1/plan                             client
GET   /api/v1/plan/conversations               client
GET   /api/v1/plan/conversations/<id>/messages client
GET   /api/v1/plan/ledger                      client
GET   /api/v1/plans                            reseller
GET   /api/v1/renewals                         partner reseller
GET   /api/v1/renewals/<id>                    partner reseller
PUT   /api/v1/renewals/<id>                    partner reseller
POST  /api/v1/renewals/<id>/state              partner reseller
GET   /api/v1/renewals/default                 partner reseller
PUT   /api/v1/renewals/default                 partner reseller
GET   /api/v1/renewals/preview                 partner reseller
GET   /clients                                 reseller
GET   /clients/<name>                          reseller
POST  /clients/<name>/<action>                 reseller
GET   /clients/<name>/renewals                 partner reseller
POST  /clients/<name>/sign-in-as               reseller
GET   /clients/export                          reseller
GET   /clients/import                          reseller
POST  /clients/import                          reseller
GET   /clients/new                             reseller
POST  /clients/new                             reseller
GET   /inbox                                   partner
GET   /inbox/<name>                            partner
POST  /inbox/<name>/accept                     partner
POST  /inbox/<name>/decline                    partner
POST  /inbox/<name>/take                       partner
POST  /logout                                  partner reseller
POST  /look                                    partner reseller client
GET   /notifications                           partner reseller
POST  /notifications/read                      partner reseller
GET   /plan                                    client
POST  /plan/end                                client
GET   /plan/messages                           client
GET   /plan/messages/<name>                    client
GET   /renewals                                partner reseller
GET   /renewals/<name>                         partner reseller
POST  /renewals/<name>/owner                   partner reseller
POST  /renewals/<name>/state                   partner reseller
GET   /renewals/month                           partner reseller
GET   /renewals/preview                        partner reseller
GET   /settings/partners/communications        partner reseller
POST  /settings/partners/communications        partner reseller
"""


def served(kind: PersonKind) -> frozenset[str]:
    lines = [line.split() for line in TABLE.strip().splitlines()]
    return frozenset(f"{method} {rule}" for method, rule, *kinds in lines if kind in kinds)
