"""What each role sees in the navigation, in this order and nothing else; and that it opens."""

import pytest

from exchange.errors import Refused
from exchange.records import Receipt
from moderation.outbox import Order
from tests.console.conftest import Console, only

pytestmark = only("sqlite")

PLACES = {
    "mona": ["Queue"],
    "amir": ["Queue", "Figures", "Audit log", "Deliveries", "Sources"],
    "lena": ["Queue", "Figures", "Audit log", "Deliveries", "Sources", "Team"],
    "ada": ["Figures", "Audit log", "Deliveries", "Sources", "People"],
}
FIRST = {"mona": "/queue", "amir": "/queue", "lena": "/queue", "ada": "/figures"}


@pytest.mark.parametrize("login", PLACES)
def test_each_role_sees_its_places_and_can_open_them(console: Console, login: str) -> None:
    visitor = console.signed_in(login)
    assert visitor.path == FIRST[login]
    shown = visitor.links("Main")
    assert [name for name, _ in shown] == PLACES[login]
    for name, address in shown:
        assert visitor.get(address).status_code == 200
        here = [n for n in visitor.page.walk() if n.attributes.get("aria-current") == "page"]
        assert [one.text().strip() for one in here] == [name]


def test_who_is_not_in_sees_no_places(console: Console) -> None:
    visitor = console.visitor()
    visitor.get("/sign-in")
    assert visitor.links("Main") == []
    assert "Sign out" not in visitor.buttons()


def _refuse(order: Order) -> Receipt:
    raise Refused("no", status=422)


ALARMED = {"mona": False, "amir": False, "lena": True, "ada": True}


@pytest.mark.parametrize("login", PLACES)
def test_what_was_given_up_is_said_on_every_page_to_who_can_send_it_again(
    console: Console, login: str
) -> None:
    visitor = console.signed_in(login)
    assert not [name for name, _ in visitor.links("Main") if "given up" in name]
    console.world.decide(console.world.hit(distance=12), "dispute")
    console.world.deliver(_refuse)
    visitor.get("/me")
    told = [name for name, _ in visitor.links("Main") if "given up" in name]
    assert told == (["Deliveries 1 given up"] if ALARMED[login] else [])
