"""What every route that changes something leaves in the audit log: the table that a new one has to
be entered in."""

# Each line: method, rule, then the deed that it leaves, or a dash and why it leaves none.
TABLE = """
POST   /account/end-others                                     session_revoked
POST   /account/sessions/<session>/end                         session_revoked
POST   /api/v1/clients                                         decided
PATCH  /api/v1/clients/<id>                                    decided
POST   /api/v1/clients/<id>/activate                           decided
POST   /api/v1/clients/<id>/add-units                          decided
POST   /api/v1/clients/<id>/archive                            decided
POST   /api/v1/clients/<id>/link                               decided
POST   /api/v1/clients/<id>/renew                              decided
POST   /api/v1/clients/<id>/sign-in-as                         sign_in_link_made
POST   /api/v1/clients/<id>/suspend                            decided
POST   /api/v1/clients/<id>/unarchive                          decided
POST   /api/v1/clients/<id>/use                                - the ledger of units has each one
POST   /api/v1/clients/import                                  decided
PUT    /api/v1/config                                          config_changed
POST   /api/v1/config/check                                    - tries only
POST   /api/v1/config/rollback                                 config_rolled_back
POST   /api/v1/contacts/<id>/merge                             decided
POST   /api/v1/conversations/<id>/client                       decided
POST   /api/v1/conversations/<id>/deal                         decided
POST   /api/v1/conversations/<id>/dismiss                      dismissed
POST   /api/v1/conversations/<id>/erase                        erased
POST   /api/v1/conversations/<id>/messages                     - the chat names its writer
POST   /api/v1/conversations/<id>/messages/<message>/mark-sent - the chat names its writer
POST   /api/v1/conversations/<id>/messages/<message>/resend    - the chat names its writer
POST   /api/v1/conversations/<id>/notes                        - the chat names its writer
POST   /api/v1/conversations/<id>/undismiss                    decided
POST   /api/v1/dead-letters/<box>/<id>/drop                    dropped
POST   /api/v1/dead-letters/<box>/<id>/replay                  replayed
POST   /api/v1/dead-letters/<box>/<id>/undo                    drop_undone
POST   /api/v1/embed-links                                     embed_link_made
POST   /api/v1/employees/refresh                               - reads the CRM anew, no more
POST   /api/v1/keys                                            key_made
DELETE /api/v1/keys/<id>                                       key_revoked
POST   /api/v1/merges/<id>/undo                                decided
POST   /api/v1/messages                                        - the chat names its writer
POST   /api/v1/messages/<id>/media/<place>/retry               - copies a file anew, no more
POST   /api/v1/notifications/read                              - his own notices
POST   /api/v1/operations/accounts/<account>/resume            resumed
POST   /api/v1/outgoing-webhooks/test                          webhook_tested
POST   /api/v1/partners/accounts/<name>/enable                 decided
POST   /api/v1/partners/batches/<batch>/undo                   decided
POST   /api/v1/partners/leads/<id>/accept                      decided
POST   /api/v1/partners/leads/<id>/assign                      decided
POST   /api/v1/partners/leads/<id>/decline                     decided
POST   /api/v1/partners/leads/<id>/take                        decided
POST   /api/v1/partners/leads/assign                           decided
POST   /api/v1/partners/programme/review                       decided
POST   /api/v1/partners/programme/switch-off                   decided
POST   /api/v1/partners/programme/switch-on                    decided
POST   /api/v1/partners/users/<user>/enable                    decided
PUT    /api/v1/renewals/<id>                                   decided
POST   /api/v1/renewals/<id>/state                             decided
PUT    /api/v1/renewals/default                                decided
POST   /api/v1/sessions/<id>/end                               session_revoked
POST   /api/v1/uploads                                         - counts once it is sent
POST   /clients/<name>/<action>                                decided
POST   /clients/<name>/sign-in-as                              signed_in_as
POST   /clients/import                                         decided
POST   /clients/new                                            decided
POST   /contacts/<name>/merge                                  decided
POST   /conversations/<name>/client                            decided
POST   /conversations/<name>/deal                              decided
POST   /conversations/<name>/dismiss                           dismissed
POST   /conversations/<name>/erase                             erased
POST   /conversations/<name>/files/<message>/<int:place>/again - copies a file anew, no more
POST   /conversations/<name>/messages/<message>/mark-sent      - the chat names its writer
POST   /conversations/<name>/messages/<message>/resend         - the chat names its writer
POST   /conversations/<name>/note                              - the chat names its writer
POST   /conversations/<name>/reply                             - the chat names its writer
POST   /conversations/<name>/template                          - the chat names its writer
POST   /conversations/<name>/undismiss                         decided
POST   /conversations/new                                      - the chat names its writer
POST   /dead-letters/<box>/<letter>/drop                       dropped
POST   /dead-letters/<box>/<letter>/raw                        raw_read
POST   /dead-letters/<box>/<letter>/replay                     replayed
POST   /dead-letters/bulk                                      replayed
POST   /dead-letters/undo                                      drop_undone
POST   /deliveries/test                                        webhook_tested
POST   /embed/chats/<session>/reply                            - the chat names its writer
POST   /inbox/<name>/accept                                    decided
POST   /inbox/<name>/decline                                   decided
POST   /inbox/<name>/take                                      decided
POST   /login/<token>                                          signed_in
POST   /logout                                                 signed_out
POST   /look                                                   - his own browser
POST   /merges/<name>/undo                                     decided
POST   /notifications/read                                     - his own notices
POST   /operations/accounts/<account>/resume                   resumed
POST   /partners/accounts/<name>/enable                        decided
POST   /partners/batches/<batch>/undo                          decided
POST   /partners/bulk                                          decided
POST   /partners/leads/<name>/assign                           decided
POST   /partners/programme/on                                  decided
POST   /partners/programme/review                              decided
POST   /partners/users/<user>/enable                           decided
POST   /plan/end                                               sign_in_as_ended
POST   /renewals/<name>/owner                                  decided
POST   /renewals/<name>/state                                  decided
POST   /sessions/<session>/end                                 session_revoked
POST   /sessions/end-all                                      session_revoked
POST   /settings/changes/<name>/return                         - a draft; saving it is on record
POST   /settings/channels                                      - a draft; saving it is on record
POST   /settings/channels/add                                  - a draft; saving it is on record
POST   /settings/files/<name>                                  - a draft; saving it is on record
POST   /settings/new-clients                                   - a draft; saving it is on record
POST   /settings/new-rule                                      - a draft; saving it is on record
POST   /settings/notifications                                 - a draft; saving it is on record
POST   /settings/partners/communications                       decided
POST   /settings/people                                        - a draft; saving it is on record
POST   /settings/people/refresh                                - reads the CRM anew, no more
POST   /settings/pools                                         - a draft; saving it is on record
POST   /settings/review/<name>                                 config_changed
POST   /settings/review/<name>/discard                          - a draft; saving it is on record
POST   /settings/rules                                         - a draft; saving it is on record
POST   /settings/rules/<rule>                                  - a draft; saving it is on record
POST   /settings/rules/<rule>/remove                           - a draft; saving it is on record
POST   /signin/backchannel                                     session_revoked
POST   /signin/choose                                          signed_in
POST   /welcome/skip                                           - his own browser
POST   /welcome/test                                           - the chat names its writer
"""
