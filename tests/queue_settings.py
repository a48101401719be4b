"""Settings of a queue test's worker: the real ones, with a queue of its own on a shared broker."""

import os

from counselor.config import settings as real
from counselor.config.settings import *  # noqa: F403

CELERY_TASK_DEFAULT_QUEUE = os.environ["TEST_QUEUE"]
if real.CELERY_BROKER_URL.startswith("redis"):
    CELERY_BROKER_TRANSPORT_OPTIONS = real.CELERY_BROKER_TRANSPORT_OPTIONS | {
        "global_keyprefix": f"{CELERY_TASK_DEFAULT_QUEUE}:"
    }
