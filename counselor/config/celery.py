"""The Celery app. Tasks deliver; they do not decide (clients/tasks.py)."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "counselor.config.settings")

app = Celery("counselor")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["clients"])
