"""Entries that are for review only: who sees them and why, and who says that one is in order."""

import pytest

from moderation import audit
from tests.console.conftest import Console, only
from tests.console.visitor import Visitor
from tests.moderation.outcomes import entry_row, list_one, post
from tests.world import pdq


@pytest.fixture
def console(console: Console) -> Console:
    """A console with an entry that was disputed as often as the policy allows, and one more hit."""
    world, value = console.world, pdq()
    list_one(world, value)
    for number in range(world.policy.suspicion.disputed_here):
        world.decide(post(world, value, 5, f"post-{number}"), "dispute")
    post(world, value, 5, "one more")
    return console


@pytest.fixture
def lena(console: Console) -> Visitor:
    """A lead at the list."""
    visitor = console.signed_in("lena")
    visitor.get("/entries")
    return visitor


def test_the_list_says_why_and_how_many_wait(lena: Visitor) -> None:
    (row,) = lena.rows("suspects")
    assert row[:4] == ["one", "Take It Down", "Take It Down", "disputed here 3 times or more"]
    assert row[5] == "1"
    lena.get("/figures")
    assert lena.facts()["Entries for review only"] == "1"


def test_its_hits_say_so_and_are_one_link_away(lena: Visitor) -> None:
    lena.get("/queue?entry=one")
    ((hit, *_),) = lena.rows("hits")
    lena.get(f"/hits/{hit.removeprefix('H-')}")
    assert "This entry is for review only: disputed here 3 times or more." in lena.text


def test_a_lead_says_that_it_is_in_order(console: Console, lena: Visitor) -> None:
    lena.follow(lena.press("It is in order: one"))
    assert "has its automatic effects again" in lena.text
    assert lena.rows("suspects") == []
    assert "No entry matches more widely" in lena.text
    entry = entry_row(console.world)
    assert (entry.review_only_at, entry.review_only_reason) == (None, None)
    with console.world.database.read() as session:
        line = next(iter(audit.lines(session, newest_first=True, limit=1)))
    assert (line.action, line.actor) == ("entry.trusted", "person:lena")


def test_it_is_said_once(console: Console, lena: Visitor) -> None:
    sent = {"csrf_token": lena.token()}
    number = entry_row(console.world).id
    lena.follow(lena.post(f"/entries/{number}/trust", sent))
    for again in (number, 4711):
        lena.follow(lena.post(f"/entries/{again}/trust", sent))
        assert "This entry is not for review only." in lena.text


@only("sqlite")
@pytest.mark.parametrize("login", ["amir", "ada"])
def test_who_only_looks_is_not_offered_it(console: Console, login: str) -> None:
    visitor = console.signed_in(login)
    visitor.get("/entries")
    assert len(visitor.rows("suspects")) == 1
    assert "It is in order: one" not in visitor.buttons()
    sent = {"csrf_token": visitor.token()}
    assert visitor.post("/entries/1/trust", sent).status_code == 403
    assert entry_row(console.world).review_only_at is not None


@only("sqlite")
def test_an_address_with_nonsense_is_a_page(lena: Visitor) -> None:
    for odd in ("cursor=x", "size=-1", "cursor=" + "9" * 30):
        assert lena.get(f"/entries?{odd}").status_code == 200
