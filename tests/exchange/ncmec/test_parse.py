"""Reading documents: everything that is in them, and no more lost to a fault than need be."""

from datetime import UTC, datetime
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.errors import Unavailable
from exchange.ncmec.names import NAMESPACE
from exchange.ncmec.parse import read_listing, read_members, read_reasons, read_status
from exchange.records import EntryRecord, MediaKind, Member, PeerVote, Problem, Reason, Vote
from matching.fingerprint import Algorithm, Fingerprint
from tests.exchange.ncmec.documents import document, entry_document, listing_document
from tests.exchange.ncmec.records import PEER, START, active, entry, made_up, withdrawn

PDQ = made_up(Algorithm.PDQ, "one")
MD5 = made_up(Algorithm.MD5, "two")

AS_DOCUMENTED = f"""<queryResult xmlns="{NAMESPACE}">
  <images count="2" maxTimestamp="2026-03-01T12:00:00.123Z">
    <image>
      <member id="42">Member</member><timestamp>2026-03-01T11:59:00Z</timestamp><id>abc</id>
      <classification>A1</classification>
      <fingerprints><md5>{MD5.hex}</md5><pdq>{PDQ.hex.upper()}</pdq>
      <tmk-pdqf rel="self" href="/v2/x"/><pdna>base64=</pdna></fingerprints>
      <feedback lastUpdateTimestamp="2026-03-01T12:00:00Z">
        <affirmativeFeedback type="Md5" lastUpdateTimestamp="2026-03-01T10:00:00Z">
          <members timestamp="2026-03-01T09:00:00Z"><member id="7">Peer</member></members>
        </affirmativeFeedback>
        <negativeFeedback type="TmkPdqf" lastUpdateTimestamp="2026-03-01T10:00:00Z"><reasons>
          <reason guid="g1" name="One" type="TmkPdqf"/><reason guid="g2" name="Two" type="TmkPdqf"/>
          <members><member id="9">Ninth</member><member id="10">Tenth</member></members>
          <reason guid="g3" name="Three" type="TmkPdqf"/>
          <members timestamp="2026-03-01T08:00:00Z"><member id="11">Eleventh</member></members>
        </reasons></negativeFeedback>
      </feedback>
    </image>
    <deletedImage><member id="43">Member</member><id>def</id>
      <timestamp>2026-03-01T12:00:00Z</timestamp></deletedImage>
  </images>
  <videos count="1"><video><member id="42">Member</member><id>vid</id>
    <fingerprints><md5>{MD5.hex}</md5></fingerprints></video></videos>
  <paging><next>/v2/entries?from=2026&amp;to=2027&amp;start=2001&amp;size=1000&amp;max=3000</next></paging>
</queryResult>""".encode()


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, 1, hour, minute, tzinfo=UTC)


def test_everything_that_is_documented_is_read() -> None:
    listing = read_listing(AS_DOCUMENTED)
    down = Vote.NEGATIVE
    assert listing.problems == ()
    assert listing.next == "/v2/entries?from=2026&to=2027&start=2001&size=1000&max=3000"
    assert listing.entries == (
        EntryRecord(
            Member("42", "Member"),
            "abc",
            MediaKind.IMAGE,
            at(11, 59),
            classification="A1",
            fingerprints=(MD5, PDQ),
            omitted=("tmk-pdqf", "pdna"),
            votes=(
                PeerVote("md5", Vote.AFFIRMATIVE, Member("7", "Peer"), (), at(9)),
                PeerVote("tmk-pdqf", down, Member("9", "Ninth"), ("One", "Two"), at(10)),
                PeerVote("tmk-pdqf", down, Member("10", "Tenth"), ("One", "Two"), at(10)),
                PeerVote("tmk-pdqf", down, Member("11", "Eleventh"), ("Three",), at(8)),
            ),
        ),
        EntryRecord(Member("43", "Member"), "def", MediaKind.IMAGE, at(12), withdrawn=True),
        EntryRecord(Member("42", "Member"), "vid", MediaKind.VIDEO, None, fingerprints=(MD5,)),
    )


@given(st.lists(active | withdrawn, max_size=5), st.booleans())
def test_what_is_written_is_read_back(entries: list[EntryRecord], upper: bool) -> None:
    listing = read_listing(listing_document(entries, upper=upper))
    assert listing.problems == ()
    in_groups = sorted(entries, key=lambda one: one.kind is MediaKind.VIDEO)
    assert list(listing.entries) == in_groups


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_noise_is_unavailable_and_nothing_else(noise: bytes) -> None:
    with pytest.raises(Unavailable, match=r"^NCMEC: entries: "):
        read_listing(noise)


