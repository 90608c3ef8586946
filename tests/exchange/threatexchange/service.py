"""ThreatExchange as far as a platform meets it: a privacy group, updates by time, reactions.

Faithful in its habits: what changes moves to the end of the updates, `start_time` is inclusive,
`next` is a whole address with the access token in it, a deletion is the indicator with
`should_delete`, reactions of one kind are one text of application ids, errors come as 400 with a
code. Meta's own client reads it (tests/exchange/threatexchange/test_service.py).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from matching.fingerprint import Algorithm, Fingerprint
from tests.exchange.ncmec.records import START
from tests.exchange.server import Reply, Request

APP, PEER, THIRD = "1064060413755420", "494491891138576", "616912251743987"
TOKEN = f"{APP}|aSdF123GhKaSdF123GhK-x_y"
GROUP = "303636684709969"
TYPES = {Algorithm.PDQ: "HASH_PDQ", Algorithm.MD5: "HASH_MD5", Algorithm.SHA1: "HASH_SHA1"}
GROUP_FACTS = {
    "id": GROUP,
    "name": "Media Coalition",
    "description": "",
    "members_can_see": True,
    "members_can_use": True,
    "last_updated": "2026-02-01T00:00:00+0000",
    "added_on": "2020-07-01T18:31:15+0000",
}
BUSY = {"error": {"message": "(#4) Application request limit reached", "code": 4}}


@dataclass
class Descriptor:
    """One application's word on an indicator."""

    id: str
    owner: str
    status: str
    tags: list[str]
    reactions: dict[str, list[str]] = field(default_factory=dict)

    def wire(self, reader: str) -> dict[str, Any]:
        mine = [word for word, said in self.reactions.items() if reader in said]
        said = [{"key": word, "value": ",".join(them)} for word, them in self.reactions.items()]
        return {
            "id": self.id,
            "owner": {"id": self.owner, "name": f"Member {self.owner}"},
            "status": self.status,
            "tags": {"data": [{"id": f"9{n}", "text": tag} for n, tag in enumerate(self.tags)]},
            **({"reactions": said} if said else {}),
            **({"my_reactions": mine} if mine else {}),
        }


@dataclass
class Indicator:
    """A value of a type, with what applications of the group say of it."""

    id: str
    type: str
    value: str
    updated: int = 0
    deleted: bool = False
    descriptors: dict[str, Descriptor] = field(default_factory=dict)

    def wire(self, reader: str) -> dict[str, Any]:
        document: dict[str, Any] = {
            "id": self.id,
            "indicator": self.value,
            "type": self.type,
            "creation_time": 0,
            "last_updated": self.updated,
            "should_delete": self.deleted,
        }
        if not self.deleted:
            data = [one.wire(reader) for one in self.descriptors.values()]
            document["descriptors"] = {"data": data}
        return document


