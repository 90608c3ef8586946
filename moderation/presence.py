"""How hits stand at this moment: who holds them, and who decided them. Read only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from moderation.naming import hit_name
from moderation.people import Identity
from store.hit import Decision, Hit


@dataclass(frozen=True, slots=True)
class Standing:
    """One hit. `holder` and `decided_by` are names, None where nobody does or did.

    `version` changes whenever somebody takes, releases, decides or closes the hit, and not when a
    claim is renewed.
    """

    id: int
    name: str
    state: str
    verdict: str | None
    holder: str | None
    mine: bool
    decided_by: str | None
    by_me: bool
    version: str


def version(state: str, lease_number: int, held: bool, decisions: int) -> str:
    """The state of a hit as a word that two pages can be compared by."""
    return f"{state}.{lease_number}.{'held' if held else 'free'}.{decisions}"


def of_hits(
    session: Session, hit_ids: Sequence[int], person: Identity, now: datetime
) -> list[Standing]:
    """How these hits stand for `person`, in the order asked; unknown ones are left out."""
    query = (
        select(Hit)
        .where(Hit.id.in_(hit_ids))
        .options(joinedload(Hit.holder), selectinload(Hit.decisions).joinedload(Decision.person))
    )
    found = {hit.id: hit for hit in session.scalars(query)}
    return [_standing(found[one], person, now) for one in hit_ids if one in found]


def _standing(hit: Hit, person: Identity, now: datetime) -> Standing:
    held = hit.holder is not None and hit.lease_until is not None and hit.lease_until > now
    last = hit.decisions[-1] if hit.decisions else None
    return Standing(
        id=hit.id,
        name=hit_name(hit.id),
        state=hit.state,
        verdict=hit.verdict if hit.state == "decided" else None,
        holder=hit.holder.name if held and hit.holder else None,
        mine=held and hit.holder_id == person.id,
        decided_by=last.person.name if last and last.person else None,
        by_me=last is not None and last.person_id == person.id,
        version=version(hit.state, hit.lease_number, held, len(hit.decisions)),
    )
