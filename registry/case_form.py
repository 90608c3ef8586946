"""What a person's device may send: fingerprints of 1 to N pictures or videos, and nothing else.

A field that is not named here is refused, so that nobody can send a picture, by mistake or on
purpose. Messages never repeat what was sent.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from exchange.records import MediaKind
from matching.fingerprint import Algorithm, Fingerprint
from matching.pdq import MIN_QUALITY

MAX_ITEMS = 100
"""Pictures and videos a case, at most; a registry's settings may lower it."""
MAX_PROBLEMS = 20
BYTES_PER_ITEM = 1024
"""A generous size of one item in JSON: 64 + 40 + 32 hex digits and the words around them."""

Classification = Literal["A1", "A2", "B1", "B2"]
"""NCMEC's categories, for those who submit on somebody's behalf and know them."""


class CaseRefused(Exception):
    """The form does not make a case. `problems` are (where, what), for people."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = problems


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class FingerprintForm(_Form):
    """One fingerprint in hex. `quality` (0 to 100) belongs to PDQ alone, and PDQ needs it."""

    algorithm: Algorithm
    value: str = Field(max_length=64, repr=False)
    quality: Annotated[int, Field(ge=0, le=100, strict=True)] | None = None

    @model_validator(mode="after")
    def _whole(self) -> "FingerprintForm":
        Fingerprint.parse(self.algorithm, self.value)
        if self.algorithm is not Algorithm.PDQ and self.quality is not None:
            raise ValueError(f"quality is PDQ's; leave it out of {self.algorithm}")
        if self.algorithm is Algorithm.PDQ and self.quality is None:
            raise ValueError("a pdq fingerprint comes with its quality, 0 to 100")
        if self.quality is not None and self.quality < MIN_QUALITY:
            raise ValueError(
                f"this picture is too plain for its pdq fingerprint to find altered copies "
                f"(quality {self.quality}, at least {MIN_QUALITY} is needed): it would match other "
                f"people's pictures. Leave pdq out and send md5 and sha1: they find exact copies"
            )
        return self

    @property
    def fingerprint(self) -> Fingerprint:
        """The fingerprint itself."""
        return Fingerprint.parse(self.algorithm, self.value)


class ItemForm(_Form):
    """One picture or video: at most one fingerprint of each algorithm, at least one in all."""

    kind: MediaKind
    fingerprints: list[FingerprintForm] = Field(min_length=1, max_length=len(Algorithm))

    @field_validator("fingerprints")
    @classmethod
    def _once_each(cls, value: list[FingerprintForm]) -> list[FingerprintForm]:
        if len({each.algorithm for each in value}) < len(value):
            raise ValueError("one picture or video has one fingerprint of each algorithm")
        return value

    @model_validator(mode="after")
    def _of_its_kind(self) -> "ItemForm":
        if self.kind is MediaKind.VIDEO and any(
            each.algorithm is Algorithm.PDQ for each in self.fingerprints
        ):
            raise ValueError("pdq is a fingerprint of pictures; a video is listed by md5 and sha1")
        return self


class CaseForm(_Form):
    """A case: items in the order in which the answer will speak of them."""

    classification: Classification | None = None
    items: list[ItemForm] = Field(min_length=1)


def parse_case(body: bytes, max_items: int) -> CaseForm:
    """Read the JSON of a case. Raises CaseRefused with every problem, up to a bound."""
    try:
        form = CaseForm.model_validate_json(body)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False, include_context=False)
    else:
        if len(form.items) <= max_items:
            return form
        raise CaseRefused([("items", f"a case has at most {max_items} items; open another case")])
    raise CaseRefused(
        [_problem(each["type"], each["loc"], each["msg"]) for each in details[:MAX_PROBLEMS]]
    )


def _problem(kind: str, loc: tuple[int | str, ...], message: str) -> tuple[str, str]:
    """Where and what, without anything that the sender chose: not even the name of a field."""
    if kind == "extra_forbidden":
        where, message = loc[:-1], "a field that does not belong here: fingerprints only"
    else:
        where = loc
    place = ".".join(str(part + 1) if isinstance(part, int) else part for part in where)
    return place or "body", message.removeprefix("Value error, ")
