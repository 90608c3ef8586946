"""People sign in with what only they know; what is unknown costs the guesser the same."""

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from moderation import audit, people
from moderation.people import Identity, PersonError
from moderation.permissions import Permission, Role
from store.person import Person
from tests.world import PASSWORD, World

HASHER = people._hasher  # as it is before tests/conftest.py makes it cheap


def _sign_in(world: World, login: str, password: str = PASSWORD) -> Identity | None:
    with world.database.write() as session:
        return people.authenticate(session, login=login, password=password, now=world.now)


def _person(world: World, login: str) -> Person:
    with world.database.read() as session:
        return session.scalars(select(Person).where(Person.login == login)).one()


def _told(world: World, login: str) -> list[str]:
    with world.database.read() as session:
        return [line.action for line in audit.lines(session, subject=f"person:{login}")]


def _add(world: World, **changed: str) -> Identity:
    wanted = {"login": "nina", "name": "Nina", "role": "moderator", "password": PASSWORD}
    with world.database.write() as session:
        return people.add(session, **(wanted | changed), actor="test", now=world.now)


def test_the_right_password_signs_in_and_is_remembered_with_its_time(world: World) -> None:
    mona = world.people["mona"]
    world.later(hours=1)
    assert _sign_in(world, "mona") == mona
    assert _person(world, "mona").signed_in_at == world.now


@pytest.mark.parametrize("password", ["", "wrong horse battery", PASSWORD + " ", PASSWORD.upper()])
def test_another_password_does_not(world: World, password: str) -> None:
    assert world.people["mona"]
    assert _sign_in(world, "mona", password) is None
    assert _person(world, "mona").signed_in_at is None


def test_passwords_are_stored_as_argon2id_and_never_twice_the_same(world: World) -> None:
    assert world.people["mona"].id != world.people["milan"].id
    stored = [_person(world, login).password_hash for login in ("mona", "milan")]
    assert all(one.startswith("$argon2id$") for one in stored)
    assert len(set(stored)) == 2


def test_outside_of_tests_a_hash_takes_what_the_standard_recommends() -> None:
    """RFC 9106, 4: the second recommended option, for where memory is scarce."""
    assert (HASHER.time_cost, HASHER.memory_cost, HASHER.parallelism) == (3, 64 * 1024, 4)


