"""Asks a web server for /healthz: for the launcher, and as the container's health check (`python -m sigweb.probe`)."""

from __future__ import annotations

import http.client
import os
import sys


def healthy(host: str, port: int, name: str = "localhost") -> bool:
    """Whether /healthz at ``host``:``port`` answers 200 when it is asked under the host name ``name``."""
    connection = http.client.HTTPConnection(host, port, timeout=10)
    try:
        connection.request("GET", "/healthz", headers={"Host": name})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def main() -> int:
    """Return 0 when the server of this container is healthy, else 1."""
    names = [name.strip().lstrip(".") for name in os.environ.get("ALLOWED_HOSTS", "").split(",") if name.strip()]
    return 0 if healthy("127.0.0.1", int(os.environ.get("PORT", "8000")), (names or ["localhost"])[0]) else 1


if __name__ == "__main__":
    sys.exit(main())
