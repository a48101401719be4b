"""All settings, in one file, from the environment.

A plain checkout reads `var/demo/env` (written by `make demo`) when neither DATABASE_URL nor SECRET_KEY is set;
anywhere else both SECRET_KEY and FIELD_KEYS have to be given, and a missing one stops the start.
"""

import base64
import binascii
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parents[2]
VAR = Path(os.environ.get("VAR_DIR") or ROOT / "var")
DEMO_DIR = VAR / "demo"


def _read_demo_env() -> dict[str, str]:
    if "SECRET_KEY" in os.environ or "DATABASE_URL" in os.environ:
        return {}
    try:
        lines = (DEMO_DIR / "env").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


_env = _read_demo_env() | dict(os.environ)


def _need(name: str, what: str) -> str:
    value = _env.get(name, "")
    if not value:
        raise ImproperlyConfigured(
            f"{name} is not set. {what} Set it in the environment, or run `make demo` to try the site."
        )
    return value


def _flag(name: str) -> bool:
    return _env.get(name, "").lower() in {"1", "true", "yes", "on"}


DEMO = _flag("DEMO")
DEBUG = _flag("DEBUG")
SECRET_KEY = _need("SECRET_KEY", "It signs sessions and links, and has no default.")


def _read_field_keys(text: str) -> dict[str, bytes]:
    """`id:base64` pairs, comma-separated; the first encrypts, all decrypt (security.md, field encryption)."""
    keys: dict[str, bytes] = {}
    for pair in text.split(","):
        key_id, _, encoded = pair.strip().partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            key = b""
        if not key_id or len(key) != 32:
            raise ImproperlyConfigured("FIELD_KEYS must hold pairs id:base64 of 32 random bytes, separated by commas.")
        keys[key_id] = key
    return keys


FIELD_KEYS = _read_field_keys(_need("FIELD_KEYS", "It encrypts what clients and counselors write."))


def _number(name: str, default: int) -> int:
    text = _env.get(name) or str(default)
    if not text.isdecimal():
        raise ImproperlyConfigured(f"{name} is {text!r}; it has to be a whole number.")
    return int(text)


PORT = _number("PORT", 8000)
SITE_URL = _env.get("SITE_URL") or f"http://localhost:{PORT}"
SECURE = SITE_URL.startswith("https://")
ALLOWED_HOSTS = [h for h in _env.get("ALLOWED_HOSTS", "").split(",") if h] or (
    [urlsplit(SITE_URL).hostname or "localhost"] + (["127.0.0.1", "localhost", "[::1]"] if not SECURE else [])
)
CSRF_TRUSTED_ORIGINS = [SITE_URL] if SECURE else []

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "django_htmx",
    "allauth",
    "allauth.account",
    "csp",
    "clients",
    "counselor",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "counselor.views.alerts.Banner",
    "clients.access.Doorkeeper",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",  # after the doorkeeper, which keeps late posts
]

ROOT_URLCONF = "counselor.config.urls"
WSGI_APPLICATION = "counselor.config.wsgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# SQLite: WAL with FULL sync keeps every acknowledged row; IMMEDIATE avoids lock upgrades (security.md 2.1).
_SQLITE: dict[str, Any] = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
}
DATABASE_URL = _env.get("DATABASE_URL") or f"sqlite:///{DEMO_DIR / 'db.sqlite3'}"
_database: dict[str, Any] = dict(dj_database_url.parse(DATABASE_URL, conn_max_age=60, conn_health_checks=True))
ON_SQLITE = _database["ENGINE"].endswith("sqlite3")
if ON_SQLITE:
    _database["OPTIONS"] = _SQLITE