def test_an_unknown_login_and_one_shut_out_cost_what_a_wrong_password_costs(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted in verifications: each of them is the same work."""
    assert world.people["mona"]
    with world.database.write() as session:
        people.set_active(session, login="mona", active=False, actor="test", now=world.now)
    assert _sign_in(world, "warm the cache") is None
    verified: list[str] = []
    real = PasswordHasher.verify

    def counting(self: PasswordHasher, hash: str, password: str) -> bool:  # noqa: A002
        verified.append(hash)
        return real(self, hash, password)

    monkeypatch.setattr(PasswordHasher, "verify", counting)
    for login in ("mona", "nobody", "mona\0", "x" * 10_000, ""):
        verified.clear()
        assert _sign_in(world, login) is None
        assert len(verified) == 1, login
        assert verified[0].startswith("$argon2id$")


def test_only_as_much_of_a_password_counts_as_one_can_have(world: World) -> None:
    longest = "p" * people.MAX_PASSWORD
    _add(world, password=longest)
    assert _sign_in(world, "nina", longest)
    assert _sign_in(world, "nina", longest + "p") is None
    assert _sign_in(world, "nina", longest * 1_000) is None


def test_a_hash_of_older_settings_is_renewed_at_the_next_sign_in(world: World) -> None:
    assert world.people["mona"]
    with world.database.write() as session:
        row = session.scalars(select(Person)).one()
        row.password_hash = PasswordHasher(time_cost=1, memory_cost=1024).hash(PASSWORD)
    assert _sign_in(world, "mona")
    renewed = _person(world, "mona").password_hash
    assert "m=1024" not in renewed
    assert _sign_in(world, "mona")
    assert _person(world, "mona").password_hash == renewed


def test_a_new_password_ends_every_session(world: World) -> None:
    before = world.people["mona"].session_epoch
    with world.database.write() as session:
        people.set_password(
            session, login="mona", password="another good password", actor="t", now=world.now
        )
    assert _sign_in(world, "mona") is None
    after = _sign_in(world, "mona", "another good password")
    assert after is not None
    assert after.session_epoch == before + 1


def test_signing_somebody_out_everywhere_changes_the_epoch_alone(world: World) -> None:
    before = world.people["mona"]
    with world.database.write() as session:
        people.end_sessions(session, login="mona", actor="test", now=world.now)
    after = _sign_in(world, "mona")
    assert after is not None
    assert (after.session_epoch, after.id) == (before.session_epoch + 1, before.id)


def test_somebody_shut_out_stays_out_until_let_in_again(world: World) -> None:
    mona = world.people["mona"]
    for active in (False, True):
        with world.database.write() as session:
            people.set_active(session, login="mona", active=active, actor="test", now=world.now)
        assert (_sign_in(world, "mona") is not None) == active
        with world.database.read() as session:
            found = people.by_id(session, mona.id)
        assert (found is not None) == active
    assert found is not None
    assert found.session_epoch == mona.session_epoch + 2, "no old session comes back"


def test_everything_that_is_done_to_a_person_is_logged(world: World) -> None:
    assert world.people["mona"]
    with world.database.write() as session:
        people.end_sessions(session, login="mona", actor="test", now=world.now)
        people.set_password(session, login="mona", password=PASSWORD, actor="t", now=world.now)
        people.set_active(session, login="mona", active=False, actor="test", now=world.now)
        people.set_active(session, login="mona", active=True, actor="test", now=world.now)
    assert _told(world, "mona") == [
        "person.added",
        "person.sessions-ended",
        "person.password",
        "person.deactivated",
        "person.activated",
    ]
    with world.database.read() as session:
        assert PASSWORD not in str([line.details for line in audit.lines(session)])


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"login": "N"}, "login"),
        ({"login": "Nina"}, "login"),
        ({"login": "9nina"}, "login"),
        ({"login": "nina\n"}, "login"),
        ({"login": "n" * 41}, "login"),
        ({"role": "boss"}, "one of moderator, auditor, lead, admin"),
        ({"name": "  "}, "name"),
        ({"name": "n" * 121}, "name"),
        ({"password": "p" * 11}, "12 to 256"),
        ({"password": "p" * 257}, "12 to 256"),
    ],
)
def test_what_a_person_cannot_be_is_said(world: World, changed: dict[str, str], words: str) -> None:
    with pytest.raises(PersonError, match=words):
        _add(world, **changed)
    with world.database.read() as session:
        assert people.everyone(session) == []


def test_a_login_is_one_persons(world: World) -> None:
    _add(world)
    with pytest.raises(PersonError, match="taken"):
        _add(world, name="Another")


def test_nobody_is_nobody(world: World) -> None:
    with world.database.write() as session:
        with pytest.raises(PersonError, match="nobody"):
            people.end_sessions(session, login="nina", actor="test", now=world.now)
        with pytest.raises(PersonError, match="nobody"):
            people.set_active(session, login="nina", active=True, actor="t", now=world.now)
        assert people.by_id(session, 404) is None


def test_an_identity_is_who_somebody_is_and_nothing_secret(world: World) -> None:
    lena = world.people["lena"]
    assert (lena.role, lena.actor) == (Role.LEAD, "person:lena")
    assert lena.may(Permission.RELEASE_OTHERS)
    assert "argon2" not in repr(lena)


def test_everyone_is_listed_by_login(world: World) -> None:
    for login in ("mona", "ada", "milan"):
        assert world.people[login].login == login
    with world.database.read() as session:
        assert [one.login for one in people.everyone(session)] == ["ada", "milan", "mona"]
