"""What every fingerprint that goes into the index has in common."""

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column


class Indexed:
    """Columns of a fingerprint in the index.

    `indexed_version` is the first index version that holds it, None while it waits for one. A
    retired one stops matching at once; `removed_version` is the first index version without it.
    Rows are retired, not deleted: matches refer to what they were made by.
    """

    algorithm: Mapped[str] = mapped_column(String(20))
    value: Mapped[bytes] = mapped_column(LargeBinary(64))
    retired: Mapped[bool] = mapped_column(default=False)
    indexed_version: Mapped[int | None]
    removed_version: Mapped[int | None]
