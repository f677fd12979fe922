"""Django settings. Everything that differs between installations comes from the environment (see .env.example).

Importing this module opens no connection. Missing or wrong values are reported by `sigweb.checks`.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from sigweb.environment import Reader, broker_url, variables

BASE_DIR = Path(__file__).resolve().parent.parent
read = Reader(variables(BASE_DIR), var=BASE_DIR / "var")

# --- what kind of installation ---------------------------------------------------------------------------
DEBUG = read.flag("DEBUG", default=False)
HTTPS = read.flag("HTTPS", default=not DEBUG)
SECRET_KEY = read.text("SECRET_KEY")
SECRET_KEY_FALLBACKS = read.items("SECRET_KEY_FALLBACKS")
DATA_KEYS = read.data_keys("DATA_KEYS")
ALLOWED_HOSTS = read.items("ALLOWED_HOSTS", default="localhost,127.0.0.1,[::1]" if DEBUG else "")
CSRF_TRUSTED_ORIGINS = read.items("CSRF_TRUSTED_ORIGINS")
DIGEST_KEY = read.data_key("DIGEST_KEY")  # apart from DATA_KEYS: digests outlive a rotation of those
FOUR_EYES = read.flag("FOUR_EYES", default=True)
DRAFT_HOURS = read.number("DRAFT_HOURS", default=24)
MODELS_DIR = Path(read.text("MODELS_DIR") or BASE_DIR / "var" / "models")
TRAINING_DIR = MODELS_DIR / ".training"  # checkpoints; no model version can be called so
REHEARSAL_SIGNERS = read.number("REHEARSAL_SIGNERS", default=240)  # synthetic, beside the customers of a training
COMPARED_SIGNERS = read.number("COMPARED_SIGNERS", default=100)  # synthetic, of champion and candidate

# --- applications ----------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "axes",
    "csp",
    "django_htmx",
    "sigweb.apps.SigwebConfig",
    "sigweb.accounts",
    "sigweb.audit",
    "customers",
    "mlcore",
    "verification",
    "mlcore.retraining",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "sigweb.caching.NothingKept",  # below it: static files may be kept
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "sigweb.accounts.middleware.BackToTheForm",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",  # last, so that it sees what every other one answered
]
ROOT_URLCONF = "sigweb.urls"
WSGI_APPLICATION = "sigweb.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# --- database: one alias; the role that migrates is given to `migrate` alone, through DATABASE_URL -----------
DATABASE_APP_ROLE = read.text("DATABASE_APP_ROLE")
DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": read.number("DATABASE_MAX_AGE", default=60),
        "CONN_HEALTH_CHECKS": True,
        **read.database("DATABASE_URL"),
    }
}
DATABASES["default"]["OPTIONS"] = {"connect_timeout": 5, **DATABASES["default"].get("OPTIONS", {})}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- logging in ------------------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_USERNAME_CALLABLE = "sigweb.accounts.lockout.counted_name"
AXES_LOCKOUT_CALLABLE = "sigweb.accounts.views.locked_out"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # who tries in between would never get in, whatever he is told
AXES_DISABLE_ACCESS_LOG = True  # logins are audited by our own table
AXES_VERBOSE = False

# --- sessions, cookies, headers --------------------------------------------------------------------------
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_COOKIE_AGE = 8 * 60 * 60  # a working day
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]  # the container's health check speaks plain HTTP
SECURE_HSTS_SECONDS = read.number("HSTS_SECONDS", default=31_536_000) if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
BEHIND_PROXY = read.flag("BEHIND_PROXY", default=False)
if BEHIND_PROXY:  # one that sets both headers itself, whatever the client sent
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    MIDDLEWARE.insert(0, "sigweb.proxy.ClientAddressMiddleware")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# --- uploads: a file larger than imaging's 10 MiB still reaches the form, which says so in a sentence -------
FILE_UPLOAD_HANDLERS = ["sigweb.uploads.CappedMemoryUploadHandler"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
DATA_UPLOAD_MAX_NUMBER_FILES = 20

# --- static files and languages --------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = Path(read.text("STATIC_ROOT") or BASE_DIR / "var" / "static")
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("hi", _("Hindi"))]
LANGUAGE_COOKIE_AGE = 365 * 24 * 60 * 60  # the desk remembers its language beyond the session
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = HTTPS
FORMAT_MODULE_PATH = ["sigweb.formats"]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = read.text("TIME_ZONE", default="UTC")
USE_I18N = True
USE_TZ = True

# --- background work -------------------------------------------------------------------------------------
REDIS_URL = read.redis("REDIS_URL")
CELERY_BROKER_URL = broker_url(REDIS_URL)
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 1,
    "socket_timeout": 2,
    "max_retries": 0,
    "interval_start": 0,
    "interval_step": 0,
    # Longer than any training run: Redis delivers a task again that was not acknowledged by then.
    "visibility_timeout": 12 * 60 * 60,
}
CELERY_TASK_IGNORE_RESULT = True  # results live in the database
CELERY_TASK_SERIALIZER = "json"
CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_PUBLISH_RETRY = False  # a request never waits for Redis; the sweep delivers what is missing
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_DEFAULT_QUEUE = "embed"
CELERY_TASK_ROUTES = {"mlcore.trainer.*": {"queue": "train"}}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULE = {
    "embedding-sweep": {"task": "mlcore.tasks.embedding_sweep", "schedule": 30.0, "options": {"expires": 25}},
    "waiting-marks": {"task": "verification.tasks.waiting_marks", "schedule": 20.0, "options": {"expires": 18}},
    "sessions-purge": {"task": "sigweb.tasks.sessions_purge", "schedule": 86_400.0, "options": {"expires": 86_400}},
    "training-watch": {"task": "mlcore.retraining.tasks.training_watch", "schedule": 20.0, "options": {"expires": 18}},
    "promotions-sweep": {
        "task": "mlcore.retraining.tasks.promotions_sweep",
        "schedule": 20.0,
        "options": {"expires": 18},
    },
    "drift": {
        "task": "mlcore.retraining.tasks.drift_nightly",
        "schedule": crontab(hour="2", minute="30"),
        "options": {"expires": 12 * 60 * 60},
    },
    "drafts-purge": {"task": "customers.tasks.drafts_purge", "schedule": 3600.0, "options": {"expires": 3600}},
}

# --- logging: to stderr, without bodies --------------------------------------------------------------------
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": read.text("LOG_LEVEL", default="INFO").upper()},
    "loggers": {
        "django": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        "django.server": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        "axes": {"level": "WARNING"},
    },
}

CONFIGURATION_PROBLEMS = read.problems
del read
