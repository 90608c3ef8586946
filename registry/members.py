"""Who takes part: members, and the accounts they sign in with."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.names import is_username
from registry.passwords import Passwords
from registry.settings import RegistrySettings
from registry.tables import Account, Member


class AccountTaken(Exception):
    """The username belongs to an account that is not to be changed."""


def set_up_members(session: Session, settings: RegistrySettings, passwords: Passwords) -> None:
    """See to it that the members and accounts of the settings exist, as the settings say."""
    put_member(session, settings.case_member_id, settings.case_member_name)
    for wanted in settings.accounts:
        member = put_member(session, wanted.member_id, wanted.member_name)
        password = wanted.password.get_secret_value()
        account = session.get(Account, wanted.username)
        if account is None:
            add_account(session, passwords, member, wanted.username, password)
        elif account.member_id != member.id:
            raise AccountTaken(
                f"the account {wanted.username} belongs to member {account.member_id}, "
                f"not {member.id}; revoke it first"
            )
        elif not passwords.matches(account.password_hash, password):
            account.password_hash = passwords.hash(password)


def put_member(session: Session, member_id: int, name: str) -> Member:
    """The member of this id, by this name from now on; new if it is not there."""
    member = session.merge(Member(id=member_id, name=name))
    session.flush()
    return member


def add_account(
    session: Session, passwords: Passwords, member: Member, username: str, password: str
) -> None:
    """Let somebody sign in for the member. Raises AccountTaken if the username exists."""
    if session.get(Account, username):
        raise AccountTaken(f"there is an account {username} already; revoke it first")
    session.add(Account(username=username, member=member, password_hash=passwords.hash(password)))
    session.flush()


def revoke_account(session: Session, username: str) -> bool:
    """Nobody signs in by this name any more; the member and its votes stay. False if unknown."""
    account = session.get(Account, username)
    if account is None:
        return False
    session.delete(account)
    return True


def authenticate(
    session: Session, passwords: Passwords, username: str, password: str
) -> Account | None:
    """The account, or None after as much work for an unknown name as for a wrong password."""
    account = session.get(Account, username) if is_username(username) else None
    stored = account.password_hash if account else None
    return account if passwords.matches(stored, password) else None


def list_members(session: Session) -> Sequence[Member]:
    """Everybody, by id."""
    return session.scalars(select(Member).order_by(Member.id)).all()


def list_accounts(session: Session) -> Sequence[Account]:
    """All accounts, by member and name."""
    return session.scalars(select(Account).order_by(Account.member_id, Account.username)).all()
