"""The WSGI entry point that the web server loads."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sigweb.settings")

application = get_wsgi_application()

from sigweb.checks import refuse_misconfiguration  # noqa: E402 - needs the applications, which are loaded just above

refuse_misconfiguration()
