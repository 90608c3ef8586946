"""The console as a Flask application: every part installed, in the order in which they matter."""

from pathlib import Path

from flask import Flask
from flask_wtf import CSRFProtect
from redis import Redis
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from config.settings import Settings
from console import (
    access,
    audit,
    bodies,
    deliveries,
    exposure,
    groups,
    health,
    hits,
    me,
    metrics,
    navigation,
    numbers,
    people,
    presence,
    presentation,
    problems,
    queue,
    saved_views,
    search,
    security,
    sessions,
    sign_in,
    sources,
    suspects,
)
from console.api.application import PREFIX, Api
from console.limits import limiter
from console.parts import NAME, Parts

ROOT = Path(__file__).resolve().parent.parent
SESSION_HOURS = 12
API = "console-api"

BLUEPRINTS = (
    sign_in.blueprint,
    navigation.blueprint,
    queue.blueprint,
    saved_views.blueprint,
    presence.blueprint,
    search.blueprint,
    exposure.blueprint,
    me.blueprint,
    hits.blueprint,
    groups.blueprint,
    metrics.blueprint,
    audit.blueprint,
    deliveries.blueprint,
    sources.blueprint,
    suspects.blueprint,
    people.blueprint,
    health.blueprint,
)


def build(settings: Settings, parts: Parts) -> Flask:
    """The application for `settings`, working with `parts`."""
    app = Flask("console", root_path=str(ROOT))
    app.config.update(
        SECRET_KEY=settings.secret_key.get_secret_value(),
        SESSION_TYPE="redis",
        SESSION_REDIS=Redis.from_url(settings.redis_url, socket_connect_timeout=5),
        SESSION_KEY_PREFIX="console:session:",
        SESSION_COOKIE_NAME="console",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.environment == "production",
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=SESSION_HOURS * 3600,
        WTF_CSRF_TIME_LIMIT=None,
        RATELIMIT_STORAGE_URI=settings.redis_url,
        RATELIMIT_KEY_PREFIX="console:limit:",
    )
    app.extensions[NAME] = parts
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.extensions[API] = Api(parts, secure=settings.environment == "production")
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {PREFIX: app.extensions[API]})  # type: ignore[method-assign]
    if settings.trusted_proxies:
        proxies = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)  # type: ignore[method-assign]
    numbers.install(app)
    sessions.install(app)
    security.install(app)
    problems.install(app)
    access.install(app)
    limiter.init_app(app)
    bodies.install(app)
    CSRFProtect(app)
    presentation.install(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app
