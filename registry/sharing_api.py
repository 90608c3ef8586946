"""NCMEC hash sharing, version 2, from the server's side: what members read and report back."""

from flask import Blueprint, Response, g, request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import BadRequest, Unauthorized, UnsupportedMediaType

from registry import documents
from registry.cursor import Cursor
from registry.entries import cast_vote, find_entry
from registry.feedback import MAX_BYTES, parse_algorithm, parse_feedback
from registry.members import authenticate, list_members
from registry.names import MAX_ID
from registry.reasons import reasons_for
from registry.services import services
from registry.window import Window, count_entries, read_page

sharing = Blueprint("sharing", __name__)
XML = "application/xml; charset=utf-8"


@sharing.before_request
def _sign_in() -> None:
    """HTTP Basic on every request. `g.account` is who asks."""
    given = request.authorization
    account = None
    if given and given.type == "basic":
        with services().database.reading() as session:
            account = authenticate(
                session, services().passwords, given.username or "", given.password or ""
            )
    if account is None:
        raise Unauthorized(
            "sign in with HTTP Basic: the username or the password is missing or wrong",
            www_authenticate=WWWAuthenticate("basic", {"realm": "hash sharing"}),
        )
    g.account = account


@sharing.get("/status")
def status() -> Response:
    """Who is asking."""
    address = request.remote_addr or ""
    return _xml(documents.status_document(address, g.account.username, g.account.member))


@sharing.get("/members")
def members() -> Response:
    """Everybody who takes part."""
    with services().database.reading() as session:
        return _xml(documents.members_document(list_members(session)))


@sharing.get("/entries")
def entries() -> Response:
    """One page of a window: the first by `from` and `to`, the others by the link given."""
    with services().database.reading() as session:
        if "cursor" in request.args:
            cursor = services().cursors.read(request.args)
            window, start, size, total = cursor.window, cursor.start, cursor.size, cursor.total
            place = cursor.place
        else:
            window, start, size = _window(), 1, services().settings.page_size
            total, place = count_entries(session, window), None
        page, place = read_page(session, window, size, place)
        following = None
        if place:
            following = services().cursors.path(
                Cursor(window, start=start + size, size=size, total=total, place=place)
            )
        return _xml(documents.entries_document(page, following))


@sharing.get("/feedback/<algorithm>/reasons")
def reasons(algorithm: str) -> Response:
    """The reasons that a negative vote on this algorithm may name."""
    return _xml(documents.reasons_document(reasons_for(parse_algorithm(algorithm))))


@sharing.put(f"/entries/<int(max={MAX_ID}):member_id>/<entry_id>/<algorithm>/feedback")
def feedback(member_id: int, entry_id: str, algorithm: str) -> Response:
    """A member's vote on one algorithm of an entry. It replaces the member's earlier one."""
    request.max_content_length = MAX_BYTES
    if request.mimetype not in {"application/xml", "text/xml"}:
        raise UnsupportedMediaType("a vote is sent as Content-Type: application/xml")
    wire = parse_algorithm(algorithm)
    said = parse_feedback(request.get_data(cache=False), wire)
    with services().database.writing() as (session, stamp):
        entry = find_entry(session, member_id, entry_id)
        if wire.carried is None:
            raise BadRequest(f"this entry has no {wire} fingerprint to vote on")
        cast_vote(entry, stamp, voter_id=g.account.member_id, algorithm=wire.carried, feedback=said)
    return _xml(documents.accepted_document())


def _window() -> Window:
    if sorted(request.args.keys()) != ["from", "to"] or len(list(request.args.items(True))) != 2:
        raise BadRequest("entries are asked for with `from` and `to`, once each, and nothing else")
    try:
        return Window.parse(request.args["from"], request.args["to"])
    except ValueError as error:
        raise BadRequest(str(error)) from None


def _xml(document: bytes) -> Response:
    return Response(document, content_type=XML)
