"""The places of the console, as each role sees them, and the first page of each role."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from console.access import open_to_signed_in, person
from console.parts import parts
from moderation import delivery_list, saved_views
from moderation.people import Identity
from moderation.permissions import Permission

blueprint = Blueprint("navigation", __name__)

PLACES = (
    ("Queue", "queue.show", Permission.SEE_QUEUE),
    ("Figures", "metrics.show", Permission.SEE_METRICS),
    ("Audit log", "audit.show", Permission.SEE_AUDIT),
    ("Deliveries", "deliveries.show", Permission.SEE_DELIVERIES),
    ("Sources", "sources.show", Permission.SEE_SOURCES),
    ("Team", "exposure.team", Permission.SET_LIMITS),
    ("People", "people.show", Permission.MANAGE_PEOPLE),
)


@dataclass(frozen=True, slots=True)
class Place:
    """One link of the navigation."""

    label: str
    href: str
    active: bool
    alarm: str | None = None
    key: str | None = None


def places(who: Identity, endpoint: str) -> list[Place]:
    """The places that this person may open, the present one marked.

    Deliveries that were given up are said on every page to whoever can send them again: somebody
    who was depicted is owed that they arrive.
    """
    section = endpoint.partition(".")[0]
    return [
        Place(label, url_for(target), section == target.partition(".")[0], _alarm(who, target))
        for label, target, permission in PLACES
        if who.may(permission)
    ]


def _alarm(who: Identity, target: str) -> str | None:
    if target != "deliveries.show" or not who.may(Permission.RETRY_DELIVERIES):
        return None
    with parts().database.read() as rows:
        lost = delivery_list.given_up(rows)
    return f"{lost} given up" if lost else None


@blueprint.get("/")
@open_to_signed_in
def home() -> Response:
    """Everybody begins where their work is, or with the view of the queue that they chose."""
    who = person()
    if who.may(Permission.SEE_QUEUE):
        with parts().database.read() as rows:
            chosen = saved_views.first(rows, who)
        if chosen is not None:
            return redirect(f"{url_for('queue.show')}?{chosen.query}")
    return redirect(
        next(url_for(target) for _, target, permission in PLACES if who.may(permission))
    )


@blueprint.app_context_processor
def _navigation() -> dict[str, Any]:
    if not current_user or not current_user.is_authenticated:
        return {"navigation": []}
    return {"navigation": places(person(), request.endpoint or "")}
