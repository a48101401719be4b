"""Settings of the test run: the real ones, with keys of their own and plain static files."""

import os
import tempfile
from pathlib import Path

_tmp = Path(tempfile.mkdtemp(prefix="counselor-tests-"))
os.environ["SECRET_KEY"] = "only-for-tests-" + "x" * 40
os.environ["FIELD_KEYS"] = "t1:" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="
os.environ["DATABASE_URL"] = os.environ.get("TEST_DB") or f"sqlite:///{_tmp / 'db.sqlite3'}"
os.environ["QUEUE_DIR"] = str(_tmp / "queue")
os.environ["CELERY_BROKER_URL"] = os.environ.get("TEST_BROKER") or "filesystem://localhost"
for name in ("DEMO", "DEBUG", "SITE_URL", "PORT", "EMAIL_HOST"):
    os.environ.pop(name, None)

from counselor.config.settings import *  # noqa: E402, F403
from counselor.config.settings import STORAGES  # noqa: E402

STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