_TAGS = [
    *("image", "video", "deletedImage", "member", "id", "timestamp", "classification"),
    *("fingerprints", "pdq", "md5", "sha1", "pdna", "feedback", "affirmativeFeedback"),
    *("negativeFeedback", "reasons", "reason", "members", "images", "videos", "hologram"),
]
_TEXTS = ["", "x", PDQ.hex, MD5.hex, "2026-03-01T12:00:00Z", "9999-12-31T23:59:59-14:00", "\u2028"]


def _element(tag: str, attributes: dict[str, str], inside: str) -> str:
    written = "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())
    return f"<{tag}{written}>{inside}</{tag}>"


_attributes = st.dictionaries(
    st.sampled_from(["id", "type", "timestamp", "lastUpdateTimestamp", "guid", "name", "href"]),
    st.sampled_from(_TEXTS),
)
_trees = st.recursive(
    st.sampled_from(_TEXTS).map(escape),
    lambda inner: st.builds(
        _element,
        st.sampled_from(_TAGS),
        _attributes,
        st.lists(inner, max_size=5).map("".join),
    ),
    max_leaves=25,
)


@given(_trees)
def test_whatever_stands_in_a_listing_no_value_shows(inside: str) -> None:
    """Any nesting of known and unknown tags is read without an exception, and what is said about
    it repeats no fingerprint."""
    listing = read_listing(document("queryResult", f"<images>{inside}</images>{inside}"))
    said = " ".join(problem.what for problem in listing.problems)
    assert PDQ.hex not in said
    assert MD5.hex not in said


@pytest.mark.parametrize(
    ("fault", "what"),
    [
        ("<hologram><id>bad</id></hologram>", "unknown kind of entry <hologram>"),
        ("<image><id>bad</id></image>", "no member's id"),
        ('<image><member id="">x</member><id>bad</id></image>', "no member's id"),
        ('<image><member id="42"/></image>', "no usable <id>"),
        ('<image><member id="42"/><id>..</id></image>', "no usable <id>"),
        (f'<image><member id="42"/><id>{"x" * 256}</id></image>', "no usable <id>"),
    ],
)
def test_an_entry_that_cannot_be_kept_costs_itself_only(fault: str, what: str) -> None:
    listing = read_listing(listing_document([entry("before"), fault, entry("after")]))
    assert [one.entry_id for one in listing.entries] == ["before", "after"]
    (problem,) = listing.problems
    assert what in problem.what
    assert "left out" in problem.what


def test_an_unknown_tag_within_an_entry_is_reported_and_the_rest_kept() -> None:
    odd = entry_document(entry("odd"), extra="<shape>round</shape><shape/>")
    listing = read_listing(listing_document([odd, entry("even")]))
    assert [one.entry_id for one in listing.entries] == ["odd", "even"]
    assert listing.problems == (
        Problem("unknown <shape>; the rest of the entry is kept", "42", "odd"),
    )


def test_an_unreadable_fingerprint_costs_itself_while_another_is_left() -> None:
    good = entry_document(entry("half")).replace(made_up(Algorithm.PDQ, "half").hex, PDQ.hex[:-1])
    listing = read_listing(listing_document([good]))
    assert [one.algorithm for one in listing.entries[0].fingerprints] == ["md5", "sha1"]
    assert listing.problems == (
        Problem("a pdq fingerprint has 64 hex digits, this one has 63", "42", "half"),
    )


def test_an_entry_whose_fingerprints_are_all_unreadable_is_left_out() -> None:
    """Kept without fingerprints it would replace the readable one that we may already hold."""
    bad = entry("bad", fingerprints=())
    text = entry_document(bad).replace("<fingerprints>", f"<fingerprints><pdq>{'z' * 64}</pdq>")
    listing = read_listing(listing_document([text, entry("good")]))
    assert [one.entry_id for one in listing.entries] == ["good"]
    assert {problem.entry_id for problem in listing.problems} == {"bad"}
    assert "zzz" not in repr(listing)


def test_a_tag_as_long_as_a_fingerprint_is_not_repeated() -> None:
    name = f"a{MD5.hex[1:]}"
    odd = entry_document(entry("odd", fingerprints=()), extra=f"<{name}/>")
    odd = odd.replace("<fingerprints>", f"<fingerprints><{name}>x</{name}>")
    listing = read_listing(listing_document([odd]))
    assert name not in repr(listing)
    assert listing.entries[0].omitted == ("(unreadable name)",)


