"""The registry's composition root: an application for any WSGI server."""

from flask import Flask, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from werkzeug.middleware.proxy_fix import ProxyFix

from registry.answers import set_up_answers
from registry.cases_api import opening, standing
from registry.members import set_up_members
from registry.page import pages
from registry.services import Services
from registry.settings import RegistrySettings, load
from registry.sharing_api import sharing


def create_registry(settings: RegistrySettings) -> Flask:
    """The application over its database, whose tables, members and accounts it sees to first."""
    app = Flask("registry", static_url_path="/static")
    made = Services.build(settings)
    made.database.create()
    with made.database.writing() as (session, _):
        set_up_members(session, settings, made.passwords)
    made.attach(app)
    if settings.trusted_proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=settings.trusted_proxies, x_proto=settings.trusted_proxies
        )
    limiter = Limiter(get_remote_address, app=app, storage_uri=settings.rate_limit_storage)
    set_up_answers(app, settings, limiter)
    # Counted before anybody signs in, so that guessing costs an address its requests.
    limiter.limit(settings.sharing_limit)(sharing)
    limiter.limit(settings.submit_limit)(opening)
    limiter.limit(settings.case_limit)(standing)
    limiter.limit(settings.case_limit, key_func=_case_number)(standing)
    app.register_blueprint(sharing, url_prefix=f"{settings.base_path}/v2")
    app.register_blueprint(opening)
    app.register_blueprint(standing)
    app.register_blueprint(pages)
    return app


def from_environment() -> Flask:
    """For gunicorn: `registry.app:from_environment()`."""
    return create_registry(load())


def _case_number() -> str:
    """Guesses at one case's PIN are counted together, wherever they come from."""
    return str((request.view_args or {}).get("number", "")).upper()
