"""Deliveries: what stands where, whom we do not reach, and sending again what was given up."""

from datetime import datetime, timedelta

import pytest
import time_machine
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer

from exchange.errors import ExchangeError, Refused, Unavailable
from exchange.records import Receipt
from moderation import outbox
from moderation.outbox import Order, Send
from store.delivery import Delivery
from tests.console.conftest import Console, only
from tests.console.visitor import Visitor
from tests.world import DISPUTE_REASON

ANSWER = "the platform says no"
LOST = "/deliveries?stage=given-up"


def _fails(error: ExchangeError) -> Send:
    def send(order: Order) -> Receipt:
        raise error

    return send


def _send(console: Console, destination: str, send: Send, now: datetime | None = None) -> None:
    """Let what is due for one party be sent once."""
    now = now or console.world.now
    rules = console.world.policy.outbox
    for number in outbox.due(console.world.database, destination, now):
        outbox.deliver(console.world.database, number, send, rules, lambda: now)


@pytest.fixture
def lena(console: Console) -> Visitor:
    """A lead, after the platform refused a removal and the registry's vote is held."""
    console.world.decide(console.world.hit(distance=12), "remove")
    _send(console, "platform", _fails(Refused(ANSWER, status=422)))
    return console.signed_in("lena")


def _rows(visitor: Visitor) -> dict[tuple[str, str], list[str]]:
    return {(row[1].partition(":")[0], row[3]): row for row in visitor.rows("deliveries")}


def test_each_delivery_says_where_it_stands(lena: Visitor) -> None:
    lena.get("/deliveries")
    rows = _rows(lena)
    assert rows["platform", "remove"][4] == "given up"
    assert rows["platform", "remove"][7] == f"422 {ANSWER}"
    assert rows["platform", "refuse-fingerprint"][4] == "due"
    assert rows["registry", "affirmative"][4] == "held"
    assert rows["registry", "affirmative"][6].startswith("leaves in 9 minutes")
    assert "1 given up: whoever they are for has not heard of the outcome." in lena.text


def test_deliveries_are_found_by_stage_and_destination(lena: Visitor) -> None:
    lena.get("/deliveries")
    lena.press("Apply", stage="given-up")
    assert [row[4] for row in lena.rows("deliveries")] == ["given up"]
    lena.get("/deliveries?destination=registry:Take It Down")
    assert [row[4] for row in lena.rows("deliveries")] == ["held"]
    lena.get("/deliveries?stage=cancelled")
    assert "None so" in lena.text
    for odd in ("stage=nonsense", "cursor=x", "size=-1", "destination=" + "x" * 999):
        assert lena.get(f"/deliveries?{odd}").status_code == 200


def test_what_waits_is_due_first_and_tried_again_after_it_failed(console: Console) -> None:
    console.world.decide(console.world.hit(distance=12), "dispute")
    lena = console.signed_in("lena")
    lena.get("/deliveries?stage=due")
    assert [(row[1], row[3]) for row in lena.rows("deliveries")] == [("platform", "release")]
    _send(console, "platform", _fails(Unavailable("nothing answers", status=503)))
    lena.get("/deliveries?stage=failed")
    (row,) = lena.rows("deliveries")
    assert (row[4], row[5], row[7]) == ("failed, tried again", "1", "503 nothing answers")
    assert row[6].startswith("leaves in")


def test_pages_of_deliveries_follow_each_other(console: Console, lena: Visitor) -> None:
    console.world.decide(console.world.hit(distance=12), "remove")
    lena.get("/deliveries?size=10")
    numbers = [int(row[0]) for row in lena.rows("deliveries")]
    assert numbers == sorted(numbers, reverse=True)
    lena.get(f"/deliveries?cursor={numbers[1]}")
    assert [int(row[0]) for row in lena.rows("deliveries")] == numbers[2:]


def test_whom_we_do_not_reach_is_said(console: Console) -> None:
    world = console.world
    for _ in range(world.policy.outbox.circuit_failures):
        world.decide(world.hit(distance=12), "dispute")
    _send(console, "platform", _fails(Unavailable("nothing answers", status=503)))
    lena = console.signed_in("lena")
    lena.get("/deliveries")
    ((name, state, answered, _, why),) = lena.rows("destinations")
    assert (name, answered, why) == ("platform", "never", "nothing answers")
    assert state.startswith("left alone tried again in")
    lena.get("/figures")
    assert "No answer from platform." in lena.text
    later = world.now + timedelta(hours=1)
    with time_machine.travel(later, tick=True):
        lena.get("/deliveries")
        assert lena.rows("destinations")[0][1] == "being tried"
        _send(console, "platform", lambda _order: Receipt(200), later)
        lena.get("/deliveries")
        assert lena.rows("destinations")[0][1] == "answers"


