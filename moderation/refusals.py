"""What a removal means for copies: the removed content's fingerprints are refused from then on."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from config.policy import Matching
from matching.fingerprint import Algorithm
from store.content import ContentFingerprint
from store.hit import Hit
from store.refusal import Refusal


def follow(session: Session, hit: Hit, rules: Matching, now: datetime) -> None:
    """Refuse the content's fingerprints if the hit's verdict is remove, let go of them if not.

    In the transaction of the decision. Fingerprints of pictures too plain to match are left out:
    they would refuse what has nothing to do with it.
    """
    standing = select(Refusal.id).where(Refusal.hit_id == hit.id, Refusal.retired.is_(False))
    if hit.verdict != "remove":
        session.execute(
            update(Refusal)
            .where(Refusal.hit_id == hit.id, Refusal.retired.is_(False))
            .values(retired=True)
            .execution_options(synchronize_session=False)
        )
        return
    if session.scalar(standing.limit(1)) is not None:
        return
    query = select(ContentFingerprint).where(ContentFingerprint.content_id == hit.content_id)
    session.add_all(
        Refusal(
            hit_id=hit.id,
            content_id=hit.content_id,
            algorithm=one.algorithm,
            value=one.value,
            created_at=now,
        )
        for one in session.scalars(query)
        if usable(one.algorithm, one.quality, rules)
    )


def usable(algorithm: str, quality: int | None, rules: Matching) -> bool:
    """Whether a fingerprint may be matched: a PDQ value of too plain a picture means nothing."""
    return algorithm != Algorithm.PDQ or quality is None or quality >= rules.pdq_quality
