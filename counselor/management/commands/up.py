"""`manage.py up`: web server and worker under one supervisor, until Ctrl-C."""

import os
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand

from counselor.management import supervisor
from counselor.management.supervisor import Child, Refused


class Command(BaseCommand):
    help = "Start the web server and the worker, and keep both running until Ctrl-C or SIGTERM."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        # HOST counts in production only: some shells export it with the machine's name.
        host = "127.0.0.1" if settings.DEMO else os.environ.get("HOST") or "127.0.0.1"
        try:
            lock = supervisor.take_lock(settings.DEMO_DIR / "up.lock")
            self.wait_for_port(host, patience=10 if lock.seek(0, os.SEEK_END) else 0)
        except Refused as refusal:
            self.stderr.write(str(refusal))
            raise SystemExit(1) from None
        lock.truncate(0)
        lock.write(f"http://localhost:{settings.PORT}")
        lock.flush()
        schedule = Path(settings.CELERY_BEAT_SCHEDULE_FILENAME)
        schedule.parent.mkdir(parents=True, exist_ok=True)
        name = urlsplit(settings.SITE_URL).netloc
        supervisor.run(self.children(host), host, settings.PORT, name, settings.ROOT, self.say)
        lock.truncate(0)
        lock.close()

    def wait_for_port(self, host: str, patience: float) -> None:
        """After a kill -9 of the last run its children may need a moment to end."""
        deadline = time.monotonic() + patience
        while True:
            try:
                return supervisor.check_port(host, settings.PORT)
            except Refused:
                if time.monotonic() >= deadline:
                    raise
            time.sleep(0.2)

    def children(self, host: str) -> list[Child]:
        logs = settings.DEMO_DIR / "logs" if settings.DEMO else None
        web = f"granian --interface wsgi --host {host} --port {settings.PORT} --workers 2 --blocking-threads 4"
        web += " --respawn-failed-workers --workers-kill-timeout 5 --log-level warning"
        web += " counselor.config.wsgi:application"
        worker = "celery -A counselor.config worker -P threads -c 2 -B --without-gossip --without-mingle"
        worker += " --loglevel WARNING"
        return [
            Child("web", [sys.executable, "-m", *web.split()], logs / "web.log" if logs else None),
            Child("worker", [sys.executable, "-m", *worker.split()], logs / "worker.log" if logs else None),
        ]

    def say(self, line: str) -> None:
        self.stderr.write(line)
        self.stderr.flush()
