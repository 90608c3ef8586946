"""One decision for many hits as people meet it, without JavaScript: shown, asked, done, undone."""

from collections.abc import Sequence

import pytest
from sqlalchemy import func, select

from store.hit import Decision, Hit
from tests.console.conftest import Console, only
from tests.console.visitor import Visitor
from tests.moderation.outcomes import newest_on, picture
from tests.pages.tree import Node
from tests.world import DISPUTE_REASON, near, pdq, record

pytestmark = only("sqlite")

Sent = dict[str, str | list[str]]
GONE, EXACT = "confirm:already-gone", "remove:match-exact"


@pytest.fixture
def copies(console: Console) -> list[int]:
    """Three open hits on one entry."""
    world, value = console.world, pdq()
    world.list_entries(record(value))
    return [newest_on(world, world.post(picture(near(value, 3)), uploader="u-1")) for _ in range(3)]


@pytest.fixture
def mona(console: Console, copies: list[int]) -> Visitor:
    """A moderator before the group of the first hit."""
    visitor = console.signed_in("mona")
    visitor.get(f"/hits/{copies[0]}")
    return _open(visitor, copies[0])


def _open(visitor: Visitor, hit: int, because: str = "entry") -> Visitor:
    visitor.get(f"/hits/{hit}/group/{because}")
    return visitor


def _named(visitor: Visitor, name: str) -> list[Node]:
    return [
        node
        for node in visitor.page.walk()
        if node.tag == "input" and node.attributes.get("name") == name
    ]


def _covered(visitor: Visitor) -> list[int]:
    """The hits that the page would send: those that are ticked, or named once more."""
    return [
        int(node.attributes["value"])
        for node in _named(visitor, "hit")
        if node.attributes.get("type") == "hidden" or "checked" in node.attributes
    ]


def _decide(visitor: Visitor, hits: Sequence[int], choice: str, **fields: str) -> int:
    """Press a button of the group's form with these hits ticked; the answer's status."""
    form = visitor.form(visitor.path.partition("?")[0])
    ticked = [str(one) for one in hits]
    sent: Sent = {**form.fields, **fields, "choice": choice, "hit": ticked}
    return visitor.send(form, sent).status_code


def _yes(visitor: Visitor) -> int:
    """Say yes to what is asked once more."""
    form = visitor.form(visitor.path.partition("?")[0])
    assert form.fields["sure"] == "y"
    hits = [str(one) for one in _covered(visitor)]
    sent: Sent = {**form.fields, "hit": hits}
    return visitor.send(form, sent).status_code


def _states(console: Console, hits: Sequence[int]) -> list[str]:
    with console.world.database.read() as session:
        rows = session.scalars(select(Hit).where(Hit.id.in_(hits)).order_by(Hit.id))
        return [row.verdict or row.state for row in rows]


def _decisions(console: Console) -> int:
    with console.world.database.read() as session:
        return session.scalar(select(func.count()).select_from(Decision)) or 0


# --- what it covers


@pytest.mark.parametrize("because", ["entry", "uploader"])
def test_a_hit_leads_to_its_groups_and_all_of_one_is_ticked(
    copies: list[int], mona: Visitor, because: str
) -> None:
    mona.get(f"/hits/{copies[0]}")
    links = [n.attributes.get("href", "") for n in mona.page.walk() if n.tag == "a"]
    assert f"/hits/{copies[0]}/group/{because}" in links
    assert "2 more open" in mona.text
    _open(mona, copies[0], because)
    assert sorted(_covered(mona)) == copies


def test_what_somebody_works_on_is_named_and_not_to_be_ticked(
    console: Console, copies: list[int], mona: Visitor
) -> None:
    console.world.claim(copies[1], "milan")
    _open(mona, copies[0])
    assert "Milan works on it" in mona.text
    assert _covered(mona) == [copies[0], copies[2]]
    box = next(n for n in _named(mona, "hit") if n.attributes["value"] == str(copies[1]))
    assert "disabled" in box.attributes


def test_what_it_covers_is_asked_once_more_and_nothing_is_decided_yet(
    console: Console, copies: list[int], mona: Visitor
) -> None:
    for choice, says in (
        (GONE, "matches are right"),
        (EXACT, "take them down"),
    ):
        _open(mona, copies[0])
        assert _decide(mona, copies[:2], choice, note="Same shop sign") == 200
        assert says in mona.text
        assert f"Covered: H-{copies[0]}, H-{copies[1]}." in mona.text
        assert f"Left out: H-{copies[2]}." in mona.text
        assert _covered(mona) == copies[:2]
    assert _decisions(console) == 0


def test_going_back_keeps_what_was_left_out(copies: list[int], mona: Visitor) -> None:
    _decide(mona, copies[:2], GONE)
    back = next(
        n.attributes["href"]
        for n in mona.page.walk()
        if n.tag == "a" and "/group/entry" in n.attributes.get("href", "")
    )
    mona.get(back)
    assert _covered(mona) == copies[:2]


def test_yes_decides_all_that_was_covered_and_says_so(
    console: Console, copies: list[int], mona: Visitor
) -> None:
    _decide(mona, copies, EXACT, note="Same shop sign")
    assert _yes(mona) == 200
    assert _states(console, copies) == ["remove"] * 3
    assert "3 hits decided" in mona.text
    with console.world.database.read() as session:
        assert set(session.scalars(select(Decision.note))) == {"Same shop sign"}


def test_a_dispute_says_to_all_registries_what_was_chosen(
    console: Console, copies: list[int], mona: Visitor
) -> None:
    assert _decide(mona, copies, f"dispute:{DISPUTE_REASON}") == 200
    _yes(mona)
    assert _states(console, copies) == ["dispute"] * 3


