"""The contract of a registry's client, for every kind there is."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from exchange.errors import Refused, Unavailable
from exchange.records import Checkpoint, EntryRecord, Member, Outcome, Vote
from exchange.registry import KINDS, RegistryClient, connect, needs_secret, told
from exchange.stopncii.assumed import REGISTRY
from exchange.stopncii.parse import entry_id
from matching.fingerprint import Algorithm
from tests.exchange.contract import Party
from tests.exchange.ncmec.records import START, entry, made_up
from tests.exchange.ncmec.service import CREDENTIALS, REASON, Service
from tests.exchange.server import Reply, Server
from tests.exchange.stopncii import service as stopncii
from tests.exchange.threatexchange import service as threatexchange


class Ncmec(Party):
    kind = "ncmec"
    credentials = CREDENTIALS
    wrong = "our-user:wrong"

    def __init__(self, server: Server, folder: Path) -> None:
        self.service, self.address = Service(), server.url
        server.answer = self.service.answer

    def submit(self, name: str) -> EntryRecord:
        made = replace(entry(name), timestamp=self.service.now)
        self.service.put(made)
        return made

    def withdraw(self, name: str) -> None:
        self.service.put(entry(name, withdrawn=True, fingerprints=(), classification=None))

    def pass_time(self) -> datetime:
        self.service.now += timedelta(hours=1)
        return self.service.now

    def outcome(self, entry: EntryRecord, *, right: bool) -> Outcome:
        vote, reasons = (Vote.AFFIRMATIVE, ()) if right else (Vote.NEGATIVE, (REASON[0],))
        return Outcome(entry.member.id, entry.entry_id, Algorithm.PDQ, vote, reasons)

    def votes(self, entry: EntryRecord) -> int:
        return sum(f"/{entry.entry_id}/" in path for path in self.service.votes)


class StopNcii(Party):
    kind = "stopncii"
    credentials = stopncii.CREDENTIALS
    wrong = "a-wrong-key,another,third"

    def __init__(self, server: Server, folder: Path) -> None:
        self.service, self.address = stopncii.Service(), server.url
        server.answer = self.service.answer

    def submit(self, name: str) -> EntryRecord:
        hashed = made_up(Algorithm.PDQ, name)
        self.service.put("ImagePDQ", hashed)
        return entry(entry_id(hashed), member=REGISTRY, fingerprints=(hashed,))

    def withdraw(self, name: str) -> None:
        self.service.put("ImagePDQ", made_up(Algorithm.PDQ, name), "Withdrawn")

    def pass_time(self) -> datetime:
        self.service.wait(hours=1)
        return self.service.now

    def outcome(self, entry: EntryRecord, *, right: bool) -> Outcome:
        vote, tags = (Vote.AFFIRMATIVE, ("removed",)) if right else (Vote.NEGATIVE, ())
        (hashed,) = entry.fingerprints
        return Outcome(
            entry.member.id, entry.entry_id, Algorithm.PDQ, vote, tags=tags, fingerprint=hashed
        )

    def votes(self, entry: EntryRecord) -> int:
        return len(self.service.records[entry.fingerprints[0].hex.upper()].feedback)


class ThreatExchange(Party):
    kind = "threatexchange"
    credentials = threatexchange.TOKEN
    wrong = f"{threatexchange.APP}|a-wrong-secret-of-the-app"

    def __init__(self, server: Server, folder: Path) -> None:
        self.service = threatexchange.Service(server.url)
        self.address = self.service.address
        server.answer = self.service.answer

    def submit(self, name: str) -> EntryRecord:
        self.service.wait(seconds=1)
        hashed = made_up(Algorithm.PDQ, name)
        made = self.service.put(hashed)
        group = Member(threatexchange.GROUP, "the group")
        return entry(made.id, member=group, fingerprints=(hashed,))

    def withdraw(self, name: str) -> None:
        self.service.delete(self.service.put(made_up(Algorithm.PDQ, name)))

    def pass_time(self) -> datetime:
        self.service.wait(hours=1)
        return self.service.now

    def outcome(self, entry: EntryRecord, *, right: bool) -> Outcome:
        vote = Vote.AFFIRMATIVE if right else Vote.NEGATIVE
        return Outcome(entry.member.id, entry.entry_id, Algorithm.PDQ, vote)

    def votes(self, entry: EntryRecord) -> int:
        described = self.service.indicators[entry.entry_id].descriptors.values()
        return sum(
            threatexchange.APP in said for one in described for said in one.reactions.values()
        )


class FileList(Party):
    kind = "file"
    credentials = wrong = ""

    def __init__(self, server: Server, folder: Path) -> None:
        self.path = folder / "list.csv"
        self.address = self.path.as_uri()
        self.rows: dict[str, str] = {}
        self.now = START
        self.write()

    def write(self) -> None:
        rows = ["id,algorithm,value,withdrawn", *self.rows.values()]
        self.path.write_text("\n".join(rows))

    def submit(self, name: str) -> EntryRecord:
        hashed = made_up(Algorithm.PDQ, name)
        self.rows[name] = f"{name},pdq,{hashed.hex},"
        self.write()
        return entry(f"{name}:pdq", fingerprints=(hashed,))

    def withdraw(self, name: str) -> None:
        self.rows[name] = f"{name},pdq,,true"
        self.write()

    def pass_time(self) -> datetime:
        self.now += timedelta(hours=1)
        return self.now

    def outcome(self, entry: EntryRecord, *, right: bool) -> Outcome:
        return Outcome("file", entry.entry_id, Algorithm.PDQ, Vote.AFFIRMATIVE)

    def votes(self, entry: EntryRecord) -> int:
        return 0


PARTIES: dict[str, type[Party]] = {
    party.kind: party for party in (Ncmec, StopNcii, ThreatExchange, FileList)
}
TOLD = sorted(kind for kind in PARTIES if told(kind))
SERVED = sorted(kind for kind in PARTIES if needs_secret(kind))


@pytest.fixture(params=sorted(PARTIES))
def party(request: pytest.FixtureRequest, server: Server, tmp_path: Path) -> Party:
    return PARTIES[request.param](server, tmp_path)


@pytest.fixture
def client(party: Party) -> Iterator[RegistryClient]:
    with connect(party.kind, party.address, party.credentials) as made:
        yield made


def read_all(
    client: RegistryClient, checkpoint: Checkpoint | None, now: datetime
) -> tuple[dict[str, EntryRecord], Checkpoint]:
    """Read until there is no more, the checkpoint through JSON each time, as the store does."""
    held: dict[str, EntryRecord] = {}
    while True:
        page = client.fetch(checkpoint, now)
        assert page.problems == ()
        held |= {one.entry_id: one for one in page.entries}
        checkpoint = json.loads(json.dumps(page.checkpoint))
        if not page.more:
            return held, checkpoint


def test_every_kind_is_under_contract() -> None:
    assert set(PARTIES) == set(KINDS)


def test_the_connection_can_be_tested(client: RegistryClient) -> None:
    assert client.whoami().name


def test_a_list_is_read_and_then_only_what_changed(party: Party, client: RegistryClient) -> None:
    put = [party.submit(f"entry-{number}") for number in range(8)]
    held, checkpoint = read_all(client, None, party.pass_time())
    assert sorted(one.fingerprints for one in held.values()) == sorted(
        one.fingerprints for one in put
    )
    assert all(one.timestamp and one.timestamp.tzinfo is UTC for one in held.values())
    again, _ = read_all(client, checkpoint, party.pass_time())
    assert again.items() <= held.items(), "what is repeated says the same"
    assert len(again) <= 1, "and is the newest only"


def test_a_withdrawn_entry_comes_as_withdrawn(party: Party, client: RegistryClient) -> None:
    party.submit("stays")
    party.submit("goes")
    held, checkpoint = read_all(client, None, party.pass_time())
    party.withdraw("goes")
    changed, _ = read_all(client, checkpoint, party.pass_time())
    (gone,) = [one for one in changed.values() if one.withdrawn]
    stays = [one.fingerprints for one in changed.values() if one is not gone]
    assert set(stays) <= {held[one].fingerprints for one in held}
    assert gone.entry_id in held
    assert (gone.fingerprints, gone.votes) == ((), ())


@pytest.mark.parametrize("party", TOLD, indirect=True)
def test_a_vote_arrives_and_twice_is_once(party: Party, client: RegistryClient) -> None:
    party.submit("abc")
    held, _ = read_all(client, None, party.pass_time())
    (one,) = held.values()
    for right in (True, False, False):
        assert 200 <= client.report(party.outcome(one, right=right)).status < 300
    assert party.votes(one) == 1


@pytest.mark.parametrize("party", sorted(set(PARTIES) - set(TOLD)), indirect=True)
def test_a_kind_that_cannot_be_told_refuses(party: Party, client: RegistryClient) -> None:
    one = party.submit("abc")
    with pytest.raises(Refused):
        client.report(party.outcome(one, right=True))


@pytest.mark.parametrize("party", SERVED, indirect=True)
def test_wrong_credentials_are_refused(party: Party) -> None:
    party.submit("abc")
    with connect(party.kind, party.address, party.wrong) as client:
        for ask in (client.whoami, lambda: client.fetch(None, party.pass_time())):
            with pytest.raises(Refused) as caught:
                ask()
            assert party.wrong not in str(caught.value)
        assert party.wrong.rpartition(":")[2] not in repr(client)


@pytest.mark.parametrize("party", SERVED, indirect=True)
def test_a_server_in_trouble_is_unavailable_and_says_when(
    party: Party, client: RegistryClient, server: Server
) -> None:
    one = party.submit("abc")
    for ask in (
        lambda: client.fetch(None, party.pass_time()),
        lambda: client.report(party.outcome(one, right=True)),
    ):
        server.faults.append(Reply(503, headers={"Retry-After": "30"}))
        with pytest.raises(Unavailable) as caught:
            ask()
        assert caught.value.retry_after == 30


def test_reasons_are_the_registrys_own(client: RegistryClient) -> None:
    for reason in client.reasons(Algorithm.PDQ):
        assert reason.id
        assert reason.algorithm is Algorithm.PDQ
