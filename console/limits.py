"""Rate limits of pages: by person, by address where nobody is signed in; counted in Redis.

Programs have theirs in console.programs.
"""

from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import current_user

from console.parts import parts


def _who() -> str:
    if current_user and current_user.is_authenticated:
        return f"person:{current_user.id}"
    return f"address:{get_remote_address()}"


limiter = Limiter(
    key_func=_who,
    default_limits=[lambda: parts().policy.limits.pages],
    headers_enabled=True,
    in_memory_fallback_enabled=True,
)
