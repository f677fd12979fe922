"""Configuration of the web server, for the demo and for production."""

from __future__ import annotations

import os

workers = int(os.environ.get("WEB_WORKERS", "4"))
worker_class = "gthread"
threads = int(os.environ.get("WEB_THREADS", "2"))
# A process takes no request that it has no thread for, and keeps no connection that would bind the next one to it: who
# is free takes the next, whoever sent it.
worker_connections = threads
keepalive = 0
preload_app = True  # Django and the network's runtime are loaded once and shared
timeout = 60
graceful_timeout = 10
max_requests = 5000
max_requests_jitter = 500
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: PTH112, S108
control_socket_disable = True
# Method, path (public ids only), status, time: no query string, no body, no user agent.
accesslog = "-"
access_log_format = "%(t)s %(m)s %(U)s %(s)s %(M)sms"
