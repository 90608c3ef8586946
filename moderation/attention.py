"""What wants a lead's eye now, each a short list somewhere in the console."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from moderation import circuit, delivery_list
from moderation.counting import Count, capped
from store.entry import Entry
from store.hit import Hit


@dataclass(frozen=True, slots=True)
class Attention:
    """How much waits for a lead. `unreached` names destinations that do not answer."""

    escalated: Count
    paused: Count
    review: Count
    unsupported: Count
    suspects: Count
    given_up: Count
    unreached: tuple[str, ...]

    @property
    def alarm(self) -> bool:
        """Whether something that was to arrive does not: nobody may overlook that."""
        return bool(self.given_up or self.unreached)


def attention(session: Session, now: datetime) -> Attention:
    """All of it, each from an index on few rows."""
    return Attention(
        escalated=_hits(session, Hit.escalated_at.is_not(None), Hit.state == "open"),
        paused=_hits(session, Hit.paused_at.is_not(None), Hit.state == "open"),
        review=_hits(session, Hit.review_reason.is_not(None)),
        unsupported=_hits(session, Hit.unsupported_at.is_not(None)),
        suspects=capped(session, select(Entry.id).where(Entry.review_only_at.is_not(None))),
        given_up=delivery_list.given_up(session),
        unreached=tuple(
            one.name for one in circuit.standing(session, now).values() if one.retry_at
        ),
    )


def _hits(session: Session, *conditions: ColumnElement[bool]) -> Count:
    return capped(session, select(Hit.id).where(*conditions))
