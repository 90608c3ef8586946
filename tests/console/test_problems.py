"""When something goes wrong: what a person is told, what a program is told, what is logged."""

import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest
from redis import Redis
from sqlalchemy import text

from config.settings import Settings
from console.access import open_to_anybody, requires
from console.application import API
from console.parts import parts
from local.redis import private_redis
from moderation.permissions import Permission
from store.database import Database
from tests.console.conftest import Console, MakeApp, only
from tests.console.visitor import Visitor
from tests.world import World

SECRET = "5f0c" * 16


@pytest.fixture
def mona(console: Console) -> Visitor:
    """A moderator."""
    return console.signed_in("mona")


@only("sqlite")
@pytest.mark.parametrize(
    ("method", "path", "code", "says"),
    [
        ("GET", "/nowhere", 404, "There is nothing here"),
        ("GET", "/hits/999", 404, "There is nothing here"),
        ("GET", "/hits/99999999999999999999999", 404, "There is nothing here"),
        ("GET", "/hits/-1", 404, "There is nothing here"),
        ("GET", "/hits/9223372036854775808", 404, "There is nothing here"),
        ("PUT", "/queue", 405, "That cannot be done here"),
        ("GET", "/people", 403, "Your role does not open this"),
    ],
)
def test_a_page_says_what_happened_and_what_to_do(
    mona: Visitor, method: str, path: str, code: int, says: str
) -> None:
    answer = mona._open(method, path)
    assert answer.status_code == code
    assert says in mona.problem
    assert f"Error {code}" in mona.text


BEYOND = ("9223372036854775807", "9223372036854775808", "9" * 30)


def test_a_number_beyond_any_row_is_not_found(console: Console) -> None:
    lena = console.signed_in("lena")
    for number in BEYOND:
        for path in ("/hits/{}", "/sources/{}"):
            assert lena.get(path.format(number)).status_code == 404


def test_nor_can_anything_be_done_to_it(console: Console) -> None:
    lena = console.signed_in("lena")
    for number in BEYOND:
        for path in ("hits/{}/claim", "hits/{}/release", "hits/{}/hand-over"):
            answer = lena.post(f"/{path.format(number)}", {"csrf_token": lena.token()})
            assert answer.status_code == 404, path
        for path in ("deliveries/{}/retry", "sources/{}/sync"):
            answer = lena.post(f"/{path.format(number)}", {"csrf_token": lena.token()})
            assert answer.status_code in (302, 404), path


@only("sqlite")
def test_a_fragment_gets_a_page_whose_problem_is_taken_out_of_it(mona: Visitor) -> None:
    answer = mona.get("/hits/999", htmx=True)
    assert answer.status_code == 404
    assert 'class="problem"' in answer.text  # what htmx selects, see frame.html


@only("sqlite")
def test_a_fault_of_ours_is_logged_and_says_nothing_of_itself(
    console: Console, caplog: pytest.LogCaptureFixture
) -> None:
    @console.app.get("/broken")
    @open_to_anybody
    def broken() -> str:
        raise RuntimeError(f"planted {SECRET}")

    visitor = console.visitor()
    assert visitor.get("/broken").status_code == 500
    assert "Something went wrong here" in visitor.problem
    assert "planted" not in visitor.text
    assert SECRET not in visitor.text
    assert any(record.exc_info for record in caplog.records if record.levelno >= logging.ERROR)


@only("sqlite")
def test_too_often_is_said_to_people_and_programs(console: Console) -> None:
    limits = console.settings.policy.limits.model_copy(update={"pages": "2/minute", "api": "1/day"})
    policy = console.settings.policy.model_copy(update={"limits": limits})
    made = console.app.extensions["console"]
    console.app.extensions["console"] = replace(made, policy=policy)
    console.app.extensions[API].parts = console.app.extensions["console"]
    visitor = console.visitor()
    assert [visitor.get("/nowhere-to-be-found").status_code, visitor.get("/sign-in").status_code]
    answer = visitor.get("/sign-in")
    while answer.status_code == 200:
        answer = visitor.get("/sign-in")
    assert answer.status_code == 429
    assert "Wait a minute" in visitor.problem
    assert int(answer.headers["Retry-After"]) > 0
    key = console.key()
    first, second = (
        console.visitor().client.post("/api/v1/content/state", json={"ids": ["a"]}, headers=key)
        for _ in range(2)
    )
    assert (first.status_code, second.status_code) == (200, 429)
    assert int(second.headers["Retry-After"]) > 1000
    assert second.json == {"error": {"code": 429, "message": "That was too often"}}


@pytest.fixture
def mortal_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis of this test's own, which it may stop."""
    with private_redis(tmp_path_factory.mktemp("redis")) as url:
        yield url


@only("sqlite")
def test_without_redis_people_are_told_and_programs_go_on(
    settings: Settings, world: World, mortal_redis: str, make_app: MakeApp
) -> None:
    own = settings.model_copy(update={"redis_url": mortal_redis})
    console = Console(make_app(own), world, own, Redis.from_url(mortal_redis))
    mona, key = console.signed_in("mona"), console.key()
    assert mona.client.get("/readyz").json["redis"] is True  # type: ignore[index]
    console.redis.shutdown(nosave=True)
    answer = mona.get("/queue")
    assert answer.status_code == 503
    assert "A part of the console is not there" in mona.problem
    assert mona.get("/queue", htmx=True).status_code == 503
    fresh = console.visitor()
    assert fresh.get("/sign-in").status_code == 503
    batch = {"items": [{"id": "a", "kind": "image", "fingerprints": [_md5()]}]}
    taken = fresh.client.post("/api/v1/content", json=batch, headers=key)
    assert taken.status_code == 200, taken.text
    assert fresh.client.get("/healthz").status_code == 200
    ready = fresh.client.get("/readyz")
    assert (ready.status_code, ready.json["redis"]) == (503, False)  # type: ignore[index]


def _md5() -> dict[str, str]:
    return {"algorithm": "md5", "value": "0" * 31 + "1"}


@only("postgresql")
def test_without_the_database_everybody_is_told(console: Console) -> None:
    mona, key = console.signed_in("mona"), console.key()
    with console.world.database.write() as session:
        name = session.scalar(text("SELECT current_database()"))
    gone = Database(console.world.database.url.replace(str(name), "no_such_database"))
    made = console.app.extensions["console"]
    console.app.extensions["console"] = replace(made, database=gone)
    console.app.extensions[API].parts = console.app.extensions["console"]
    assert mona.get("/queue").status_code == 503
    assert "Nothing is lost" in mona.problem
    batch = {"items": [{"id": "a", "kind": "image", "fingerprints": [_md5()]}]}
    answer = mona.client.post("/api/v1/content", json=batch, headers=key)
    assert answer.status_code == 503
    assert answer.json == {"error": {"code": 503, "message": "A part of the console is not there"}}
    ready = mona.client.get("/readyz")
    assert (ready.status_code, ready.json["database"]) == (503, False)  # type: ignore[index]
    assert str(name) not in ready.text
    assert mona.client.get("/healthz").status_code == 200
    gone.close()


def test_a_change_that_fails_half_way_leaves_nothing(console: Console) -> None:
    @console.app.get("/half")
    @requires(Permission.SEE_QUEUE)
    def half() -> str:
        with parts().database.write() as rows:
            rows.execute(text("UPDATE people SET name = 'Somebody else'"))
            raise RuntimeError("planted")

    mona = console.signed_in("mona")
    assert mona.get("/half").status_code == 500
    mona.get("/queue")
    assert "Mona moderator" in mona.text
