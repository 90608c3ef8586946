"""Views of the queue: kept where the filters are, changed among one's own settings."""

import pytest

from moderation.saved_views import MAX_QUERY
from tests.console.conftest import Console, only
from tests.console.visitor import Visitor

pytestmark = only("sqlite")


@pytest.fixture
def mona(console: Console) -> Visitor:
    """A moderator before a queue with filters."""
    mona = console.signed_in("mona")
    mona.get("/queue?nearness=far&least=20&nonsense=1&cursor=1_2")
    return mona


def _kept(visitor: Visitor) -> list[tuple[str, str]]:
    visitor.get("/queue")
    return visitor.links("Your views")


def test_filters_are_kept_under_a_name_and_opened_again(mona: Visitor) -> None:
    mona.follow(mona.press("Keep", name="Far ones"))
    assert mona.form("/queue").fields["nearness"] == "far"
    assert "The view is kept." in mona.text
    assert _kept(mona) == [("Far ones", "/queue?nearness=far&least=20")]
    assert "Keep" not in mona.buttons()  # nothing is filtered
    mona.get("/queue?nearness=far&least=20")
    assert "Keep" not in mona.buttons()  # kept already


def test_a_view_is_renamed_begun_with_and_deleted(mona: Visitor) -> None:
    mona.follow(mona.press("Keep", name="Far ones"))
    mona.get("/me")
    mona.follow(mona.press("Rename: Far ones", name="Farthest"))
    mona.follow(mona.press("Begin here: Farthest"))
    assert "you begin here" in mona.text
    assert mona.get("/").location == "/queue?nearness=far&least=20"
    mona.get("/me")
    mona.follow(mona.press("Begin with the whole queue"))
    assert mona.get("/").location == "/queue"
    mona.get("/me")
    mona.follow(mona.press("Delete: Farthest"))
    assert _kept(mona) == []


def test_nobody_sees_or_changes_the_views_of_another(console: Console, mona: Visitor) -> None:
    mona.follow(mona.press("Keep", name="Far ones"))
    lena = console.signed_in("lena")
    assert _kept(lena) == []
    for what in ("rename", "delete", "start"):
        sent = {"csrf_token": lena.token(), "name": "Hers"}
        lena.follow(lena.post(f"/queue/views/1/{what}", sent))
        assert "You have no such view." in lena.text
    assert [name for name, _ in _kept(mona)] == ["Far ones"]


@pytest.mark.parametrize(
    "query",
    ["https://elsewhere.test", "next=//elsewhere.test", "x" * 2 * MAX_QUERY, "q=%00", "=&&"],
)
def test_only_filters_are_kept(mona: Visitor, query: str) -> None:
    sent = {"csrf_token": mona.token(), "name": "Odd", "query": query}
    assert mona.post("/queue/views", sent).location == "/queue"
    assert _kept(mona) == [("Odd", "/queue?")]


def test_a_name_that_cannot_be_is_said(mona: Visitor) -> None:
    mona.follow(mona.press("Keep", name=" "))
    assert "A view's name has 1 to 60 characters." in mona.text