DATABASES: dict[str, Any] = {"default": _database}
# The cache (rate limits) lives in the database in both modes: a lost Redis must not stop a sign-in (security.md 2).
# On SQLite it has its own file, so counting a sign-in never waits for a check-in.
CACHE_DATABASE = "default"
if ON_SQLITE:
    _name = str(_database["NAME"])
    _cache_name = ":memory:" if ":memory:" in _name else f"{_name.removesuffix('.sqlite3')}-cache.sqlite3"
    DATABASES["cache"] = dict(dj_database_url.parse("sqlite://"), NAME=_cache_name, OPTIONS=_SQLITE)
    CACHE_DATABASE = "cache"
    DATABASE_ROUTERS = ["clients.models.cache_router.CacheRouter"]
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache_entry"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "clients.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_PATH = "/accounts/logout/"
ACCOUNT_ADAPTER = "clients.accounts.ClosedDoor"
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "clients.accounts.ResetLink"  # noqa: S105
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
# Per network address tight, per account wide: nobody locks somebody else out with five wrong passwords.
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,50/10m/key"}

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 12 * 3600
IDLE_SECONDS = 15 * 60
SHARED_IDLE_SECONDS = 5 * 60  # where somebody else can open the phone (decisions 5)
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "__Host-session" if SECURE else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "csrf"
# Which device a check-in came from (rule E06), and that a device is the practice's own.
DEVICE_COOKIE = "__Host-device" if SECURE else "device"
CLINIC_COOKIE = "__Host-clinic" if SECURE else "clinic"
CSRF_FAILURE_VIEW = "clients.portal.views.refuse_forged"
SECURE_SSL_REDIRECT = False
# Behind that many proxies of ours, each of which sets X-Forwarded-For and X-Forwarded-Proto; none is trusted by default.
TRUSTED_PROXIES = _number("TRUSTED_PROXIES", 0)
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_200_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 400

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "worker-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    name: [] for name in ("camera", "microphone", "geolocation", "payment", "usb", "display-capture")
}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
LOCALE_PATHS = [ROOT / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = Path(_env.get("STATIC_ROOT") or VAR / "static")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# Mail: neutral sender, no content (trust.md 14). The demo writes files.
DEFAULT_FROM_EMAIL = _env.get("MAIL_FROM") or "notices@localhost"
MAIL_DIR = Path(_env.get("MAIL_DIR") or DEMO_DIR / "mail")
if _env.get("EMAIL_HOST"):
    EMAIL_HOST = _env["EMAIL_HOST"]
    EMAIL_PORT = _number("EMAIL_PORT", 587)
    EMAIL_HOST_USER = _env.get("EMAIL_HOST_USER", "")
    EMAIL_HOST_PASSWORD = _env.get("EMAIL_HOST_PASSWORD", "")
    EMAIL_USE_TLS = not _flag("EMAIL_PLAIN")
    EMAIL_TIMEOUT = 10
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = str(MAIL_DIR)

# Pager hooks are called on public https hosts only; hosts of one's own network have to be named here.
PAGER_HOSTS = [h for h in _env.get("PAGER_HOSTS", "").split(",") if h]

# Celery carries ids; the rows are the queue (ux.md 6, security.md 2.1).
QUEUE_DIR = Path(_env.get("QUEUE_DIR") or DEMO_DIR / "queue")
CELERY_BROKER_URL = _env.get("CELERY_BROKER_URL") or "filesystem://localhost"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 240
CELERY_TASK_IGNORE_RESULT = True
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_TIMEZONE = "UTC"
if CELERY_BROKER_URL.startswith("filesystem"):
    for _folder in ("messages", "processed", "control"):
        (QUEUE_DIR / _folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
        "data_folder_in": str(QUEUE_DIR / "messages"),
        "data_folder_out": str(QUEUE_DIR / "messages"),
        "processed_folder": str(QUEUE_DIR / "processed"),
        "control_folder": str(QUEUE_DIR / "control"),
        "polling_interval": 0.2,
    }
elif CELERY_BROKER_URL.startswith("redis"):
    CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 300, "unacked_restore_interval": 1}
# Beat drives the sweeps; each carries `expires`, so a stopped worker wakes to one sweep, not to a heap of them.
CELERY_BEAT_SCHEDULE_FILENAME = str(Path(_env.get("BEAT_FILE") or VAR / "beat" / "schedule"))
CELERY_BEAT_SCHEDULE = {
    "deliver": {"task": "clients.tasks.deliver_due", "schedule": 5.0, "options": {"expires": 5}},
    "clocks": {"task": "clients.tasks.watch_clocks", "schedule": 5.0, "options": {"expires": 5}},
    "duty": {"task": "clients.tasks.tend_duty", "schedule": 60.0, "options": {"expires": 50}},
    "reread": {"task": "clients.tasks.reread_outdated", "schedule": 60.0, "options": {"expires": 50}},
    "courses": {"task": "clients.tasks.rebuild_courses", "schedule": 60.0, "options": {"expires": 50}},
    "schedule": {"task": "clients.tasks.keep_schedule", "schedule": 60.0, "options": {"expires": 50}},
    "rules": {"task": "clients.tasks.reevaluate_outdated", "schedule": 60.0, "options": {"expires": 50}},
    "flag_days": {"task": "clients.tasks.keep_flag_days", "schedule": 300.0, "options": {"expires": 280}},
    "sweep": {"task": "clients.tasks.sweep", "schedule": 60.0, "options": {"expires": 50}},
    "tidy": {"task": "clients.tasks.tidy", "schedule": 900.0, "options": {"expires": 800}},
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}
