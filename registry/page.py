"""The page for people, and the answer for whoever watches the process."""

from flask import Blueprint, Response, jsonify, render_template
from sqlalchemy import text

from matching.pdq import MIN_QUALITY
from registry.services import services

pages = Blueprint("pages", __name__)


@pages.get("/")
def home() -> str:
    """What this is and how to submit."""
    return render_template(
        "registry/home.html", settings=services().settings, min_quality=MIN_QUALITY
    )


@pages.get("/healthz")
def healthz() -> Response:
    """That the process answers and its database too."""
    with services().database.reading() as session:
        session.execute(text("SELECT 1"))
    return jsonify(status="ok")
