"""Cases: what a person submitted, how it stands, and taking it back."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import selectinload

from exchange.records import MediaKind, Vote
from registry.case_form import CaseForm
from registry.database import Database
from registry.entries import add_entry, withdraw
from registry.passwords import Passwords, new_pin
from registry.tables import Case, Entry

_SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U to misread
_NUMBER = re.compile(rf"[{_SIGNS}]{{5}}-[{_SIGNS}]{{5}}")


@dataclass(frozen=True, slots=True)
class ItemState:
    """How one picture or video stands: on the list or not, and what members said of it."""

    item: int
    kind: MediaKind
    withdrawn: bool
    confirmed: int
    disputed: int


@dataclass(frozen=True, slots=True)
class CaseState:
    """How a case stands. `withdrawn` is when it was taken back, None while it is on the list."""

    number: str
    opened: datetime
    withdrawn: datetime | None
    items: tuple[ItemState, ...]


class Cases:
    """The cases of one registry. Its entries stand on the list under `member_id`."""

    def __init__(self, database: Database, passwords: Passwords, member_id: int) -> None:
        self._database = database
        self._passwords = passwords
        self._member_id = member_id

    def open(self, form: CaseForm) -> tuple[CaseState, str]:
        """Put a case on the list. Returns how it stands, and the PIN, which is not kept."""
        pin = new_pin()
        pin_hash = self._passwords.hash(pin)
        with self._database.writing() as (session, stamp):
            case = Case(number=_new_number(), pin_hash=pin_hash, opened=stamp, entries=[])
            session.add(case)
            session.flush()
            for place, item in enumerate(form.items, start=1):
                entry = add_entry(
                    session,
                    stamp,
                    member_id=self._member_id,
                    kind=item.kind,
                    fingerprints=[each.fingerprint for each in item.fingerprints],
                    classification=form.classification,
                    case=case,
                    item=place,
                )
                case.entries.append(entry)
        return _state(case), pin

    def look_up(self, number: str, pin: str) -> CaseState | None:
        """How the case stands; None, after the same work, for an unknown number or a wrong PIN."""
        with self._database.reading() as session:
            case = session.get(Case, number, options=_WHOLE) if _NUMBER.fullmatch(number) else None
            granted = self._passwords.matches(case.pin_hash if case else None, pin)
            return _state(case) if case and granted else None

    def take_back(self, number: str, pin: str) -> CaseState | None:
        """Withdraw everything in the case, once and for all; None as in `look_up`."""
        if self.look_up(number, pin) is None:
            return None
        with self._database.writing() as (session, stamp):
            case = session.get_one(Case, number, options=_WHOLE)
            for entry in case.entries:
                withdraw(entry, stamp)
            case.withdrawn = case.withdrawn or stamp
            return _state(case)


_WHOLE = (
    selectinload(Case.entries).selectinload(Entry.votes),
    selectinload(Case.entries).selectinload(Entry.fingerprints),
)


def _new_number() -> str:
    """50 random bits that can be read out on the telephone."""
    signs = "".join(secrets.choice(_SIGNS) for _ in range(10))
    return f"{signs[:5]}-{signs[5:]}"


def _state(case: Case) -> CaseState:
    return CaseState(
        number=case.number,
        opened=case.opened,
        withdrawn=case.withdrawn,
        items=tuple(
            ItemState(
                item=entry.item or 0,
                kind=entry.kind,
                withdrawn=entry.withdrawn,
                confirmed=_members_saying(entry, Vote.AFFIRMATIVE),
                disputed=_members_saying(entry, Vote.NEGATIVE),
            )
            for entry in case.entries
        ),
    )


def _members_saying(entry: Entry, vote: Vote) -> int:
    return len({each.member_id for each in entry.votes if each.vote is vote})
