"""What becomes of hits, in words that the tests of outcomes share."""

from sqlalchemy import Select, select

from exchange.errors import Refused, Unavailable
from exchange.records import Receipt
from matching.fingerprint import Algorithm, Fingerprint
from moderation import audit, decisions, undo
from moderation.claims import Lease
from moderation.content import Print
from moderation.outbox import Order
from store.delivery import Delivery
from store.entry import Entry
from store.hit import Decision, Hit
from tests.world import World, choice, near, record

REGISTRY, PLATFORM = "registry:Take It Down", "platform"


def picture(value: bytes) -> Print:
    """A PDQ fingerprint of good quality."""
    return Print(Fingerprint(Algorithm.PDQ, value), 90)


def list_one(
    world: World, value: bytes, entry_id: str = "one", source: str = "Take It Down"
) -> None:
    """Let the registry list an entry with this value."""
    world.list_entries(record(value, entry_id=entry_id), source=source)


def post(world: World, value: bytes, distance: int = 0, platform_id: str = "post") -> int:
    """Post content at a distance from `value`; the newest hit on it, 0 if there is none."""
    content_id = world.post(picture(near(value, distance)), platform_id=platform_id)
    return newest_on(world, content_id)


def newest_on(world: World, content_id: int) -> int:
    """The newest hit on an item, 0 if there is none."""
    query = select(Hit.id).where(Hit.content_id == content_id).order_by(Hit.id.desc()).limit(1)
    with world.database.read() as session:
        return session.scalar(query) or 0


def hit_row(world: World, hit_id: int) -> Hit:
    """A hit as it stands."""
    with world.database.read() as session:
        return session.get_one(Hit, hit_id)


def entry_row(world: World, entry_id: str = "one") -> Entry:
    """An entry as it stands."""
    with world.database.read() as session:
        return session.scalars(select(Entry).where(Entry.entry_id == entry_id)).one()


def rows(world: World, destination: str | None = None) -> list[Delivery]:
    """The outbox, oldest first."""
    query = select(Delivery).order_by(Delivery.id)
    if destination:
        query = query.where(Delivery.destination == destination)
    with world.database.read() as session:
        return list(session.scalars(query))


def said(world: World, destination: str = PLATFORM) -> list[tuple[str, str]]:
    """Action and state of what one party is told, oldest first."""
    return [(row.action, row.state) for row in rows(world, destination)]


def to_say(world: World, destination: str = PLATFORM) -> list[str]:
    """What waits to be sent to one party."""
    return [action for action, state in said(world, destination) if state == "waiting"]


def reverse(world: World, hit_id: int, verdict: str, login: str = "lena") -> Decision:
    """Decide a decided hit otherwise."""
    person = world.people[login]
    with world.database.write() as session:
        seen = session.scalars(_ordinals(hit_id)).one()
        return decisions.reverse(
            session, hit_id, seen, person, choice(verdict), world.policy, world.now
        )


def take_back(world: World, hit_id: int, login: str = "mona") -> Lease:
    """Undo the newest decision of a hit."""
    person = world.people[login]
    with world.database.write() as session:
        seen = session.scalars(_ordinals(hit_id)).one()
        return undo.undo(session, hit_id, seen, person, world.policy, world.now)


def _ordinals(hit_id: int) -> Select[int]:
    return (
        select(Decision.ordinal)
        .where(Decision.hit_id == hit_id)
        .order_by(Decision.ordinal.desc())
        .limit(1)
    )


def withdraw(world: World, *entry_ids: str) -> None:
    """Let the registry withdraw entries."""
    world.list_entries(*(record(entry_id=entry_id, withdrawn=True) for entry_id in entry_ids))


def rule(world: World, part: str, **changes: object) -> None:
    """Change single keys of one part of the policy."""
    changed = getattr(world.policy, part).model_copy(update=changes)
    world.policy = world.policy.model_copy(update={part: changed})


def lines(world: World, action: str) -> list[audit.Line]:
    """The log's lines of one kind."""
    with world.database.read() as session:
        return list(audit.lines(session, action=action))


def unavailable(_order: Order) -> Receipt:
    """The other side is away: whether it heard us nobody knows."""
    raise Unavailable("503", status=503)


def refused(_order: Order) -> Receipt:
    """The other side wants none of it."""
    raise Refused("unknown entry", status=404)
