"""What was removed is refused from then on, and let go when the removal is reversed."""

from sqlalchemy import func, select

from matching.fingerprint import Algorithm, Fingerprint
from moderation import decisions
from moderation.card import hit_card
from moderation.content import Print
from store.content import ContentFingerprint
from store.delivery import Delivery
from store.hit import Hit, Match
from tests.world import World, choice, near, pdq, record


def _removed(world: World, md5: bytes) -> tuple[int, bytes]:
    """A hit at 25 bits from its entry, removed; and the content's own PDQ value."""
    listed = pdq()
    ours = near(listed, 25)
    world.list_entries(record(listed))
    world.post(Print(Fingerprint(Algorithm.PDQ, ours), 90), Print(Fingerprint(Algorithm.MD5, md5)))
    with world.database.read() as session:
        hit = session.scalars(select(Hit.id)).one()
    world.decide(hit, "remove")
    world.refresh_index()
    return hit, ours


def _open_hits(world: World) -> int:
    with world.database.read() as session:
        query = select(func.count()).select_from(Hit).where(Hit.state == "open")
        return session.scalar(query) or 0


def test_a_copy_of_what_was_removed_is_a_hit_though_it_is_far_from_the_entry(world: World) -> None:
    removed, ours = _removed(world, b"1" * 16)
    copy = ours[:30] + bytes(255 - byte for byte in ours[30:])  # 16 more bits from the entry
    world.post(Print(Fingerprint(Algorithm.PDQ, copy), 90))
    with world.database.read() as session:
        match = session.scalars(select(Match).order_by(Match.id.desc()).limit(1)).one()
        card = hit_card(session, match.hit_id, world.people["mona"], world.policy, world.now)
    assert (match.refused_hit_id, match.distance) == (removed, 16)
    assert card is not None
    assert card.nearest.removed_in == f"H-{removed}"


def _copies(world: World, *distances: int) -> None:
    """An entry, and content at these distances from it; the hits are 1, 2, ..."""
    entry = pdq()
    world.list_entries(record(entry))
    for bits in distances:
        world.post(Print(Fingerprint(Algorithm.PDQ, near(entry, bits)), 90))


def test_copies_that_were_all_decided_so_do_not_bring_each_other_back(world: World) -> None:
    _copies(world, 0, 3, 6)
    for hit, verdict in enumerate(("remove", "remove", "confirm"), 1):
        world.decide(hit, verdict)
    world.refresh_index()
    assert _open_hits(world) == 0


def test_a_copy_that_was_disputed_is_looked_at_again(world: World) -> None:
    _copies(world, 0, 3)
    world.decide(2, "dispute")
    world.decide(1, "remove")
    world.refresh_index()
    assert _open_hits(world) == 1


def test_the_same_file_is_refused_by_its_md5(world: World) -> None:
    _removed(world, b"1" * 16)
    world.post(Print(Fingerprint(Algorithm.MD5, b"1" * 16)))
    assert _open_hits(world) == 1


def test_deciding_such_a_copy_sends_the_registry_no_vote(world: World) -> None:
    _removed(world, b"1" * 16)
    world.post(Print(Fingerprint(Algorithm.MD5, b"1" * 16)))
    with world.database.read() as session:
        hit = session.scalars(select(Hit.id).where(Hit.state == "open")).one()
    decision = world.decide(hit, "remove", "milan")
    with world.database.read() as session:
        rows = session.scalars(select(Delivery).where(Delivery.decision_id == decision.id))
        assert [row.destination for row in rows] == ["platform", "platform"]


def test_a_reversed_removal_refuses_nothing_at_once(world: World) -> None:
    removed, _ = _removed(world, b"1" * 16)
    with world.database.write() as session:
        decisions.reverse(
            session, removed, 1, world.people["mona"], choice("dispute"), world.policy, world.now
        )
    world.post(Print(Fingerprint(Algorithm.MD5, b"1" * 16)))
    assert _open_hits(world) == 0


def test_a_plain_pictures_pdq_refuses_nothing(world: World) -> None:
    plain, md5 = pdq(), b"2" * 16
    world.list_entries(record(md5, algorithm=Algorithm.MD5))
    world.post(Print(Fingerprint(Algorithm.PDQ, plain), 20), Print(Fingerprint(Algorithm.MD5, md5)))
    with world.database.read() as session:
        assert session.scalar(select(func.count()).select_from(ContentFingerprint)) == 2
        hit = session.scalars(select(Hit.id)).one()
    world.decide(hit, "remove")
    world.refresh_index()
    world.post(Print(Fingerprint(Algorithm.PDQ, plain), 90))
    assert _open_hits(world) == 0


def test_a_withdrawn_entry_takes_the_refusal_with_it(world: World) -> None:
    listed = pdq()
    world.list_entries(record(listed, entry_id="one"))
    world.post(Print(Fingerprint(Algorithm.PDQ, near(listed, 25)), 90), platform_id="first")
    with world.database.read() as session:
        hit = session.scalars(select(Hit.id)).one()
    world.decide(hit, "remove")
    world.refresh_index()
    world.list_entries(record(entry_id="one", withdrawn=True))
    world.post(Print(Fingerprint(Algorithm.PDQ, near(listed, 25)), 90))
    assert _open_hits(world) == 0
