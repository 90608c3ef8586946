"""Rate limits: by person or key where there is one, by address otherwise; counted in Redis."""

from flask import g
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import current_user


def _who() -> str:
    key = g.get("api_key")
    if key is not None:
        return f"key:{key.id}"
    if current_user and current_user.is_authenticated:
        return f"person:{current_user.id}"
    return f"address:{get_remote_address()}"


limiter = Limiter(
    key_func=_who,
    default_limits=["600 per minute"],
    headers_enabled=True,
    in_memory_fallback_enabled=True,
)
