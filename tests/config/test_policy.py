"""The policy: read from TOML, later files over earlier ones, nothing unknown goes unheard."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from config.policy import Policy, _merge, load_policy
from config.settings import SHIPPED_POLICY
from matching.fingerprint import Algorithm
from moderation.decisions import Verdict

KEYS = st.sampled_from("abcd")
TABLES = st.recursive(
    st.integers(), lambda inner: st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
).filter(lambda value: isinstance(value, dict))


def _with(tmp_path: Path, text: str) -> Policy:
    file = tmp_path / "ours.toml"
    file.write_text(text, encoding="utf-8")
    return load_policy([SHIPPED_POLICY, file])


def test_the_shipped_policy_holds_what_the_registries_and_the_law_ask() -> None:
    policy = load_policy([SHIPPED_POLICY])
    assert policy.matching.threshold(Algorithm.PDQ) == 31
    assert (
        policy.matching.threshold(Algorithm.MD5) == policy.matching.threshold(Algorithm.SHA1) == 0
    )
    assert policy.matching.pdq_quality == 50
    assert policy.clock.due_in("ncmec") <= timedelta(hours=48)
    assert 10 <= policy.sync_minutes <= 24 * 60
    for verdict in Verdict:
        assert policy.reasons.of(verdict)
    assert policy.reasons.of("keep") == ()


def test_sending_is_given_more_time_than_the_slowest_answer_may_take() -> None:
    """An order marked as lost while it is still under way would be sent twice, out of order."""
    from exchange.connection import Limits

    assert load_policy([SHIPPED_POLICY]).outbox.sending_seconds > Limits().total


def test_a_second_file_changes_single_keys(tmp_path: Path) -> None:
    shipped = load_policy([SHIPPED_POLICY])
    ours = _with(tmp_path, "[matching]\npdq_distance = 20\n[clock.registries]\nstopncii = 6\n")
    assert ours.matching.pdq_distance == 20
    assert ours.matching.pdq_quality == shipped.matching.pdq_quality
    assert ours.clock.due_in("stopncii") == timedelta(hours=6)
    assert ours.clock.due_in("ncmec") == shipped.clock.due_in("ncmec")
    assert ours.clock.due_in("another") == timedelta(hours=shipped.clock.due_hours)


@given(TABLES, TABLES)
def test_merging_takes_the_later_word_and_loses_nothing_else(
    base: dict[str, object], over: dict[str, object]
) -> None:
    before = repr(base)
    merged = _merge(base, over)
    assert repr(base) == before, "what was read is left alone"
    assert set(merged) == set(base) | set(over)
    for key in merged:
        if key not in over:
            assert merged[key] == base[key]
        elif key not in base or not isinstance(over[key], dict):
            assert merged[key] == over[key]
    assert _merge(merged, over) == merged


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[matching]\npdq_distanze = 20\n", "matching.pdq_distanze"),
        ("matchng = 1\n", "matchng"),
        ("[matching]\npdq_distance = 64\n", "matching.pdq_distance"),
        ("[matching]\npdq_distance = -1\n", "matching.pdq_distance"),
        ("[matching]\npdq_quality = 101\n", "matching.pdq_quality"),
        ("[clock]\nat_risk_share = 1.0\n", "clock.at_risk_share"),
        ("[clock]\ndue_hours = 0\n", "clock.due_hours"),
        ("[clock.registries]\nncmec = -1\n", "clock.registries.ncmec"),
        ("[lease]\nminutes = 0\n", "lease.minutes"),
        ("[outbox]\nattempts = 0\n", "outbox.attempts"),
        ('[[reasons.confirm]]\ncode = "Not A Code"\nwords = "x"\n', "reasons.confirm.0.code"),
        ("[reasons]\ndispute = []\n", "reasons.dispute"),
    ],
)
def test_what_is_unknown_or_out_of_bounds_is_refused_by_file_and_key(
    tmp_path: Path, text: str, key: str
) -> None:
    with pytest.raises(ValueError, match=key.replace(".", r"\.")) as caught:
        _with(tmp_path, text)
    assert "ours.toml" in str(caught.value)


def test_what_is_not_toml_is_refused_by_file_and_line(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"ours\.toml is not TOML.*line 2"):
        _with(tmp_path, "sync_minutes = 10\n= 3\n")
    (tmp_path / "ours.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError, match="ours"):
        load_policy([SHIPPED_POLICY, tmp_path / "ours.toml"])


def test_the_version_changes_with_what_the_rules_say_and_with_nothing_else(tmp_path: Path) -> None:
    shipped = load_policy([SHIPPED_POLICY]).version
    assert _with(tmp_path, "# a comment\n").version == shipped
    assert _with(tmp_path, "[lease]\nminutes = 16\n").version != shipped
    assert len(shipped) == 12


def test_plain_words_for_categories() -> None:
    policy = load_policy([SHIPPED_POLICY])
    assert policy.plain_words("A1") == "Younger child, most severe category"
    assert policy.plain_words("Z9") == "Classified Z9"
    assert policy.plain_words(None) == "Not classified"


def test_a_policy_is_frozen() -> None:
    policy = load_policy([SHIPPED_POLICY])
    with pytest.raises(ValidationError, match="frozen"):
        policy.matching.pdq_distance = 40
