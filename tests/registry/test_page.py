"""The page for people, the headers of every answer, and that nothing of a fingerprint is logged."""

import re

import pytest
from flask import Flask
from sqlalchemy import create_engine, text

from registry.answers import HEADERS
from tests.registry.conftest import MakeRegistry, parts
from tests.registry.forms import picture, submit


def test_the_page_says_what_this_is_and_how_to_submit(refusing: Flask) -> None:
    response = refusing.test_client().get("/")
    assert response.status_code == 200
    page = response.text
    assert page.count("<h1>") == 1
    assert '<html lang="en">' in page
    assert "never leaves your device" in page
    assert "registry submit --registry http://localhost" in page
    assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=|<form|https?://(?!localhost)", page)
    (sheet,) = re.findall(r'<link rel="stylesheet" href="([^"]+)">', page)
    assert refusing.test_client().get(sheet).mimetype == "text/css"


@pytest.mark.parametrize("path", ["/", "/npo/v2/status", "/npo/x", "/cases/x", "/x", "/healthz"])
def test_every_answer_has_strict_headers(refusing: Flask, path: str) -> None:
    headers = refusing.test_client().get(path).headers
    assert {name: headers.getlist(name) for name in HEADERS} == {k: [v] for k, v in HEADERS.items()}
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"


def test_a_wrong_path_or_method_is_answered_in_the_format_of_its_part(refusing: Flask) -> None:
    client = refusing.test_client()
    assert client.post("/npo/v2/entries").mimetype == "application/xml"
    assert client.get("/npo/v3/entries").mimetype == "application/xml"
    assert client.get("/cases").get_json()["error"]
    assert client.post("/cases/x").status_code == 405


def test_healthz_answers(refusing: Flask) -> None:
    assert refusing.test_client().get("/healthz").get_json() == {"status": "ok"}


def test_no_fingerprint_stands_in_a_log_even_when_the_database_fails(
    registry_database_url: str, make_registry: MakeRegistry, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    registry = make_registry(registry_database_url)
    assert submit(registry, picture()).status_code == 201
    engine = create_engine(parts(registry).settings.database_url)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE entry_fingerprint"))
    engine.dispose()
    answer = submit(registry, picture())
    assert answer.status_code in {500, 503}
    logged = caplog.text + answer.text
    assert "entry_fingerprint" not in answer.text
    for fingerprint in picture()["fingerprints"]:
        value = bytes.fromhex(fingerprint["value"])
        assert fingerprint["value"] not in logged
        assert repr(value)[2:-1] not in logged
