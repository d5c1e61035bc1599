"""Pages for people: plain HTML, readable without a script."""

from collections.abc import Callable
from functools import partial

import structlog
from flask import Blueprint, Flask, Response, make_response, redirect, render_template, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from bridge.domain.errors import ConfigError
from bridge.domain.helping import HELPERS
from bridge.domain.reasons import Reason, ReasonCode
from bridge.pipeline.parts import Parts
from bridge.web import languages, static_files
from bridge.web.api.reseller_clients import RESELLING
from bridge.web.auth import CLIENTS, EVERYBODY, PARTNERS, PEOPLE
from bridge.web.pages import (
    account,
    activity,
    appearance,
    audit,
    business,
    chat,
    chats,
    client_actions,
    client_files,
    clients,
    dead,
    deliveries,
    embedding,
    erasing,
    exports,
    first,
    helping,
    notices,
    numbers,
    openid,
    operations,
    partner_inbox,
    partner_leads,
    partners,
    plan,
    renewal_month,
    renewals,
    reseller_clients,
    rotation,
    sending,
    signing_in,
    welcome,
)
from bridge.web.pages.client_words import CLIENT_FILTERS
from bridge.web.pages.entering import gate
from bridge.web.pages.lead_words import LEAD_FILTERS
from bridge.web.pages.looks import FILTERS
from bridge.web.pages.renewal_words import RENEWAL_FILTERS
from bridge.web.pages.settings import changes, files, reviewing
from bridge.web.pages.settings.routes import routes as settings_routes
from bridge.web.pages.visiting import Visit, form, own_form, page
from bridge.web.problems import Problem, not_found, store_unavailable
from bridge.web.readable import refuse_unreadable_query
from bridge.web.site import SecretKey, Site, site_of
from bridge.web.uploads import is_upload

MAX_FORM_BYTES = 256 * 1024
_NO_FRAMES = "frame-ancestors 'none'"
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "img-src 'self' data:; media-src 'self'; connect-src 'self'; form-action 'self'; "
    f"base-uri 'none'; {_NO_FRAMES}",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_MESSAGE = "/conversations/<name>/messages/<message>"
_NOT_OURS = ("/api/", "/hooks/", "/healthz", "/readyz", "/metrics", "/media/")
_log = structlog.get_logger()
View = Callable[..., Response]
Routes = tuple[tuple[str, str, View], ...]


def register(app: Flask, parts: Parts, settings: SecretKey) -> None:
    """Adds the pages to the application; ConfigError without a secret key."""
    site = site_of(parts, settings)
    blueprint = Blueprint(
        "pages",
        "bridge.web",
        template_folder="templates",
    )
    blueprint.add_url_rule(f"{static_files.PREFIX}/<path:filename>", "static", static_files.serve)
    for rule, method, view in _pages(site):
        blueprint.add_url_rule(rule, f"{method} {rule}", view, methods=[method])
    blueprint.before_request(partial(_limit_form, site))
    blueprint.before_request(refuse_unreadable_query)
    _answer_errors(blueprint)
    app.register_blueprint(blueprint)
    app.register_error_handler(404, _unknown_address)
    app.after_request(partial(_guarded, site))
    languages.register(app)
    app.jinja_env.filters.update(FILTERS | CLIENT_FILTERS | LEAD_FILTERS | RENEWAL_FILTERS)
    app.jinja_env.globals.update(static=static_files.address, languages=languages.LANGUAGES)
    app.context_processor(_look)


def _look() -> dict[str, object]:
    """What pages need that nobody has to sign in for."""
    return {
        "language": languages.language(),
        "zone": languages.zone().key,
        "is_own_zone": bool(languages.own_zone()),
        "scheme": appearance.scheme(),
    }


