"""Meta's own client, unchanged, reads and answers the test's service: it is faithful."""

from threatexchange.exchanges.clients.stopncii.api import (
    StopNCIIAPI,
    StopNCIICaseStatus,
    StopNCIICSPFeedbackValue,
    StopNCIIEndpoint,
    StopNCIISignalType,
)

from matching.fingerprint import Algorithm
from tests.exchange.ncmec.records import made_up
from tests.exchange.server import Server
from tests.exchange.stopncii.service import FEEDBACK_KEY, FETCH_KEY, SOURCE, SUBSCRIPTION, Service


def test_it_is_read_completely_and_takes_feedback(server: Server, service: Service) -> None:
    hashes = [made_up(Algorithm.PDQ, number) for number in range(7)]
    for one in hashes:
        service.put("ImagePDQ", one)
    service.put("ImagePDQ", hashes[0], "Withdrawn")
    api = StopNCIIAPI(
        SUBSCRIPTION,
        FETCH_KEY,
        {StopNCIIEndpoint.SubmitFeedback: FEEDBACK_KEY},
        base_url_override=server.url,
    )
    api.submit_feedback(
        StopNCIISignalType.ImagePDQ,
        hashes[1].hex,
        StopNCIICSPFeedbackValue.Blocked,
        {"confirmed"},
    )
    pages = list(api.fetch_hashes_iter())
    records = {record.hashValue.lower(): record for page in pages for record in page.hashRecords}
    assert len(pages) == 3
    assert set(records) == {one.hex for one in hashes}
    assert records[hashes[0].hex].hashStatus is StopNCIICaseStatus.Withdrawn
    (feedback,) = records[hashes[1].hex].CSPFeedbacks
    assert (feedback.source, feedback.feedbackValue) == (SOURCE, StopNCIICSPFeedbackValue.Blocked)
    assert feedback.tags == {"confirmed"}
