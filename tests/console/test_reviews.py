"""Looking again at what was decided: it stands, or what rested on nothing is put back."""

import pytest
from sqlalchemy import select

from exchange.records import Member, PeerVote, Vote
from matching.fingerprint import Algorithm, Fingerprint
from moderation.content import Print
from store.hit import Hit
from tests.console.conftest import Console
from tests.console.visitor import Visitor
from tests.moderation.outcomes import list_one, post, rule, to_say
from tests.world import pdq, record

MD5 = bytes(range(16))


@pytest.fixture
def sampled(console: Console) -> int:
    """A hit that the policy decided by itself, and that somebody is to look at."""
    world = console.world
    rule(world, "automatic", enabled=True, peers=1, sample_share=1.0)
    vote = PeerVote(Algorithm.MD5, Vote.AFFIRMATIVE, Member("7", "Peer"))
    world.list_entries(record(MD5, algorithm=Algorithm.MD5, votes=(vote,)))
    world.post(Print(Fingerprint(Algorithm.MD5, MD5)))
    with world.database.read() as session:
        hit = session.scalars(select(Hit)).one()
    assert (hit.state, hit.review_reason) == ("decided", "sample of automatic decisions")
    return hit.id


def _row(console: Console, hit: int) -> Hit:
    with console.world.database.read() as session:
        return session.get_one(Hit, hit)


def test_what_the_policy_decided_is_looked_at_and_stands(console: Console, sampled: int) -> None:
    mona = console.signed_in("mona")
    mona.get(f"/hits/{sampled}")
    assert "Sample of automatic decisions: somebody is to look at it again." in mona.text
    assert "removed by the policy" in mona.text
    mona.follow(mona.press("It stands"))
    assert "It stands" not in mona.buttons()
    assert _row(console, sampled).review_reason is None
    assert mona.rows("hit-log")[0][3].startswith("hit.reviewed")


def test_it_is_said_once_and_of_what_was_seen(console: Console, sampled: int) -> None:
    mona, milan = console.signed_in("mona"), console.signed_in("milan")
    for visitor in (mona, milan):
        visitor.get(f"/hits/{sampled}")
    mona.follow(mona.press("It stands"))
    assert milan.press("It stands").status_code == 409
    assert "This decision waits for no review." in milan.problem


def test_whoever_disagrees_decides_otherwise(console: Console, sampled: int) -> None:
    mona, milan = console.signed_in("mona"), console.signed_in("milan")
    for visitor in (mona, milan):
        visitor.get(f"/hits/{sampled}")
    assert mona.press("Already gone from the platform").status_code == 200
    mona.follow(mona.press("Yes, confirm"))
    assert (_row(console, sampled).verdict, _row(console, sampled).review_reason) == (
        "confirm",
        None,
    )
    assert milan.press("It stands").status_code == 409
    assert "Somebody decided this hit again meanwhile" in milan.problem


def test_an_auditor_only_reads(console: Console, sampled: int) -> None:
    amir = console.signed_in("amir")
    amir.get("/queue?view=review")
    assert [row[0] for row in amir.rows("hits")] == [f"H-{sampled}"]
    amir.get(f"/hits/{sampled}")
    assert "It stands" not in amir.buttons()


@pytest.fixture
def unsupported(console: Console) -> int:
    """A removal whose only entry was withdrawn after the platform had taken the content down."""
    world, value = console.world, pdq()
    list_one(world, value)
    hit = post(world, value, 9)
    world.decide(hit, "remove")
    world.deliver()
    world.list_entries(record(entry_id="one", withdrawn=True))
    assert _row(console, hit).unsupported_at is not None
    return hit


def test_what_was_removed_for_nothing_is_put_back(console: Console, unsupported: int) -> None:
    lena = console.signed_in("lena")
    lena.get(f"/hits/{unsupported}")
    assert "Every entry behind this removal has been withdrawn by its registry." in lena.text
    assert lena.press("Put it back").status_code == 200
    assert "the platform puts the content back" in lena.text
    lena.follow(lena.press("Yes, dispute"))
    assert "The registry withdrew the entry" in lena.text
    assert to_say(console.world) == ["restore"]
    row = _row(console, unsupported)
    assert (row.verdict, row.unsupported_at) == ("dispute", None)
    lena.get("/queue?view=unsupported")
    assert lena.rows("hits") == []


def test_only_who_decided_or_a_lead_puts_it_back(console: Console, unsupported: int) -> None:
    milan: Visitor = console.signed_in("milan")
    milan.get(f"/hits/{unsupported}")
    assert "Put it back" not in milan.buttons()
