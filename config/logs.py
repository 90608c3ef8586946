"""Logging: one JSON object a line on standard error, UTC, without secrets.

Libraries that write whole URLs or bodies are held at WARNING: a path names an entry, a body may
hold a fingerprint. A filter removes runs of hex as long as a fingerprint from whatever is left.
"""

import json
import logging
import logging.config
import re
import time

HEX_RUN = re.compile(r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{32,}(?![0-9A-Fa-f])")
REDACTED = "[fingerprint removed]"
QUIET = ("httpx", "httpcore", "urllib3", "rq.worker", "rq.queue", "alembic", "PIL", "faker")


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON with a UTC time."""

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON; hex runs of 32 digits and more are removed."""
        entry = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%SZ"),
            "level": record.levelname.lower(),
            "from": record.name,
            "message": HEX_RUN.sub(REDACTED, record.getMessage()),
        }
        if record.exc_info:
            entry["error"] = HEX_RUN.sub(REDACTED, self.formatException(record.exc_info))
        return json.dumps(entry, ensure_ascii=False)


def configure(level: str = "INFO") -> None:
    """Send every log line of this process through JsonLines to standard error."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"json": {"()": JsonLines}},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
            "root": {"level": level, "handlers": ["stderr"]},
            "loggers": {name: {"level": "WARNING"} for name in QUIET},
        }
    )
