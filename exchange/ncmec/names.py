"""The protocol's words: its namespace, its algorithms' three spellings, names fit to show."""

import re

from matching.fingerprint import Algorithm

NAMESPACE = "https://hashsharing.ncmec.org/hashsharing/v2"

PATH_WORD = {Algorithm.PDQ: "PDQ", Algorithm.MD5: "MD5", Algorithm.SHA1: "SHA1"}
"""An algorithm in the path of a request."""

_TAGS = (
    *("md5", "sha1", "pdna", "pdq", "netclean", "videntifier"),
    *("tmk-pdqf", "ssvh-pdna", "ssvh-safer-hash"),
)
_BY_LETTERS = {tag.replace("-", ""): tag for tag in _TAGS}

# Shorter than the shortest fingerprint in hex (MD5, 32), so that no value passes for a name.
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,29}")


def algorithm_name(word: str) -> str:
    """The one spelling we keep, that of the tags: `tmk-pdqf` for `TMK_PDQF` and `TmkPdqf` too.

    An algorithm that the protocol gains later keeps its own spelling, as far as `shown` lets it.
    """
    return _BY_LETTERS.get(re.sub("[-_]", "", word).lower()) or shown(word)


def shown(name: str) -> str:
    """A tag or algorithm name that may stand in a message; anything else is not repeated."""
    return name if _NAME.fullmatch(name) else "(unreadable name)"
