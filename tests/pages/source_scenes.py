"""The sources' pages with made-up contents, for tests.pages.scenes."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from werkzeug.datastructures import MultiDict

from config.policy import load_policy
from config.settings import SHIPPED_POLICY
from console.source_form import NewSourceForm, SettingsForm, form_of
from exchange.records import Told
from moderation.index import Standing
from moderation.source_list import ProblemFacts, RunFacts, SourceFacts
from moderation.source_settings import SourceRefused, SourceSettings
from moderation.sweeps import Progress

NOW = datetime.now(UTC)
POLICY = load_policy([SHIPPED_POLICY])
HEX = "5f0c" * 10  # looks like a fingerprint, as an entry's id may
RUN = RunFacts(
    3, NOW - timedelta(minutes=9), NOW - timedelta(minutes=8), 4, 1200, 31, 5, 2, 1, None
)
SETTINGS = SourceSettings(
    "https://hashsharing.example/npo", "TAKE_IT_DOWN", ("101", "102"), 12.5, 20, 70
)
SOURCE = SourceFacts(
    id=1,
    name="Take It Down",
    kind="ncmec",
    settings=SETTINGS,
    told=(Told.OUTCOME,),
    paused=False,
    synced_at=NOW - timedelta(minutes=8),
    active=120_331,
    withdrawn=412,
    fingerprints=240_119,
    last_run=RUN,
)
PAUSED = replace(
    SOURCE,
    id=2,
    name="Our own list",
    kind="file",
    settings=SourceSettings("file:///lists/" + "ours-" * 20 + "2026.csv"),
    told=(),
    paused=True,
    last_run=None,
)


def _source(source: SourceFacts, **more: Any) -> dict[str, Any]:
    given = {"policy": POLICY, "secret_is_set": True, "runs": [], "problems": []}
    return {"source": source, **given, **more}


def _new(**typed: str) -> dict[str, Any]:
    form = NewSourceForm(MultiDict(typed))
    form.kind.choices = ["ncmec", "stopncii"]
    if typed:
        form.validate()
        form.refuse(SourceRefused("the distance must be from 0 to 31 bits", "pdq_distance"))
        form.refuse(SourceRefused("there are 100 sources already, which is the most"))
    return {"form": form, "policy": POLICY}


def _change() -> dict[str, Any]:
    form: SettingsForm = form_of(SETTINGS)
    return {"source": SOURCE, "form": form, "policy": POLICY}


SCENES: Mapping[str, tuple[str, Callable[[], dict[str, Any]]]] = {
    "sources": (
        "sources/sources.html",
        lambda: {
            "sources": [SOURCE, PAUSED],
            "index": Standing(12, 11, NOW - timedelta(hours=1), 240_000, 119, 31),
            "sweeps": [
                Progress(1, 12, None, 40, 3, 60_000, 2),
                Progress(2, 12, "Take It Down", 40, 3, 60_000, 2),
            ],
        },
    ),
    "sources-none": (
        "sources/sources.html",
        lambda: {"sources": [], "index": Standing(0, None, None, 0, 0, 0)},
    ),
    "source": (
        "sources/source.html",
        lambda: _source(
            replace(SOURCE, last_run=replace(RUN, error="401 Unauthorized")),
            runs=[RUN, replace(RUN, finished_at=None)],
            problems=[
                ProblemFacts("101", HEX, "unknown tag"),
                ProblemFacts(None, None, "no id"),
            ],
            secret_is_set=False,
        ),
    ),
    "source-paused": ("sources/source.html", lambda: _source(PAUSED)),
    "source-new": ("sources/new.html", _new),
    "source-new-mistakes": (
        "sources/new.html",
        lambda: _new(name="", kind="ncmec", base_url="", pdq_distance="40", due_hours="soon"),
    ),
    "source-change": ("sources/change.html", _change),
}