def test_one_delivery_says_what_was_said_and_what_became_of_it(
    console: Console, lena: Visitor
) -> None:
    lena.get(LOST)
    lena.get("/deliveries/2")
    facts = lena.facts()
    assert (facts["Action"], facts["Stage"], facts["Tries"]) == ("remove", "given up", "1")
    assert facts["Answer"] == f"422 {ANSWER}"
    assert facts["Because of"].replace(" ,", ",") == "H-1, decision D-1"
    assert [row[3].split()[0] for row in lena.rows("delivery-log")] == ["delivery.given-up"]
    assert lena.get("/deliveries/4711").status_code == 404


def test_a_vote_is_shown_in_words_and_without_a_fingerprint(console: Console) -> None:
    console.world.decide(console.world.hit(distance=12), "dispute")
    lena = console.signed_in("lena")
    lena.get("/deliveries/1")
    facts = lena.facts()
    assert (facts["Outcome"], facts["Algorithm"]) == ("negative", "pdq")
    assert facts["Reason"] == DISPUTE_REASON
    assert facts["Tags"] == "disputed"
    assert facts["Answer"] == "none yet"
    # Every page of a visitor is held against the rule that no fingerprint is on it.


def test_what_was_given_up_is_sent_again(console: Console, lena: Visitor) -> None:
    lena.get(LOST)
    lena.follow(lena.press("Send again number 2"))
    assert lena.path == LOST
    assert "is being sent again" in lena.text
    with console.world.database.read() as session:
        assert session.get_one(Delivery, 2).state == "waiting"
    queue = Queue("deliver", connection=console.redis, serializer=JSONSerializer)
    assert [job.func_name for job in queue.jobs] == ["jobs.outbox.deliver_due"]
    lena.get("/audit?action=delivery.retried")
    assert lena.rows("lines")[0][2] == "person:lena"
    _send(console, "platform", lambda _order: Receipt(200), console.world.now.replace(year=2100))
    lena.get("/deliveries/2")
    assert lena.facts()["Stage"] == "delivered"
    actions = [row[3].split()[0] for row in lena.rows("delivery-log")]
    assert actions == ["delivery.delivered", "delivery.retried", "delivery.given-up"]


def test_it_is_sent_again_from_its_own_page_too(console: Console, lena: Visitor) -> None:
    lena.get("/deliveries/2")
    lena.follow(lena.press("Send again"))
    assert "is being sent again" in lena.text


def test_only_what_was_given_up_can_be_sent_again(console: Console, lena: Visitor) -> None:
    lena.get("/deliveries")
    for number in ("1", "999"):
        lena.follow(lena.post(f"/deliveries/{number}/retry", {"csrf_token": lena.token()}))
        assert "Only a delivery that was given up" in lena.text
    with console.world.database.read() as session:
        assert session.get_one(Delivery, 1).state == "waiting"


def test_who_only_looks_is_not_offered_it(console: Console, lena: Visitor) -> None:
    amir = console.signed_in("amir")
    for path in (LOST, "/deliveries/2"):
        amir.get(path)
        assert "given up" in amir.text
        assert not [name for name in amir.buttons() if name.startswith("Send again")]
    answer = amir.post("/deliveries/2/retry", {"csrf_token": amir.token()})
    assert answer.status_code == 403


@only("sqlite")
def test_an_admin_sends_again_and_is_not_led_to_hits(console: Console, lena: Visitor) -> None:
    ada = console.signed_in("ada")
    ada.get("/deliveries/2")
    assert ada.facts()["Because of"].startswith("H-1")
    assert not [n for n in ada.page.walk() if n.attributes.get("href", "").startswith("/hits/")]
    ada.follow(ada.press("Send again"))
    assert "is being sent again" in ada.text


def test_a_lost_wake_up_loses_no_delivery(console: Console, lena: Visitor) -> None:
    made = console.app.extensions["console"]
    made.wake.redis = Redis(port=1, retry=Retry(NoBackoff(), 0))
    lena.get(LOST)
    lena.follow(lena.press("Send again number 2"))
    later = console.world.now.replace(year=2100)
    assert outbox.due(console.world.database, "platform", later) == [2]


def test_a_far_side_that_is_away_is_waited_for(console: Console, lena: Visitor) -> None:
    lena.get(LOST)
    lena.press("Send again number 2")
    later = console.world.now.replace(year=2100)
    away = _fails(Unavailable("nothing answers"))
    rules = console.world.policy.outbox
    outbox.deliver(console.world.database, 2, away, rules, lambda: later)
    lena.get("/deliveries/2")
    assert lena.facts()["Stage"] == "failed, tried again"
    assert "nothing answers" in lena.facts()["Answer"]
