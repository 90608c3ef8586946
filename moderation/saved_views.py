"""Views of the queue that a person keeps: a name and the filters of an address."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from moderation.people import Identity
from store.preference import SavedView

MAX_NAME = 60
MAX_QUERY = 1_000
MOST = 30


class ViewRefused(ValueError):
    """A view cannot be kept or changed so. Says why, for the person."""


@dataclass(frozen=True, slots=True)
class OwnView:
    """One view as its owner sees it. `starts` is where they begin."""

    id: int
    name: str
    query: str
    starts: bool


def views(session: Session, person: Identity) -> Sequence[OwnView]:
    """The person's views by name. Never anybody else's."""
    query = select(SavedView).where(SavedView.person_id == person.id).order_by(SavedView.name)
    return [OwnView(one.id, one.name, one.query, one.starts) for one in session.scalars(query)]


def save(session: Session, person: Identity, name: str, query: str, now: datetime) -> OwnView:
    """Keep filters under a name; under a name that is there already they replace the old ones."""
    name = _named(name)
    if len(query) > MAX_QUERY:
        raise ViewRefused("These filters are too long to keep; name fewer of them.")
    held = session.scalar(
        select(SavedView).where(SavedView.person_id == person.id, SavedView.name == name)
    )
    if held is not None:
        held.query = query
        return OwnView(held.id, held.name, held.query, held.starts)
    _leave_room(session, person)
    made = SavedView(person_id=person.id, name=name, query=query, starts=False, created_at=now)
    session.add(made)
    session.flush()
    return OwnView(made.id, made.name, made.query, made.starts)


def rename(session: Session, person: Identity, view_id: int, name: str) -> None:
    """Give a view another name."""
    name = _named(name)
    view = _own(session, person, view_id)
    taken = select(SavedView.id).where(
        SavedView.person_id == person.id, SavedView.name == name, SavedView.id != view_id
    )
    if session.scalar(taken) is not None:
        raise ViewRefused(f"You have a view named {name!r} already.")
    view.name = name


def delete(session: Session, person: Identity, view_id: int) -> None:
    """Forget a view."""
    session.delete(_own(session, person, view_id))


def start(session: Session, person: Identity, view_id: int | None) -> None:
    """Begin with this view after signing in; with the whole queue for None."""
    if view_id is not None:
        _own(session, person, view_id)
    session.execute(
        update(SavedView)
        .where(SavedView.person_id == person.id)
        .values(starts=SavedView.id == (view_id or 0))
        .execution_options(synchronize_session=False)
    )


def first(session: Session, person: Identity) -> OwnView | None:
    """The view that the person begins with."""
    return next((view for view in views(session, person) if view.starts), None)


def _own(session: Session, person: Identity, view_id: int) -> SavedView:
    view = session.get(SavedView, view_id)
    if view is None or view.person_id != person.id:
        raise ViewRefused("You have no such view.")
    return view


def _named(name: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= MAX_NAME:
        raise ViewRefused(f"A view's name has 1 to {MAX_NAME} characters.")
    return name


def _leave_room(session: Session, person: Identity) -> None:
    held = select(func.count()).select_from(SavedView).where(SavedView.person_id == person.id)
    if (session.scalar(held) or 0) >= MOST:
        raise ViewRefused(f"You keep {MOST} views already. Delete one that you no longer need.")
