"""The keys that a person set for themselves, wherever they sign in."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from moderation.people import Identity
from store.preference import Preference


@dataclass(frozen=True, slots=True)
class Keys:
    """Single keys: whether they are switched off, and those that differ: action to key."""

    off: bool = False
    map: Mapping[str, str] = field(default_factory=dict)


def keys(session: Session, person: Identity) -> Keys:
    """What this person set; the first keys for whoever set nothing."""
    held = session.get(Preference, person.id)
    return Keys(held.keys_off, dict(held.keys)) if held else Keys()


def set_keys(session: Session, person: Identity, wanted: Keys) -> None:
    """Keep what this person wants. The caller has checked that no two keys are in each other's way.

    Personal, so no line of the log tells of it.
    """
    held = session.get(Preference, person.id)
    if held is None:
        held = Preference(person_id=person.id)
        session.add(held)
    held.keys_off, held.keys = wanted.off, dict(wanted.map)
