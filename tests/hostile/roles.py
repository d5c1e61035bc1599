"""Who gets what from every route: the table that a new route has to be entered in (S15)."""

# Each line: method, rule, then the answer's status for nobody (no session, no key), for somebody
# without a role, for the owner of the chat, for a colleague of his, for quality control and for a
# manager. The chat, its event and its message are the owner's; the dead letter is nobody's. A dash:
# the route asks for no employee; what it asks for is tried elsewhere.
TABLE = """
GET    /                                          303 302 302 302 302 302
DELETE /api/v1/<path:rest>                        404 404 404 404 404 404
GET    /api/v1/<path:rest>                        404 404 404 404 404 404
PATCH  /api/v1/<path:rest>                        404 404 404 404 404 404
POST   /api/v1/<path:rest>                        404 404 404 404 404 404
PUT    /api/v1/<path:rest>                        404 404 404 404 404 404
GET    /api/v1/channels                           401 200 200 200 200 200
GET    /api/v1/conversations                      401 200 200 200 200 200
GET    /api/v1/conversations/<id>                 401 404 200 404 200 200
POST   /api/v1/contacts/<id>/merge                401 403 403 403 403 422
GET    /api/v1/conversations/<id>/channels        401 404 200 404 403 200
POST   /api/v1/conversations/<id>/dismiss         401 403 200 404 403 200
POST   /api/v1/conversations/<id>/client          401 403 403 403 403 422
GET    /api/v1/conversations/<id>/export          401 404 200 404 200 200
GET    /api/v1/conversations/<id>/messages        401 404 200 404 200 200
POST   /api/v1/conversations/<id>/messages        401 403 422 404 403 422
POST   /api/v1/conversations/<id>/messages/<message>/mark-sent 401 403 404 404 403 404
POST   /api/v1/conversations/<id>/messages/<message>/resend 401 403 404 404 403 404
GET    /api/v1/conversations/<id>/who-can-see     401 404 200 404 200 200
GET    /api/v1/dead-letters                       401 403 403 403 403 200
GET    /api/v1/dead-letters/<box>/<id>            401 403 403 403 403 200
POST   /api/v1/dead-letters/<box>/<id>/drop       401 403 403 403 403 200
POST   /api/v1/dead-letters/<box>/<id>/replay     401 403 403 403 403 200
GET    /api/v1/deliveries                         401 403 403 403 403 200
GET    /api/v1/deliveries/<id>                    401 403 403 403 403 404
GET    /api/v1/employees                          401 200 200 200 200 200
POST   /api/v1/employees/refresh                  401 403 403 403 403 202
GET    /api/v1/events/<id>                        401 404 200 404 200 200
GET    /api/v1/events/<id>/explain                401 404 200 404 200 200
GET    /api/v1/keys                               401 403 403 403 403 200
POST   /api/v1/keys                               401 403 403 403 403 422
DELETE /api/v1/keys/<id>                          401 403 403 403 403 404
GET    /api/v1/merges                             401 403 403 403 403 200
POST   /api/v1/merges/<id>/undo                   401 403 403 403 403 404
POST   /api/v1/messages                           401 403 422 422 403 422
GET    /api/v1/new-clients                        401 200 200 200 200 200
GET    /api/v1/notifications                      401 200 200 200 200 200
GET    /api/v1/notifications/counters             401 200 200 200 200 200
GET    /api/v1/notifications/stream               401 403 200 200 200 200
POST   /api/v1/notifications/read                 401 403 200 200 403 200
GET    /api/v1/openapi.json                       200 200 200 200 200 200
GET    /api/v1/templates                          401 200 200 200 200 200
GET    /api/v1/timeline                           401 200 200 200 200 200
GET    /api/v1/work/ambiguous                     401 403 403 403 403 200
POST   /contacts/<name>/merge                     303 403 403 403 403 404
GET    /conversations                             303 200 200 200 200 200
GET    /conversations/<name>                      303 404 200 404 200 200
POST   /conversations/<name>/client               303 403 403 403 403 422
POST   /conversations/<name>/dismiss              303 403 303 404 403 303
GET    /conversations/<name>/export               303 404 200 404 200 200
POST   /conversations/<name>/messages/<message>/mark-sent 303 403 404 404 403 404
POST   /conversations/<name>/messages/<message>/resend 303 403 404 404 403 404
GET    /conversations/<name>/reply                303 404 303 404 303 303
POST   /conversations/<name>/reply                303 403 422 404 403 422
GET    /conversations/<name>/template             303 404 303 404 303 303
POST   /conversations/<name>/template             303 403 422 404 403 422
GET    /conversations/new                         303 403 200 200 403 200
POST   /conversations/new                         303 403 422 422 403 422
GET    /dead-letters                              303 403 403 403 403 200
GET    /dead-letters/<box>/<letter>               303 403 403 403 403 200
POST   /dead-letters/<box>/<letter>/drop          303 403 403 403 403 303
POST   /dead-letters/<box>/<letter>/replay        303 403 403 403 403 303
GET    /deliveries                                303 403 403 403 403 200
GET    /events/<name>                             303 404 200 404 200 200
GET    /feed                                      303 200 200 200 200 200
GET    /healthz                                     -   -   -   -   -   -
GET    /login                                     200 200 200 200 200 200
GET    /login/<token>                             200 200 200 200 200 200
POST   /login/<token>                             403 403 403 403 403 403
POST   /logout                                    303 303 303 303 303 303
POST   /merges/<name>/undo                        303 403 403 403 403 404
GET    /metrics                                     -   -   -   -   -   -
GET    /notifications                             303 200 200 200 200 200
POST   /notifications/read                        303 403 303 303 403 303
GET    /readyz                                      -   -   -   -   -   -
GET    /work                                      303 403 403 403 403 200
GET    /static/<path:filename>                    200 200 200 200 200 200
"""