def test_who_claims_one_meanwhile_keeps_it_and_it_is_named(
    console: Console, copies: list[int], mona: Visitor
) -> None:
    _decide(mona, copies, GONE)
    console.world.claim(copies[2], "milan")
    _yes(mona)
    assert _states(console, copies) == ["confirm", "confirm", "open"]
    assert f"H-{copies[2]}: Milan is working on this hit." in mona.text


def test_what_was_decided_before_the_question_is_named_in_it(
    console: Console, copies: list[int], mona: Visitor
) -> None:
    console.world.decide(copies[1], "remove", "milan")
    _decide(mona, copies, GONE)
    assert f"somebody decided them or they were withdrawn: H-{copies[1]}." in mona.text
    assert _covered(mona) == [copies[0], copies[2]]


# --- one undo for all


def test_one_undo_takes_all_of_it_back(console: Console, copies: list[int], mona: Visitor) -> None:
    _decide(mona, copies, EXACT)
    _yes(mona)
    mona.press("Undo all of it")
    assert "3 hits undone" in mona.text
    assert _states(console, copies) == ["open"] * 3
    assert "Undo all of it" not in mona.buttons()


def test_it_can_be_undone_from_the_queue_too(
    console: Console, copies: list[int], mona: Visitor
) -> None:
    _decide(mona, copies, GONE)
    _yes(mona)
    mona.get("/queue")
    assert "3 hits confirmed" in mona.text
    mona.press("Undo all of it")
    assert _states(console, copies) == ["open"] * 3


def test_an_undo_of_what_is_not_ones_own_changes_nothing(
    console: Console, copies: list[int], mona: Visitor
) -> None:
    _decide(mona, copies, GONE)
    _yes(mona)
    milan = console.signed_in("milan")
    milan.get("/queue")
    answer = milan.post("/groups/1/undo", {"csrf_token": milan.token()})
    milan.follow(answer)
    assert "There is no such group of decisions of yours." in milan.text
    assert _states(console, copies) == ["confirm"] * 3


# --- a second person


def test_what_others_confirmed_is_proposed_and_a_second_person_decides_it(
    console: Console, copies: list[int], mona: Visitor
) -> None:
    console.world.decide(copies[2], "confirm", "milan")
    _open(mona, copies[0])
    _decide(mona, copies[:2], f"dispute:{DISPUTE_REASON}", note="A logo")
    assert "Where the policy asks for a second person, it is proposed" in mona.text
    _yes(mona)
    assert f"Proposed, for a second person: H-{copies[0]}, H-{copies[1]}." in mona.text
    assert "Undo all of it" not in mona.buttons()
    assert _states(console, copies[:2]) == ["open"] * 2
    mona.get(f"/hits/{copies[0]}")
    assert "Claim" not in mona.buttons(), "whoever proposed is not offered it"

    milan = console.signed_in("milan")
    milan.get(f"/hits/{copies[0]}")
    assert "by Mona" in milan.text
    assert "others have confirmed this entry" in milan.text
    assert "A logo" in milan.text
    _open(milan, copies[0])
    _decide(milan, copies[:2], f"dispute:{DISPUTE_REASON}")
    _yes(milan)
    assert _states(console, copies[:2]) == ["dispute"] * 2


# --- refused


@pytest.mark.parametrize(
    ("hits", "choice", "note", "status", "says"),
    [
        ("all", "", "", 422, "Choose confirm, remove or dispute."),
        ("all", "destroy:all", "", 422, "Choose confirm, remove or dispute."),
        ("all", GONE, "x" * 2001, 422, "note"),
        ("none", GONE, "", 200, "Nothing is ticked"),
    ],
)
def test_a_choice_that_cannot_be_changes_nothing_and_keeps_what_was_typed(
    console: Console,
    copies: list[int],
    mona: Visitor,
    hits: str,
    choice: str,
    note: str,
    status: int,
    says: str,
) -> None:
    chosen = copies[:2] if hits == "all" else []
    assert _decide(mona, chosen, choice, note=note or "Half written") == status
    assert says in mona.text
    if status == 422:
        assert _covered(mona) == chosen
        assert "Half written" in mona.text or note
    assert _decisions(console) == 0


@pytest.mark.parametrize("hit", ["x", "-1", "9" * 30, "１"])
def test_numbers_that_are_none_cover_nothing(
    console: Console, copies: list[int], mona: Visitor, hit: str
) -> None:
    form = mona.form(f"/hits/{copies[0]}/group/entry")
    answer = mona.send(form, {**form.fields, "choice": GONE, "sure": "y", "hit": [hit]})
    assert answer.status_code == 409
    assert "One decision covers 1 to" in mona.problem
    assert _decisions(console) == 0


@pytest.mark.parametrize("path", ["/hits/1/group/colour", "/hits/404/group/entry"])
def test_there_is_no_such_group(mona: Visitor, path: str) -> None:
    assert mona.get(path).status_code == 404


def test_when_all_are_decided_the_page_says_so(
    console: Console, copies: list[int], mona: Visitor
) -> None:
    for hit in copies:
        console.world.decide(hit, "confirm", "milan")
    _open(mona, copies[0])
    assert "Nothing is open here any more" in mona.text


def test_an_auditor_sees_how_many_and_decides_nothing(console: Console, copies: list[int]) -> None:
    amir = console.signed_in("amir")
    amir.get(f"/hits/{copies[0]}")
    assert "2 more open" in amir.text
    assert amir.get(f"/hits/{copies[0]}/group/entry").status_code == 403