def _pages(site: Site) -> Routes:
    return (
        *_entrances(site),
        *_partner_pages(site),
        *_client_pages(site),
        *settings_routes(site),
        ("/", "GET", page(site, _go_home, EVERYBODY)),
        ("/conversations", "GET", page(site, chats.show)),
        ("/conversations/new", "GET", page(site, first.show)),
        ("/conversations/new", "POST", form(site, first.write)),
        ("/conversations/<name>", "GET", page(site, chat.show)),
        ("/conversations/<name>/reply", "GET", page(site, chat.go_back)),
        ("/conversations/<name>/reply", "POST", form(site, chat.reply)),
        ("/conversations/<name>/template", "GET", page(site, chat.go_back)),
        ("/conversations/<name>/template", "POST", form(site, sending.send_template)),
        (f"{_MESSAGE}/resend", "POST", form(site, sending.send_once_more)),
        (f"{_MESSAGE}/mark-sent", "POST", form(site, sending.say_it_was_sent)),
        (
            "/conversations/<name>/files/<message>/<int:place>/again",
            "POST",
            form(site, chat.try_file_again),
        ),
        ("/conversations/<name>/dismiss", "POST", form(site, chat.say_no_answer_needed)),
        ("/conversations/<name>/undismiss", "POST", form(site, chat.say_answer_needed)),
        ("/conversations/<name>/note", "GET", page(site, chat.go_back)),
        ("/conversations/<name>/note", "POST", form(site, chat.write_note)),
        ("/conversations/<name>/erase", "GET", page(site, erasing.show)),
        ("/conversations/<name>/erase", "POST", form(site, erasing.forget)),
        ("/conversations/<name>/export", "GET", page(site, exports.take)),
        ("/feed", "GET", page(site, activity.show)),
        ("/feed/export", "GET", page(site, activity.take)),
        ("/contacts/<name>", "GET", page(site, activity.show_contact)),
        ("/deals/<name>", "GET", page(site, activity.show_deal)),
        ("/leads/<name>", "GET", page(site, activity.show_lead)),
        ("/events/<name>", "GET", page(site, activity.tell_why)),
        ("/notifications", "GET", page(site, notices.show, PEOPLE)),
        ("/notifications/read", "POST", form(site, notices.read_all, PEOPLE)),
        ("/rotation", "GET", page(site, rotation.show)),
        ("/work", "GET", page(site, clients.show)),
        ("/conversations/<name>/client", "POST", form(site, clients.choose)),
        ("/conversations/<name>/deal", "POST", form(site, clients.pin_deal)),
        ("/contacts/<name>/merge", "POST", form(site, clients.join)),
        ("/merges/<name>/undo", "POST", form(site, clients.part)),
        *_operations(site),
    )


def _entrances(site: Site) -> Routes:
    """How people come in, and what they may do about themselves."""
    door = gate()
    return (
        ("/login", "GET", partial(signing_in.how_to_sign_in, site)),
        ("/login/<token>", "GET", partial(signing_in.show_button, site)),
        ("/login/<token>", "POST", partial(signing_in.sign_in, site, door)),
        ("/signin", "GET", partial(openid.begin, site, door)),
        (openid.CALLBACK, "GET", partial(openid.come_back, site, door)),
        ("/signin/choose", "GET", partial(openid.show_choice, site)),
        ("/signin/choose", "POST", partial(openid.choose, site, door)),
        (openid.BACK_CHANNEL, "POST", partial(openid.hear_logout, site)),
        ("/signin/goodbye", "GET", partial(openid.say_goodbye, site, door)),
        ("/look", "POST", own_form(site, appearance.choose, EVERYBODY)),
        (f"{embedding.PREFIX}<token>", "GET", partial(embedding.open_link, site, door)),
        (f"{embedding.PREFIX}chats/<session>", "GET", partial(embedding.show, site)),
        (f"{embedding.PREFIX}chats/<session>/reply", "POST", partial(embedding.reply, site)),
        ("/logout", "POST", own_form(site, signing_in.sign_out, PEOPLE)),
        ("/account", "GET", page(site, account.show, EVERYBODY)),
        ("/account/end-others", "POST", own_form(site, account.end_all_others, PEOPLE)),
        ("/account/sessions/<session>/end", "POST", own_form(site, account.end_own, PEOPLE)),
        ("/sessions", "GET", page(site, account.show_all)),
        ("/sessions/end-all", "POST", form(site, account.end_all_of)),
        ("/sessions/<session>/end", "POST", form(site, account.end_any)),
    )


