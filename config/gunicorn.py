"""gunicorn's settings for the console. The address comes on the command line."""

from typing import Any

worker_class = "gthread"
workers = 2
threads = 8
timeout = 60
graceful_timeout = 20
keepalive = 5
limit_request_line = 4094
limit_request_fields = 60
accesslog = None  # a path names entries and hits; the audit log is the record of what was done
errorlog = "-"
loglevel = "warning"
preload_app = False
control_socket_disable = True  # one way in is enough


def post_worker_init(worker: Any) -> None:
    """Each process looks after this host's index, one of them at a time: console.keeper."""
    keeper = worker.wsgi.extensions.get("keeper")
    if keeper is not None:
        keeper.start()
