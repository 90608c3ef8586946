"""gunicorn knows every setting that its file names, and accepts its value."""

import runpy
from importlib import import_module
from pathlib import Path

FILE = Path(__file__).resolve().parents[2] / "config" / "gunicorn.py"


def _settings() -> dict[str, object]:
    found = runpy.run_path(str(FILE))
    return {name: value for name, value in found.items() if name.islower() and name[0] != "_"}


def test_gunicorn_takes_every_setting() -> None:
    config = import_module("gunicorn.config").Config()
    for name, value in _settings().items():
        assert name in config.settings, f"gunicorn has no setting {name}"
        config.set(name, value)


def test_no_path_is_logged_and_no_second_way_in_is_open() -> None:
    settings = _settings()
    assert settings["accesslog"] is None
    assert settings["control_socket_disable"] is True