def _operations(site: Site) -> Routes:
    return (
        ("/numbers", "GET", page(site, numbers.show)),
        ("/numbers/export", "GET", page(site, numbers.take)),
        ("/operations/audit", "GET", page(site, audit.show)),
        ("/operations/audit/export", "GET", page(site, audit.take)),
        ("/operations", "GET", page(site, operations.show)),
        ("/operations/accounts/<account>/resume", "POST", form(site, operations.try_again)),
        ("/deliveries", "GET", page(site, deliveries.show)),
        ("/deliveries/<number>", "GET", page(site, deliveries.show_one)),
        ("/deliveries/test", "POST", form(site, deliveries.try_webhook)),
        ("/dead-letters", "GET", page(site, dead.show_all)),
        ("/dead-letters/bulk", "POST", form(site, dead.choose_many)),
        ("/dead-letters/undo", "POST", form(site, dead.take_back)),
        ("/dead-letters/<box>/<letter>", "GET", page(site, dead.show)),
        ("/dead-letters/<box>/<letter>/raw", "POST", form(site, dead.show_raw)),
        ("/dead-letters/<box>/<letter>/replay", "POST", form(site, dead.try_again)),
        ("/dead-letters/<box>/<letter>/drop", "POST", form(site, dead.give_up)),
    )


def _client_pages(site: Site) -> Routes:
    """Of resellers' clients and of renewals."""
    return (
        ("/activity", "GET", page(site, business.show, PEOPLE)),
        ("/activity/<name>", "GET", page(site, business.tell_why, PEOPLE)),
        ("/clients", "GET", page(site, reseller_clients.show, RESELLING)),
        ("/clients/new", "GET", page(site, reseller_clients.show_new, RESELLING)),
        ("/clients/new", "POST", form(site, client_actions.add, RESELLING)),
        ("/clients/import", "GET", page(site, client_files.show, RESELLING)),
        ("/clients/import", "POST", form(site, client_files.bring, RESELLING)),
        ("/clients/export", "GET", page(site, client_files.take, RESELLING)),
        ("/clients/<name>", "GET", page(site, reseller_clients.show_one, RESELLING)),
        ("/clients/<name>/<action>", "POST", form(site, client_actions.act, RESELLING)),
        ("/clients/<name>/sign-in-as", "POST", form(site, helping.start, HELPERS)),
        ("/plan", "GET", page(site, plan.show, CLIENTS)),
        ("/plan/messages", "GET", page(site, plan.show_chats, CLIENTS)),
        ("/plan/messages/<name>", "GET", page(site, plan.show_messages, CLIENTS)),
        ("/plan/end", "POST", own_form(site, helping.leave, CLIENTS)),
        ("/renewals", "GET", page(site, renewals.show_all, PEOPLE)),
        ("/renewals/month", "GET", page(site, renewal_month.show, PEOPLE)),
        ("/renewals/preview", "GET", page(site, renewals.show_preview, PEOPLE)),
        ("/renewals/<name>", "GET", page(site, renewals.show, PEOPLE)),
        ("/renewals/<name>/owner", "POST", form(site, renewals.set_owner, PEOPLE)),
        ("/renewals/<name>/state", "POST", form(site, renewals.say, PEOPLE)),
        ("/clients/<name>/renewals", "GET", page(site, renewals.of_client, PEOPLE)),
        *_changing(site),
        ("/settings/partners/communications", "GET", page(site, renewals.show_default, PEOPLE)),
        ("/settings/partners/communications", "POST", form(site, renewals.set_default, PEOPLE)),
    )


def _partner_pages(site: Site) -> Routes:
    lead = "/partners/leads/<name>"
    return (
        ("/inbox", "GET", page(site, partner_inbox.show, PARTNERS)),
        ("/inbox/<name>", "GET", page(site, partner_inbox.show_lead, PARTNERS)),
        ("/inbox/<name>/take", "POST", form(site, partner_inbox.take, PARTNERS)),
        ("/inbox/<name>/accept", "POST", form(site, partner_inbox.accept, PARTNERS)),
        ("/inbox/<name>/decline", "POST", form(site, partner_inbox.decline, PARTNERS)),
        ("/partners/leads", "GET", page(site, partner_leads.show)),
        (lead, "GET", page(site, partner_leads.show_lead)),
        (f"{lead}/assign", "POST", form(site, partner_leads.assign)),
        ("/partners/bulk", "GET", page(site, partner_leads.choose_many)),
        ("/partners/bulk", "POST", form(site, partner_leads.assign_many)),
        ("/partners/batches/<batch>/undo", "POST", form(site, partner_leads.undo)),
        ("/partners/programme", "GET", page(site, partners.show_programme)),
        ("/partners/programme/on", "POST", form(site, partners.switch_on)),
        ("/partners/programme/review", "POST", form(site, partners.end_review)),
        ("/partners/accounts", "GET", page(site, partners.show_accounts)),
        ("/partners/accounts/<name>/enable", "POST", form(site, partners.enable_account)),
        ("/partners/users/<user>/enable", "POST", form(site, partners.enable_user)),
        ("/partners/queues", "GET", page(site, partners.show_queues)),
        ("/partners/report", "GET", page(site, partners.show_report)),
    )


