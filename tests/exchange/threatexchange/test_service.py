"""Meta's own client, unchanged, reads and answers the test's service: it is faithful."""

from threatexchange.exchanges.clients.fb_threatexchange.api import ThreatExchangeAPI
from threatexchange.exchanges.fetch_state import SignalOpinionCategory
from threatexchange.exchanges.impl.fb_threatexchange_api import (
    FBThreatExchangeCollabConfig,
    FBThreatExchangeSignalExchangeAPI,
)
from threatexchange.signal_type.md5 import VideoMD5Signal
from threatexchange.signal_type.pdq.signal import PdqSignal

from matching.fingerprint import Algorithm
from tests.exchange.ncmec.records import made_up
from tests.exchange.server import Server
from tests.exchange.threatexchange.service import APP, GROUP, PEER, THIRD, TOKEN, Service


def test_it_is_read_completely_and_takes_reactions(server: Server, service: Service) -> None:
    hashes = [made_up(Algorithm.PDQ, number) for number in range(7)]
    put = [service.put(one, tags=("tag_a",)) for one in hashes]
    film = service.put(made_up(Algorithm.MD5, "film"), tags=("media_type_video",))
    service.put(hashes[1], THIRD, "NON_MALICIOUS")
    service.wait(seconds=5)
    service.delete(put[0])
    api = ThreatExchangeAPI(TOKEN, endpoint_override=service.base)
    exchange = FBThreatExchangeSignalExchangeAPI(
        api, FBThreatExchangeCollabConfig(name="group", privacy_group=int(GROUP))
    )
    deltas = list(exchange.fetch_iter([PdqSignal, VideoMD5Signal], None))
    assert len(deltas) == 3
    held = {key: record for delta in deltas for key, record in delta.updates.items()}
    assert held.pop(("HASH_PDQ", hashes[0].hex)) is None
    read = exchange.naive_convert_to_signal_type([PdqSignal, VideoMD5Signal], exchange.collab, held)
    assert set(read[PdqSignal]) == {one.hex for one in hashes[1:]}
    assert set(read[VideoMD5Signal]) == {film.value}
    opinions = {one.owner_app_id: one for one in read[PdqSignal][hashes[1].hex].opinions}
    assert opinions[int(PEER)].tags == {"tag_a"}
    assert opinions[int(THIRD)].category is SignalOpinionCategory.NEGATIVE_CLASS

    (descriptor,) = put[2].descriptors
    api.react_matched_threat_descriptor(descriptor)  # type: ignore[no-untyped-call]
    api.react_upvote_threat_descriptor(descriptor)  # type: ignore[no-untyped-call]
    assert put[2].descriptors[descriptor].reactions == {"SAW_THIS_TOO": [APP], "HELPFUL": [APP]}
    api.remove_reaction_from_threat_descriptor(descriptor, "HELPFUL")
    api.react_downvote_threat_descriptor(descriptor)  # type: ignore[no-untyped-call]
    assert set(put[2].descriptors[descriptor].reactions) == {"SAW_THIS_TOO", "NOT_HELPFUL"}
    assert api.get_privacy_group(int(GROUP)).threat_updates_enabled
    assert all(request.path.startswith("/v26.0/") for request in server.requests)
