"""What the API takes and answers. The OpenAPI document is made from these models."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from exchange.records import MediaKind
from matching.fingerprint import Algorithm, Fingerprint
from moderation.content import Item, Print

MAX_ITEMS = 1_000
MAX_CHECKED = 100  # at once, at upload time
MAX_PRINTS = 1_200  # a film of 20 minutes at a frame a second
MAX_BYTES = 16 * 1024 * 1024

PRINTABLE = r"^[^\x00-\x1f\x7f]*$"
Id = Annotated[str, Field(min_length=1, max_length=200, pattern=PRINTABLE)]


def _within_all_times(at: datetime) -> datetime:
    """A time that stays one in every time zone: databases and machines are in any."""
    if not 1970 <= at.year <= 9998:
        raise ValueError("a time between the years 1970 and 9998")
    return at


class Model(BaseModel):
    """Base: what is not known is an error, so that nothing is sent here that we do not want."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class FingerprintModel(Model):
    """One fingerprint of an item. `value` is hex; `quality` is PDQ's; `at` seconds into a film."""

    algorithm: Literal["pdq", "md5", "sha1"]
    value: str = Field(min_length=32, max_length=64, pattern=r"^[0-9A-Fa-f]+$")
    quality: int | None = Field(default=None, ge=0, le=100)
    at: float | None = Field(default=None, ge=0, le=86_400, allow_inf_nan=False)

    @model_validator(mode="after")
    def _length(self) -> "FingerprintModel":
        wanted = 2 * Algorithm(self.algorithm).size
        if len(self.value) != wanted:
            raise ValueError(
                f"a {self.algorithm} fingerprint has {wanted} hex digits, "
                f"this one has {len(self.value)}"
            )
        return self

    def print(self) -> Print:
        """The same as a record."""
        return Print(Fingerprint.parse(self.algorithm, self.value), self.quality, self.at)


class ContextModel(Model):
    """A little context for the person who decides. Never a name, an address or a media URL."""

    surface: str | None = Field(default=None, max_length=80, pattern=PRINTABLE)
    uploader: str | None = Field(default=None, max_length=200, pattern=PRINTABLE)
    posted_at: Annotated[AwareDatetime, AfterValidator(_within_all_times)] | None = None


class ItemModel(Model):
    """One item of content: the platform's own opaque id, and its fingerprints."""

    id: Id
    kind: Literal["image", "video"]
    fingerprints: list[FingerprintModel] = Field(min_length=1, max_length=MAX_PRINTS)
    context: ContextModel = Field(default_factory=ContextModel)

    def item(self) -> Item:
        """The same as a record."""
        return Item(
            platform_id=self.id,
            kind=MediaKind(self.kind),
            prints=tuple(one.print() for one in self.fingerprints),
            surface=self.context.surface,
            uploader=self.context.uploader,
            posted_at=self.context.posted_at,
        )


class ContentRequest(Model):
    """A batch. Each item is checked by itself: one that is malformed costs that item only."""

    items: list[ItemModel | Any] = Field(min_length=1, max_length=MAX_ITEMS)


class ItemResult(Model):
    """What became of one item, in the order sent; `error` says why one was rejected."""

    id: str | None
    status: Literal["created", "updated", "unchanged", "rejected"]
    error: str | None = None


class ContentAnswer(Model):
    """One result for each item."""

    results: list[ItemResult]


class StateRequest(Model):
    """Ids to ask about."""

    ids: list[Id] = Field(min_length=1, max_length=MAX_ITEMS)


class ItemState(Model):
    """Where one item stands. `hit` is our reference where there is one."""

    id: str
    state: Literal["pending", "clear", "hit", "unknown"]
    hit: str | None = None


class StateAnswer(Model):
    """One state for each id, in the order asked."""

    items: list[ItemState]


class CheckRequest(Model):
    """Uploads to ask about. Each item is checked by itself, as in a batch of content."""

    items: list[ItemModel | Any] = Field(min_length=1, max_length=MAX_CHECKED)


class CheckResult(Model):
    """What to do with one upload, in the order sent. `hit` is our reference where there is one."""

    id: str | None
    answer: Literal["allow", "hold", "block", "rejected"]
    hit: str | None = None
    error: str | None = None


class CheckAnswer(Model):
    """One result for each item, and the version of the list that was asked."""

    index_version: int | None
    results: list[CheckResult]


class ErrorDetail(Model):
    """What went wrong."""

    code: int
    message: str


class ErrorAnswer(Model):
    """Every error of the API."""

    error: ErrorDetail
