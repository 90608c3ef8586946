"""People: who they are, their passwords and their sessions."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation import audit
from moderation.permissions import Permission, Role, may
from store.person import Person

LOGIN = re.compile(r"[a-z][a-z0-9._-]{1,39}")
MIN_PASSWORD = 12
MAX_PASSWORD = 256

_hasher = PasswordHasher()  # RFC 9106's second recommended option is the library's default


class PersonError(ValueError):
    """A person cannot be made or changed so. Says what and why."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who acts: what every rule that asks for a person gets. Nothing of it is secret."""

    id: int
    login: str
    name: str
    role: str
    session_epoch: int

    def may(self, permission: Permission) -> bool:
        """Whether this person may do `permission`."""
        return may(self.role, permission)

    @property
    def actor(self) -> str:
        """How the audit log names this person."""
        return f"person:{self.login}"


def identity(person: Person) -> Identity:
    """The person without the secrets."""
    return Identity(person.id, person.login, person.name, person.role, person.session_epoch)


def add(
    session: Session, *, login: str, name: str, role: str, password: str, actor: str, now: datetime
) -> Identity:
    """Make a person. Raises PersonError for a bad or taken login, role, name or password."""
    if not LOGIN.fullmatch(login):
        raise PersonError(
            f"login {login!r}: 2 to 40 of a-z, 0-9, dot, dash, underline, beginning with a letter"
        )
    if role not in list(Role):
        raise PersonError(f"role {role!r}: one of {', '.join(Role)}")
    if not 1 <= len(name.strip()) <= 120:
        raise PersonError("the name has 1 to 120 characters")
    if session.scalar(select(Person.id).where(Person.login == login)):
        raise PersonError(f"login {login!r} is taken")
    person = Person(
        login=login,
        name=name.strip(),
        role=role,
        password_hash=_hash(password),
        active=True,
        session_epoch=1,
        created_at=now,
        signed_in_at=None,
    )
    session.add(person)
    session.flush()
    audit.append(
        session,
        at=now,
        actor=actor,
        action="person.added",
        subject=f"person:{login}",
        details={"role": role},
    )
    return identity(person)


def set_password(
    session: Session, *, login: str, password: str, actor: str, now: datetime
) -> Identity:
    """Give a person a new password and end all of their sessions. PersonError if unknown."""
    person = _find(session, login)
    person.password_hash = _hash(password)
    person.session_epoch += 1
    audit.append(session, at=now, actor=actor, action="person.password", subject=f"person:{login}")
    return identity(person)


def end_sessions(session: Session, *, login: str, actor: str, now: datetime) -> None:
    """Sign a person out everywhere. PersonError if unknown."""
    person = _find(session, login)
    person.session_epoch += 1
    audit.append(
        session, at=now, actor=actor, action="person.sessions-ended", subject=f"person:{login}"
    )


def set_active(session: Session, *, login: str, active: bool, actor: str, now: datetime) -> None:
    """Let a person in, or shut them out and end their sessions. PersonError if unknown."""
    person = _find(session, login)
    person.active = active
    person.session_epoch += 1
    action = "person.activated" if active else "person.deactivated"
    audit.append(session, at=now, actor=actor, action=action, subject=f"person:{login}")


def authenticate(session: Session, *, login: str, password: str, now: datetime) -> Identity | None:
    """The person with this login and password, or None.

    An unknown login costs as much time as a wrong password, so that logins cannot be found out.
    """
    password = password[: MAX_PASSWORD + 1]  # one more than anybody has, so that it fits nobody
    known = LOGIN.fullmatch(login)
    person = session.scalar(select(Person).where(Person.login == login)) if known else None
    matches = _verify(person.password_hash if person else _nobodys_hash(), password)
    if not person or not matches or not person.active:
        return None
    if _hasher.check_needs_rehash(person.password_hash):
        person.password_hash = _hasher.hash(password)
    person.signed_in_at = now
    return identity(person)


def by_id(session: Session, person_id: int) -> Identity | None:
    """An active person by id, or None."""
    person = session.get(Person, person_id)
    return identity(person) if person and person.active else None


def everyone(session: Session) -> list[Person]:
    """All people by login."""
    return list(session.scalars(select(Person).order_by(Person.login)))


def _find(session: Session, login: str) -> Person:
    person = session.scalar(select(Person).where(Person.login == login))
    if person is None:
        raise PersonError(f"there is nobody with the login {login!r}")
    return person


@cache
def _nobodys_hash() -> str:
    """A hash that no password fits, to be checked where there is no such login."""
    return _hasher.hash(secrets.token_urlsafe(16))


def _verify(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def _hash(password: str) -> str:
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise PersonError(f"a password has {MIN_PASSWORD} to {MAX_PASSWORD} characters")
    return _hasher.hash(password)
