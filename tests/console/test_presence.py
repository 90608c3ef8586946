"""What colleagues do, asked for every few seconds: it shows, is cheap, and changes nothing."""

import re

import pytest
from redis import Redis
from sqlalchemy import select
from werkzeug.test import TestResponse

from console import presence
from moderation import claims
from store.hit import Hit
from tests.console.conftest import Console, only
from tests.console.visitor import Visitor

pytestmark = only("sqlite")


@pytest.fixture
def mona(console: Console) -> Visitor:
    """A moderator."""
    return console.signed_in("mona")


def _again(visitor: Visitor, path: str, answer: TestResponse) -> TestResponse:
    headers = {"HX-Request": "true", "If-None-Match": answer.headers["ETag"]}
    return visitor.client.get(path, headers=headers)


def _asked(visitor: Visitor) -> str:
    """The address that the page asks now and then."""
    return next(
        n.attributes["data-live"] for n in visitor.page.walk() if "data-live" in n.attributes
    )


def test_the_list_shows_who_took_and_who_decided(console: Console, mona: Visitor) -> None:
    world = console.world
    hits = [world.hit() for _ in range(3)]
    mona.get("/queue")
    path = _asked(mona)
    before = mona.get(path, htmx=True)
    assert before.text.count("nobody") == 3
    world.claim(hits[0], "lena")
    world.decide(hits[1], "remove", "lena")
    after = _again(mona, path, before)
    assert after.status_code == 200
    parts = dict(re.findall(r'<span id="standing-(\d+)" data-live-part>(.*?)</span>', after.text))
    assert parts[str(hits[0])] == "Lena"
    assert "removed" in parts[str(hits[1])]
    assert "2" in after.text[after.text.index("Open") :][:120]


def test_nothing_new_is_a_304_without_a_body(console: Console, mona: Visitor) -> None:
    hit = console.world.hit()
    mona.get("/queue")
    for path in (_asked(mona), f"/hits/{hit}/presence?seen=x"):
        answer = _again(mona, path, mona.get(path, htmx=True))
        assert (answer.status_code, answer.data) == (304, b"")


def test_the_list_asks_about_no_more_than_a_page(console: Console, mona: Visitor) -> None:
    console.world.hit()
    path = "/queue/presence?ids=x,-1,²," + "9" * 30 + ",1,1"
    assert mona.get(path, htmx=True).text.count("standing-") == 1
    beyond = ",".join(["4711"] * presence.MOST)
    assert "standing-" not in mona.get(f"/queue/presence?ids={beyond},1", htmx=True).text
    assert "standing-" not in mona.get("/queue/presence", htmx=True).text


STEPS = (
    ("", ""),
    ("lena claims", "Lena has taken this hit."),
    ("mona claims", "You hold this hit, taken in another window."),
    ("lena decides", "Lena decided this hit: removed."),
    ("mona decides", "You decided this hit: removed."),
)


@pytest.mark.parametrize(("step", "said"), STEPS)
def test_a_hits_page_says_what_changed_since(
    console: Console, mona: Visitor, step: str, said: str
) -> None:
    hit = console.world.hit()
    with console.world.database.read() as session:
        seen = f"open.{session.get_one(Hit, hit).lease_number}.free.0"
    login, _, what = step.partition(" ")
    if what == "claims":
        console.world.claim(hit, login)
    if what == "decides":
        console.world.decide(hit, "remove", login)
    mona.get(f"/hits/{hit}/presence?seen={seen}", htmx=True)
    assert mona.text.removesuffix("Show it as it is now").strip() == said


def test_a_renewed_claim_is_no_change_and_a_released_one_is(
    console: Console, mona: Visitor
) -> None:
    hit = console.world.hit()
    console.world.claim(hit)
    path = f"/hits/{hit}/presence?seen=open.1.held.0"
    before = mona.get(path, htmx=True)
    console.world.later(minutes=1)
    console.world.claim(hit)
    assert _again(mona, path, before).status_code == 304
    with console.world.database.write() as session:
        claims.release(session, hit, console.world.people["mona"], console.world.now)
    assert "Nobody holds this hit any more." in _again(mona, path, before).text


def test_asking_neither_prolongs_the_session_nor_the_claim(console: Console, mona: Visitor) -> None:
    hit = console.world.hit()
    console.world.claim(hit)
    mona.get("/queue")
    key = f"console:session:{mona.cookie()}"
    redis: Redis = console.redis
    redis.expire(key, 1_000)
    with console.world.database.read() as session:
        until = session.scalar(select(Hit.lease_until))
    for path in (_asked(mona), f"/hits/{hit}/presence?seen=x"):
        mona.get(path, htmx=True)
    assert 990 <= int(str(redis.ttl(key))) <= 1_000
    with console.world.database.read() as session:
        assert session.scalar(select(Hit.lease_until)) == until


def test_asking_takes_no_message_from_the_next_page(console: Console, mona: Visitor) -> None:
    mona.get("/queue")
    mona.press("Claim the most urgent")  # leads back, with words that no page has shown yet
    mona.get("/queue/presence?ids=1", htmx=True)
    mona.get("/queue")
    assert "Nothing is waiting that nobody holds." in mona.text


def test_after_the_session_asking_is_refused_and_not_led_away(
    console: Console, mona: Visitor
) -> None:
    nobody = console.visitor()
    for path in ("/queue/presence?ids=1", "/hits/1/presence"):
        assert nobody.get(path, htmx=True).status_code == 401
    assert mona.get("/hits/4711/presence", htmx=True).status_code == 404
