"""Views that a person keeps: theirs alone, so many, by names that are told apart."""

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from moderation import saved_views
from moderation.saved_views import MAX_NAME, MAX_QUERY, MOST, OwnView, ViewRefused
from tests.world import World


def _save(world: World, name: str, query: str = "view=mine", login: str = "mona") -> OwnView:
    with world.database.write() as session:
        return saved_views.save(session, world.people[login], name, query, world.now)


def _views(world: World, login: str = "mona") -> list[tuple[str, str, bool]]:
    person = world.people[login]
    with world.database.read() as session:
        return [(one.name, one.query, one.starts) for one in saved_views.views(session, person)]


def test_a_view_is_kept_under_its_name_and_replaced_under_the_same(world: World) -> None:
    first = _save(world, "  Far   copies ", "nearness=far")
    assert _views(world) == [("Far copies", "nearness=far", False)]
    again = _save(world, "Far copies", "nearness=far&source=1")
    assert again.id == first.id
    assert _views(world) == [("Far copies", "nearness=far&source=1", False)]


def test_views_are_the_persons_own(world: World) -> None:
    view = _save(world, "Mine")
    milan = world.people["milan"]
    assert _views(world, "milan") == []
    changes: tuple[Callable[[Session], None], ...] = (
        lambda session: saved_views.rename(session, milan, view.id, "Theirs"),
        lambda session: saved_views.delete(session, milan, view.id),
        lambda session: saved_views.start(session, milan, view.id),
    )
    for change in changes:
        with pytest.raises(ViewRefused, match="no such view"), world.database.write() as session:
            change(session)
    assert _views(world) == [("Mine", "view=mine", False)]


def test_a_view_is_renamed_and_deleted(world: World) -> None:
    mona = world.people["mona"]
    one, _ = _save(world, "One"), _save(world, "Two")
    with world.database.write() as session:
        saved_views.rename(session, mona, one.id, "Three")
    with pytest.raises(ViewRefused, match="already"), world.database.write() as session:
        saved_views.rename(session, mona, one.id, "Two")
    with world.database.write() as session:
        saved_views.delete(session, mona, one.id)
    assert [name for name, _, _ in _views(world)] == ["Two"]


def test_a_person_begins_with_one_view_at_most(world: World) -> None:
    mona = world.people["mona"]
    ids = [_save(world, name).id for name in ("One", "Two")]
    for view_id, first in ((ids[0], "One"), (ids[1], "Two"), (None, None)):
        with world.database.write() as session:
            saved_views.start(session, mona, view_id)
        with world.database.read() as session:
            found = saved_views.first(session, mona)
        assert (found.name if found else None) == first
        assert sum(starts for _, _, starts in _views(world)) == (first is not None)


@pytest.mark.parametrize("name", ["", "   ", "x" * (MAX_NAME + 1)])
def test_a_name_that_cannot_be_is_refused(world: World, name: str) -> None:
    with pytest.raises(ViewRefused, match="1 to 60 characters"):
        _save(world, name)


def test_there_is_an_end_to_views_and_their_length(world: World) -> None:
    with pytest.raises(ViewRefused, match="too long"):
        _save(world, "Long", "x" * (MAX_QUERY + 1))
    for number in range(MOST):
        _save(world, f"View {number}")
    with pytest.raises(ViewRefused, match="Delete one"):
        _save(world, "One more")
    _save(world, "View 0", "view=all")