def test_a_vote_that_cannot_be_read_costs_itself() -> None:
    votes = (PeerVote("pdq", Vote.AFFIRMATIVE, PEER), PeerVote("md5", Vote.AFFIRMATIVE, PEER))
    text = entry_document(entry("abc", votes=votes)).replace('<member id="7">', "<member>", 1)
    text = text.replace("</feedback>", "<maybeFeedback/></feedback>")
    listing = read_listing(listing_document([text]))
    assert listing.entries[0].votes == (PeerVote("md5", Vote.AFFIRMATIVE, PEER),)
    assert [problem.what for problem in listing.problems] == [
        "a vote without a member's id",
        "unknown feedback <maybeFeedback>",
    ]


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-01T12:00:00Z",
        "2026-03-01T12:00:00.000Z",
        "2026-03-01T12:00:00.0Z",
        "2026-03-01T12:00:00.000000000Z",
        "2026-03-01T13:00:00+01:00",
        "2026-03-01T12:00:00",
    ],
)
def test_times_are_utc_however_they_are_written(written: str) -> None:
    text = entry_document(entry()).replace("2026-03-01T12:00:00Z", written)
    listing = read_listing(listing_document([text]))
    assert listing.entries[0].timestamp == START
    assert listing.problems == ()


def test_an_unreadable_time_costs_the_time() -> None:
    text = entry_document(entry()).replace("2026-03-01T12:00:00Z", "yesterday")
    listing = read_listing(listing_document([text]))
    assert listing.entries[0].timestamp is None
    assert listing.problems == (Problem("its <timestamp> cannot be read", "42", "abc"),)


@pytest.mark.parametrize(
    "path",
    [
        "https://elsewhere.example/v2/entries",
        "//elsewhere.example/v2/entries",
        "/v1/entries?start=1",
        "/v2/../../admin",
        "/v2/..",
        "/v2//entries",
        "/v2/entries?start=1 HTTP/1.1",
        "/v2/entries\\..\\x",
        "/v2/entries?" + "x" * 5000,
        "@elsewhere.example/v2/",
    ],
)
def test_a_next_that_leads_elsewhere_is_not_followed_nor_taken_for_the_end(path: str) -> None:
    with pytest.raises(Unavailable, match="next page"):
        read_listing(listing_document([entry()], path))


def test_an_empty_next_is_the_end() -> None:
    body = document("queryResult", "<images/><paging><next/></paging>")
    assert read_listing(body).next is None


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE x [<!ENTITY a "b">]><queryResult>&a;</queryResult>',
        b'<!DOCTYPE x SYSTEM "http://127.0.0.1/x"><queryResult/>',
        b'<?xml version="1.0" encoding="utf-9000"?><queryResult/>',
        b"<queryResult><images>",
        b"<html><body>Please sign in</body></html>",
        b"",
    ],
)
def test_what_is_no_listing_is_unavailable(body: bytes) -> None:
    with pytest.raises(Unavailable):
        read_listing(body)


def test_very_deep_nesting_is_survived() -> None:
    deep = "<a>" * 100_000 + "</a>" * 100_000
    assert read_listing(document("queryResult", f"<images>{deep}</images>")).entries == ()


REASON = '<reason guid="g1" name="Not it" type="Sha1"/><reason guid="g2" name="Other" type="Md5"/>'


@pytest.mark.parametrize(
    "body",
    [
        document("availableFeedbackReasons", REASON),
        document("feedback", f"<availableFeedbackReasons>{REASON}</availableFeedbackReasons>"),
    ],
    ids=["as the root", "wrapped"],
)
def test_reasons_are_read_in_both_layouts(body: bytes) -> None:
    assert read_reasons(body, Algorithm.SHA1) == (Reason("g1", "Not it", Algorithm.SHA1),)


def test_reasons_that_are_none_are_unavailable() -> None:
    with pytest.raises(Unavailable):
        read_reasons(document("html", ""), Algorithm.PDQ)


def test_status_and_members() -> None:
    assert read_status(document("status", '<member id="1">Us</member>')) == Member("1", "Us")
    assert read_members(document("members", '<member id="1">Us</member><member/>')) == (
        Member("1", "Us"),
    )
    with pytest.raises(Unavailable):
        read_status(document("status", ""))


def test_a_fingerprint_listed_twice_is_one() -> None:
    twice = entry("twice", fingerprints=(PDQ, Fingerprint(Algorithm.PDQ, PDQ.value)))
    assert read_listing(listing_document([twice])).entries[0].fingerprints == (PDQ,)
