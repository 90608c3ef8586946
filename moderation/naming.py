"""How things are named in the log, on pages and to the platform: one form for each noun."""


def hit_name(hit_id: int) -> str:
    """A hit's reference, as people say it and as the platform is told it: H-12."""
    return f"H-{hit_id}"


def hit_number(name: str) -> int | None:
    """The id behind a reference, with or without the H-; None if it is not one."""
    digits = name.strip().upper().removeprefix("H-")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 19 else None


def decision_name(decision_id: int) -> str:
    """A decision's reference, as the platform is told it: D-12."""
    return f"D-{decision_id}"


def entry_name(source_id: int, member_id: str, entry_id: str) -> str:
    """An entry by what identifies it: source, member, entry."""
    return f"entry:{source_id}/{member_id}/{entry_id}"


def content_name(platform_id: str) -> str:
    """Content by the platform's own id."""
    return f"content:{platform_id}"
