"""The audit log: a page to look, an export to check far from here."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

from flask import Blueprint, Response, render_template, request, stream_with_context
from sqlalchemy import select

from console.access import person, requires
from console.lists import listing
from console.parts import parts
from moderation import audit, paging
from moderation.permissions import Permission
from store.audit import AuditEntry

blueprint = Blueprint("audit", __name__, url_prefix="/audit")


@blueprint.get("")
@requires(Permission.SEE_AUDIT)
def show() -> str:
    """The newest lines, filtered by subject and action."""
    size = paging.size_of(request.args.get("size"))
    subject = request.args.get("subject", "").strip()[:120]
    action = request.args.get("action", "").strip()[:60]
    with parts().database.read() as rows:
        lines = list(
            audit.lines(
                rows,
                before=paging.number_cursor(request.args.get("cursor")),
                subject=subject or None,
                action=action or None,
                newest_first=True,
                limit=size + 1,
            )
        )
        actions = list(rows.scalars(select(AuditEntry.action).distinct().order_by("action")))
    page = paging.page_of(lines, size, lambda line: str(line.id))
    return render_template(
        "audit/audit.html",
        page=listing(page),
        subject=subject,
        action=action,
        actions=actions,
        may_export=person().may(Permission.EXPORT_AUDIT),
    )


@blueprint.get("/export.jsonl")
@requires(Permission.EXPORT_AUDIT)
def export() -> Response:
    """The whole log, a line of JSON each, for `app.py audit verify`. Taking it is logged."""
    with parts().database.write() as rows:
        audit.append(
            rows,
            at=datetime.now(UTC),
            actor=person().actor,
            action="audit.exported",
            subject="audit",
        )

    def stream() -> Iterator[str]:
        with parts().database.read() as rows:
            for line in audit.lines(rows):
                yield json.dumps(line.fields(), ensure_ascii=False) + "\n"

    return Response(
        stream_with_context(stream()),
        mimetype="application/jsonl",
        headers={"Content-Disposition": "attachment; filename=audit.jsonl"},
    )