def _go_home(visit: Visit) -> Response:
    return make_response(redirect(welcome.begin_of(visit.site, visit.principal)))


def _changing(site: Site) -> Routes:
    """Changes of the YAML: their review, their history, and the files themselves."""
    review, change = "/settings/review/<name>", "/settings/changes/<name>"
    return (
        (review, "GET", page(site, reviewing.show)),
        (review, "POST", form(site, reviewing.keep)),
        (f"{review}/effect", "GET", page(site, reviewing.show_effect)),
        (f"{review}/patch", "GET", page(site, reviewing.take_patch)),
        (f"{review}/discard", "POST", form(site, reviewing.discard)),
        ("/settings/changes", "GET", page(site, changes.show_all)),
        (change, "GET", page(site, changes.show)),
        (f"{change}/return", "POST", form(site, changes.go_back)),
        ("/settings/files", "GET", page(site, files.show_all)),
        ("/settings/files/<name>", "GET", page(site, files.show)),
        ("/settings/files/<name>", "POST", form(site, files.edit)),
    )


def _limit_form(site: Site) -> None:
    most = MAX_FORM_BYTES
    if request.path == client_files.PATH:  # the preview carries the file along
        request.max_content_length = request.max_form_memory_size = client_files.MOST_FORM_BYTES
        return
    if is_upload(request.path) and request.mimetype == "multipart/form-data":
        most += site.policy.media.max_upload_bytes
    request.max_content_length = most
    request.max_form_memory_size = MAX_FORM_BYTES


def _guarded(site: Site, answer: Response) -> Response:
    """Nothing is framed, sniffed, inlined or taken along to another site, whatever page it is; but
    for one client's chat, in frames of the pages that the configuration names."""
    framing = _framing(site) if request.path.startswith(embedding.PREFIX) else ""
    for name, value in _HEADERS.items():
        if framing and name == "X-Frame-Options":
            continue  # it knows no list of origins, and would forbid what the policy below allows
        is_policy = framing and name == "Content-Security-Policy"
        answer.headers.setdefault(name, value.replace(_NO_FRAMES, framing) if is_policy else value)
    if request.blueprint == "pages" and request.endpoint != "pages.static":
        answer.headers.setdefault("Cache-Control", "no-store")
    return answer


def _framing(site: Site) -> str:
    """Which pages may show it, for `frame-ancestors`; empty while nobody's may."""
    try:
        named = embedding.origins(site)
    except (ConfigError, SQLAlchemyError):
        return ""
    return f"frame-ancestors {' '.join(named)}" if named else ""


def _answer_errors(blueprint: Blueprint) -> None:
    blueprint.register_error_handler(Problem, _problem)
    blueprint.register_error_handler(SQLAlchemyError, _store_failed)
    blueprint.register_error_handler(ConfigError, _store_failed)
    blueprint.register_error_handler(HTTPException, _http_error)


def _problem(problem: Problem) -> Response:
    body = render_template("error.html", problem=problem)
    return Response(body, problem.status, problem.headers)


def _store_failed(error: Exception) -> Response:
    _log.error("store unavailable", kind=type(error).__name__)
    return _problem(store_unavailable())


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    if status >= 500:
        return _problem(Problem(status, Reason(ReasonCode.REQUEST_FAILED, "it has been logged")))
    return _problem(Problem(status, Reason(ReasonCode.REQUEST_INVALID, _asked_wrongly(status))))


def _asked_wrongly(status: int) -> str:
    detail = "what was sent can't be read; go back, reload the page and try again"
    match status:
        case 405:
            detail = "this address does not take what was sent; go back and reload the page"
        case 413:
            detail = "what was sent is larger than is taken here"
    return detail


def _unknown_address(error: HTTPException) -> Response:
    if request.path.startswith(_NOT_OURS):
        return make_response(error.get_response())
    return _problem(not_found("page"))
