"""Health: alive, and ready with the age of the index. For machines; says nothing secret."""

from datetime import UTC, datetime

from flask import Blueprint, Response, jsonify
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from console.access import open_to_anybody
from console.limits import limiter
from console.parts import parts
from matching.index import SnapshotError
from moderation import index

blueprint = Blueprint("health", __name__)
limiter.exempt(blueprint)


@blueprint.get("/healthz")
@open_to_anybody
def alive() -> Response:
    """This process answers."""
    return jsonify({"status": "alive"})


@blueprint.get("/readyz")
@open_to_anybody
def ready() -> tuple[Response, int]:
    """Database, Redis and index: 200 if work can be done, 503 with what is missing if not.

    A stale index is said and is not a failure: the jobs bring a host up before they match. Where
    there is a list and no index at all this host cannot check uploads, and is not ready.
    """
    checks: dict[str, object] = {"database": False, "redis": parts().wake.reachable()}
    try:
        with parts().database.read() as rows:
            rows.execute(text("SELECT 1"))
            checks["database"] = True
            standing = index.standing(rows, parts().index)
    except (SQLAlchemyError, SnapshotError) as error:
        checks["problem"] = type(error).__name__
        return jsonify({"status": "not ready", **checks}), 503
    age = (datetime.now(UTC) - standing.built_at).total_seconds() if standing.built_at else None
    checks["index"] = {
        "version": standing.built,
        "latest_version": standing.latest,
        "stale": standing.stale,
        "age_seconds": None if age is None else round(age),
        "fingerprints": standing.count,
        "set_aside": standing.set_aside,
    }
    searchable = standing.built is not None or standing.latest == 0
    done = bool(checks["redis"]) and searchable
    return jsonify({"status": "ready" if done else "not ready", **checks}), 200 if done else 503
