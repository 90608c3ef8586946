"""A short form of `make soak`, and twins whose planted faults the comparison sees."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import ColumnElement

from exchange.errors import ExchangeError
from exchange.ncmec import NcmecClient
from exchange.records import Outcome, Receipt, Vote
from matching.fingerprint import Algorithm
from moderation import outbox
from moderation.outbox import OPEN_STATES, Order, Send
from store.delivery import Delivery
from tests.soak import scenarios
from tests.soak.__main__ import main
from tests.soak.comparison import Differences
from tests.soak.installation import Installation
from tests.soak.outcome import Outcome as Line
from tests.soak.outcome import table
from tests.soak.scenarios import PLANS, Plan, Ran, run

Orders = Mapping[str, scenarios.Order]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("killed", "sqlite"),
        ("killed", "postgresql"),
        ("error-500", "postgresql"),
        ("busy-429", "sqlite"),
        ("timeout", "postgresql"),
        ("half-an-answer", "sqlite"),
        ("late-answer", "postgresql"),
        ("redis", "sqlite"),
        ("database", "postgresql"),
        ("away-for-a-day", "sqlite"),
    ],
)
def test_whatever_goes_wrong_the_votes_are_the_decisions(
    orders: Orders, name: str, kind: str
) -> None:
    line = run(name, orders[kind])
    assert line.right, (line.wrong, line.differences)
    assert line.faults > 0
    assert line.decisions >= orders[kind].decisions
    assert line.differences.votes > 5
    assert line.differences.contents > 10


# --- planted faults


def _swallows(send: Send) -> Send:
    """A sender that takes an error for success."""

    def sent(order: Order) -> Receipt:
        try:
            return send(order)
        except ExchangeError:
            return Receipt(200)

    return sent


def test_a_sender_that_swallows_errors_is_seen(orders: Orders) -> None:
    line = run("error-500", replace(orders["sqlite"], wrap=_swallows))
    assert line.differences.missing or line.differences.stale
    assert not line.right


def test_an_outbox_without_order_is_seen(orders: Orders, monkeypatch: pytest.MonkeyPatch) -> None:
    def unordered(now: datetime) -> tuple[ColumnElement[bool], ...]:
        return Delivery.state.in_(OPEN_STATES), Delivery.next_attempt_at <= now

    monkeypatch.setattr(outbox, "_is_due", unordered)
    assert run("error-500", orders["sqlite"]).differences.stale


def _votes_against_us(installation: Installation, order: scenarios.Order) -> Ran:
    """Everything goes well, and then every entry is voted on the other way round."""
    ran = PLANS["error-500"].scenario(installation, order)
    credentials = installation.settings.secret("local_registry") or ""
    with NcmecClient(
        f"http://127.0.0.1:{order.template.addresses.registry}/npo", credentials
    ) as us:
        page = us.fetch(None, datetime.fromisoformat("2100-01-01T00:00:00Z"))
        for entry in page.entries:
            for vote in entry.votes:
                reason = us.reasons(Algorithm.PDQ)[0].id
                other = Vote.AFFIRMATIVE if vote.vote is Vote.NEGATIVE else Vote.NEGATIVE
                reasons = (reason,) if other is Vote.NEGATIVE else ()
                us.report(Outcome(entry.member.id, entry.entry_id, Algorithm.PDQ, other, reasons))
    return ran


def test_votes_that_nobody_decided_are_seen(
    orders: Orders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(scenarios.PLANS, "planted", Plan(_votes_against_us))
    found = run("planted", orders["sqlite"]).differences
    # All but those on which two decided in the same moment: there either word is the last.
    assert len(found.stale) > found.votes * 2 / 3 > 0


# --- the command


def _line(**others: Any) -> Line:
    figures: dict[str, Any] = {
        "scenario": "killed",
        "database": "sqlite",
        "decisions": 1_000,
        "faults": 300,
        "tries": 1_900,
        "delivered": 1_600,
        "differences": Differences(400, 700, (), (), ()),
        "wrong": (),
        "seconds": 61.2,
    }
    return Line(**(figures | others))


def test_a_line_is_right_only_if_nothing_differs_and_nothing_else_was_wrong() -> None:
    assert _line().right
    assert not _line(wrong=("2 given up",)).right
    assert not _line(differences=Differences(400, 700, (), ("twice",), ())).right
    assert table([_line(), _line()]).row_count == 2


def test_an_unknown_scenario_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["flood"])
    assert "killed" in capsys.readouterr().err