class Service:
    """Answers requests for a Server at `url`. `now` is its clock, `base` the Graph API's address,
    `address` the group's."""

    def __init__(self, url: str, page: int = 3) -> None:
        self.base = f"{url}/v26.0"
        self.address = f"{self.base}/{GROUP}"
        self.page = page
        self.now: datetime = START
        self.indicators: dict[str, Indicator] = {}
        self.odd: list[object] = []
        self.enabled = True
        self.cursors: set[str] = set()

    def put(
        self,
        fingerprint: Fingerprint,
        owner: str = PEER,
        status: str = "MALICIOUS",
        tags: tuple[str, ...] = (),
        type_: str = "",
    ) -> Indicator:
        """Let an application describe a value, or change what it says."""
        kind = type_ or TYPES[fingerprint.algorithm]
        value = fingerprint.hex
        known = [one for one in self.indicators.values() if (one.type, one.value) == (kind, value)]
        made = known[0] if known else Indicator(f"7{len(self.indicators):09}", kind, value)
        ident = f"8{made.id}{owner[:4]}"
        kept = made.descriptors.get(ident, Descriptor(ident, owner, "", []))
        kept.status, kept.tags = status, list(tags)
        made.descriptors[ident], made.deleted = kept, False
        self._touch(made)
        return made

    def delete(self, indicator: Indicator) -> None:
        """Take it out of the group."""
        indicator.deleted = True
        self._touch(indicator)

    def react(self, descriptor_id: str, app: str, add: list[str], remove: list[str]) -> bool:
        """An application's reactions; whether there is such a descriptor."""
        for indicator in self.indicators.values():
            descriptor = indicator.descriptors.get(descriptor_id)
            if descriptor is None or indicator.deleted:
                continue
            for word in remove:
                said = descriptor.reactions.get(word, [])
                descriptor.reactions[word] = [one for one in said if one != app]
            for word in add:
                said = descriptor.reactions.setdefault(word, [])
                said += [] if app in said else [app]
            descriptor.reactions = {
                word: them for word, them in descriptor.reactions.items() if them
            }
            self._touch(indicator)
            return True
        return False

    def wait(self, **time: float) -> None:
        self.now += timedelta(**time)

    def answer(self, request: Request) -> Reply:
        """What the service says."""
        given = dict(request.query) | dict(parse_qsl(request.body.decode()))
        header = request.headers.get("authorization", "").removeprefix("Bearer ")
        token = header or given.get("access_token", "")
        if token != TOKEN:
            return _error(190, "Invalid OAuth access token signature.")
        app = token.partition("|")[0]
        path = request.path.removeprefix("/v26.0").strip("/")
        if request.method == "POST":
            add, remove = (_words(given, key) for key in ("reactions", "reactions_to_remove"))
            done = self.react(path, app, add, remove)
            return _json({"success": True}) if done else _error(100, "Object does not exist")
        if path == f"{GROUP}/threat_updates":
            return self._updates(given, token) if self.enabled else Reply(500)
        if path == GROUP:
            return _json(GROUP_FACTS | {"threat_updates_enabled": self.enabled})
        if path in self.indicators and not self.indicators[path].deleted:
            return _json(
                {"id": path, "descriptors": self.indicators[path].wire(app)["descriptors"]}
            )
        return _error(100, "Unsupported get request. Object does not exist")

    def _updates(self, query: Mapping[str, str], token: str) -> Reply:
        start, after = int(query.get("start_time") or 0), query.get("after", "")
        if after and after not in self.cursors:
            return _error(100, "Invalid cursors values")
        types = _words(query, "types")
        listed = [
            one
            for one in sorted(self.indicators.values(), key=lambda one: one.updated)
            if one.updated >= start and (not types or one.type in types)
        ]
        first = int(after.removeprefix("at-")) if after else 0
        upto = first + min(self.page, int(query.get("limit") or self.page))
        data = [one.wire(token.partition("|")[0]) for one in listed[first:upto]]
        document: dict[str, Any] = {"data": data}
        if upto < len(listed):
            self.cursors.add(f"at-{upto}")
            following = urlencode({**query, "access_token": token, "after": f"at-{upto}"})
            document["paging"] = {
                "cursors": {"before": f"at-{first}", "after": f"at-{upto}"},
                "next": f"{self.address}/threat_updates/?{following}",
            }
        else:
            document["data"] += self.odd
        return _json(document)

    def _touch(self, indicator: Indicator) -> None:
        indicator.updated = int(self.now.timestamp())
        self.indicators[indicator.id] = indicator


def _words(given: Mapping[str, str], key: str) -> list[str]:
    return [word for word in given.get(key, "").split(",") if word]


def _error(code: int, message: str, status: int = 400) -> Reply:
    return _json({"error": {"message": message, "type": "OAuthException", "code": code}}, status)


def _json(document: object, status: int = 200) -> Reply:
    return Reply(status, json.dumps(document).encode(), {"Content-Type": "application/json"})
