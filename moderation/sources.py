"""Sources: adding, changing and pausing them, and what is kept of their registries' reasons."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from config.policy import Matching, Policy
from exchange.records import Reason
from moderation import audit, sweeps, unlisted
from moderation.source_settings import (
    RegistryKind,
    SourceRefused,
    SourceSettings,
    check,
    settings_of,
    stricter,
)
from store.source import DisputeReason, Source

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,79}")
SOURCES = 100
REASONS_KEPT = timedelta(days=1)


class NoAnswer(Exception):
    """A registry does not let us in, or does not answer. Says why, in words, without a secret."""


@dataclass(frozen=True, slots=True)
class Changed:
    """What a change of a source came to. `withdrawn` counts entries.

    `anew`: the list is read from its beginning. `matched_again`: what the platform holds is held
    against its entries again.
    """

    fields: Mapping[str, Mapping[str, Any]]
    anew: bool = False
    withdrawn: int = 0
    matched_again: bool = False

    def words(self) -> str:
        """What happens now, for whoever made the change."""
        if not self.fields:
            return "Nothing was changed."
        said = ["The source is changed."]
        if self.anew:
            said.append("Its list is read from the beginning.")
        if self.withdrawn:
            count = f"{self.withdrawn:,} {'entry' if self.withdrawn == 1 else 'entries'}"
            said.append(f"{count} of other members taken off.")
        if self.matched_again:
            said.append("What the platform holds is matched with its entries again.")
        return " ".join(said)


def add(
    session: Session,
    *,
    name: str,
    kind: RegistryKind,
    settings: SourceSettings,
    policy: Policy,
    actor: str,
    now: datetime,
) -> Source:
    """Make a source. It is read with the next sync.

    Raises SourceRefused for a bad or taken name, and for settings that cannot be.
    """
    if not NAME.fullmatch(name):
        raise SourceRefused(
            f"source name {name[:80]!r}: letters, digits, space, dot, dash; up to 80", "name"
        )
    settings = settings.tidied()
    check(settings, kind, policy.matching)
    if session.scalar(select(Source.id).where(Source.name == name)):
        raise SourceRefused(f"there is a source named {name!r} already", "name")
    if (session.scalar(select(func.count(Source.id))) or 0) >= SOURCES:
        raise SourceRefused(f"there are {SOURCES} sources already, which is the most there can be")
    source = Source(
        name=name,
        kind=kind.name,
        told=sorted(kind.told),
        paused=False,
        checkpoint=None,
        checkpoint_serial=0,
        synced_at=None,
        reasons_at=None,
        created_at=now,
    )
    _set(source, settings)
    session.add(source)
    session.flush()
    details = {"kind": kind.name, **asdict(settings), "told": source.told}
    _log(session, "source.added", source, actor, now, details)
    return source


def change(
    session: Session,
    name: str,
    settings: SourceSettings,
    *,
    kind: RegistryKind,
    policy: Policy,
    actor: str,
    now: datetime,
    seen: str | None = None,
) -> Changed:
    """Give a source other settings. `seen` is the version of those that the person looked at.

    Another address or other member ids: the list is read from its beginning, and what a reading
    that is under way brings is not applied. Entries of members that are no longer wanted are
    withdrawn at once. Wider thresholds: what is stored is swept again. Open hits keep their due
    times and their matches. Raises SourceRefused, also where somebody else was faster.
    """
    source = _locked(session, name)
    before, settings = settings_of(source), settings.tidied()
    if seen is not None and seen != before.version:
        raise SourceRefused(
            "somebody changed this source meanwhile; look at how it stands now and change it again"
        )
    check(settings, kind, policy.matching)
    old, new = asdict(before), asdict(settings)
    fields = {
        name: {"before": old[name], "after": new[name]} for name in old if old[name] != new[name]
    }
    if not fields:
        return Changed({})
    _set(source, settings)
    anew = bool(fields.keys() & {"base_url", "member_ids"})
    if anew:
        source.checkpoint = None
        source.checkpoint_serial += 1
    session.flush()
    again = _is_wider(settings, before, policy.matching)
    withdrawn = 0
    if "member_ids" in fields:
        withdrawn = unlisted.withdraw_others(session, source, policy, now)
    if again:
        sweeps.over_source(session, source.id, now)
    changed = Changed(fields, anew, withdrawn, again)
    _log(session, "source.changed", source, actor, now, asdict(changed))
    return changed


def set_paused(session: Session, name: str, *, paused: bool, actor: str, now: datetime) -> None:
    """Stop or go on reading a source. SourceRefused if there is none of that name."""
    source = _locked(session, name)
    if source.paused == paused:
        return
    source.paused = paused
    _log(session, "source.paused" if paused else "source.resumed", source, actor, now, {})


def note_test(session: Session, name: str, answer: str, *, actor: str, now: datetime) -> None:
    """Put into the log that somebody had a registry asked who we are, and what came of it."""
    _log(session, "source.tested", by_name(session, name), actor, now, {"answer": answer})


def by_name(session: Session, name: str) -> Source:
    """The source of that name. SourceRefused if there is none."""
    source = session.scalar(select(Source).where(Source.name == name))
    if source is None:
        raise SourceRefused(f"there is no source named {name[:80]!r}")
    return source


def to_sync(session: Session) -> list[int]:
    """Ids of the sources that are read: all that are not paused."""
    return list(
        session.scalars(select(Source.id).where(Source.paused.is_(False)).order_by(Source.id))
    )


def serial(session: Session, source_id: int) -> int | None:
    """What a source's checkpoint has come to, for `sync.sync`; None if there is no such source."""
    return session.scalar(select(Source.checkpoint_serial).where(Source.id == source_id))


def reasons_are_old(session: Session, source_id: int, now: datetime) -> bool:
    """Whether the registry's own reasons have to be fetched (again)."""
    fetched = session.scalar(select(Source.reasons_at).where(Source.id == source_id))
    return fetched is None or now - fetched >= REASONS_KEPT


def keep_reasons(
    session: Session, source_id: int, reasons: Sequence[Reason], now: datetime
) -> None:
    """Replace the cached reasons of a source."""
    session.get_one(Source, source_id).reasons_at = now
    session.execute(delete(DisputeReason).where(DisputeReason.source_id == source_id))
    session.add_all(
        DisputeReason(
            source_id=source_id,
            algorithm=reason.algorithm,
            reason_id=reason.id,
            name=reason.name,
        )
        for reason in reasons
    )


def _locked(session: Session, name: str) -> Source:
    """The source, which nobody else changes or syncs until the transaction ends.

    Weak enough to let a decision refer to it meanwhile, as in moderation.sync.
    """
    source = by_name(session, name)
    session.refresh(source, with_for_update={"key_share": True})
    return source


def _set(source: Source, settings: SourceSettings) -> None:
    for field, value in asdict(settings).items():
        setattr(source, field, list(value) if isinstance(value, tuple) else value)


def _is_wider(after: SourceSettings, before: SourceSettings, rules: Matching) -> bool:
    """Whether anything can match now that could not before."""

    new = stricter(rules, after.pdq_distance, after.pdq_quality)
    old = stricter(rules, before.pdq_distance, before.pdq_quality)
    return new.pdq_distance > old.pdq_distance or new.pdq_quality < old.pdq_quality


def _log(
    session: Session,
    action: str,
    source: Source,
    actor: str,
    now: datetime,
    details: Mapping[str, Any],
) -> None:
    audit.append(
        session,
        at=now,
        actor=actor,
        action=action,
        subject=f"source:{source.name}",
        details=details,
    )
