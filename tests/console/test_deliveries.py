"""Deliveries: what stands where, and sending again what was given up."""

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer

from exchange.errors import Refused, Unavailable
from exchange.records import Receipt
from moderation import outbox
from moderation.outbox import Order
from store.delivery import Delivery
from tests.console.conftest import Console
from tests.console.visitor import Visitor

ANSWER = "the platform says no"


def _refuse(order: Order) -> Receipt:
    raise Refused(ANSWER, status=422)


@pytest.fixture
def lena(console: Console) -> Visitor:
    """A lead, after the platform refused a removal and the registry's vote is held."""
    console.world.decide(console.world.hit(), "remove")
    rules = console.world.policy.outbox
    for number in outbox.due(console.world.database, "platform", console.world.now):
        outbox.deliver(console.world.database, number, _refuse, rules, console.world.clock)
    return console.signed_in("lena")


def test_each_delivery_says_where_it_stands(lena: Visitor) -> None:
    lena.get("/deliveries")
    rows = {row[1].partition(":")[0]: row for row in lena.rows("deliveries")}
    assert rows["platform"][4] == "failed"
    assert rows["platform"][7] == f"422 {ANSWER}"
    assert rows["registry"][4] == "waiting"
    assert rows["registry"][6].startswith("next in")


def test_deliveries_are_found_by_state(lena: Visitor) -> None:
    lena.get("/deliveries")
    lena.press("Apply", state="failed")
    assert [row[4] for row in lena.rows("deliveries")] == ["failed"]
    lena.get("/deliveries?state=cancelled")
    assert "None cancelled" in lena.text
    assert lena.get("/deliveries?state=nonsense").status_code == 200


def test_what_was_given_up_is_sent_again(console: Console, lena: Visitor) -> None:
    lena.get("/deliveries?state=failed")
    lena.follow(lena.press("Send again number 2"))
    assert "is being sent again" in lena.text
    with console.world.database.read() as session:
        assert session.get_one(Delivery, 2).state == "waiting"
    queue = Queue("deliver", connection=console.redis, serializer=JSONSerializer)
    assert [job.func_name for job in queue.jobs] == ["jobs.outbox.deliver_due"]
    lena.get("/audit?action=delivery.retried")
    assert lena.rows("lines")[0][2] == "person:lena"


def test_only_what_was_given_up_can_be_sent_again(console: Console, lena: Visitor) -> None:
    lena.get("/deliveries")
    for number in ("1", "999"):
        lena.follow(lena.post(f"/deliveries/{number}/retry", {"csrf_token": lena.token()}))
        assert "Only a delivery that was given up" in lena.text
    with console.world.database.read() as session:
        assert session.get_one(Delivery, 1).state == "waiting"


def test_who_only_looks_is_not_offered_it(console: Console, lena: Visitor) -> None:
    amir = console.signed_in("amir")
    amir.get("/deliveries?state=failed")
    assert [row[4] for row in amir.rows("deliveries")] == ["failed"]
    assert not [name for name in amir.buttons() if name.startswith("Send again")]


def test_a_lost_wake_up_loses_no_delivery(console: Console, lena: Visitor) -> None:
    made = console.app.extensions["console"]
    made.wake.redis = Redis(port=1, retry=Retry(NoBackoff(), 0))
    lena.get("/deliveries?state=failed")
    lena.follow(lena.press("Send again number 2"))
    assert outbox.due(console.world.database, "platform", console.world.now.replace(year=2100)) == [
        2
    ]


def test_a_far_side_that_is_away_is_waited_for(console: Console, lena: Visitor) -> None:
    def away(order: Order) -> Receipt:
        raise Unavailable("nothing answers")

    lena.get("/deliveries?state=failed")
    lena.press("Send again number 2")
    later = console.world.now.replace(year=2100)
    rules = console.world.policy.outbox
    outbox.deliver(console.world.database, 2, away, rules, lambda: later)
    lena.get("/deliveries")
    row = next(row for row in lena.rows("deliveries") if row[0] == "2")
    assert (row[4], row[5]) == ("waiting", "1")
    assert "nothing answers" in row[7]
