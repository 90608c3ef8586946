"""The OpenAPI document, made from the same models that check what comes in."""

from functools import lru_cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from console.api.schema import (
    CheckAnswer,
    CheckRequest,
    ContentAnswer,
    ContentRequest,
    ErrorAnswer,
    StateAnswer,
    StateRequest,
)

MODELS: tuple[type[BaseModel], ...] = (
    ContentRequest,
    ContentAnswer,
    CheckRequest,
    CheckAnswer,
    StateRequest,
    StateAnswer,
    ErrorAnswer,
)
ERRORS = {
    "400": "The body is malformed. Nothing was taken.",
    "401": "No key, or one that is unknown or revoked.",
    "403": "The key does not open this.",
    "413": "The body is larger than 16 MiB.",
    "415": "The body is not JSON.",
    "429": "Too many requests; wait as Retry-After says.",
    "503": "A part is not there; nothing was taken. Try again later.",
}


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """OpenAPI 3.1 for what is under /api/v1."""
    _, schemas = models_json_schema(
        [(model, "validation") for model in MODELS], ref_template="#/components/schemas/{model}"
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Takedown console: platform API",
            "version": "1",
            "description": "Fingerprints of the platform's content in, where each item stands out. "
            "There is no way to send a picture, and none to get one.",
        },
        "servers": [{"url": "/api/v1"}],
        "security": [{"key": []}],
        "paths": {
            "/content": {
                "post": _operation(
                    "takeContent",
                    "Take a batch of items, idempotent by id",
                    "content:write",
                    ContentRequest,
                    ContentAnswer,
                )
            },
            "/check": {
                "post": _operation(
                    "checkUploads",
                    "Ask what to do with uploads: allow, hold or block",
                    "content:write",
                    CheckRequest,
                    CheckAnswer,
                )
            },
            "/content/state": {
                "post": _operation(
                    "contentState",
                    "Ask where items stand",
                    "content:read",
                    StateRequest,
                    StateAnswer,
                )
            },
        },
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(
    name: str, summary: str, scope: str, takes: type[BaseModel], answers: type[BaseModel]
) -> dict[str, Any]:
    errors = {
        code: {"description": words, "content": _content(ErrorAnswer)}
        for code, words in ERRORS.items()
    }
    return {
        "operationId": name,
        "summary": summary,
        "description": f"Needs a key with the scope `{scope}`.",
        "requestBody": {"required": True, "content": _content(takes)},
        "responses": {"200": {"description": "Done.", "content": _content(answers)}, **errors},
    }


def _content(model: type[BaseModel]) -> dict[str, Any]:
    reference = {"$ref": f"#/components/schemas/{model.__name__}"}
    return {"application/json": {"schema": reference}}
