"""On SQLite the cache table lives in a file of its own (decisions 48)."""

from typing import Any


class CacheRouter:
    def _pick(self, model: Any) -> str | None:
        return "cache" if model._meta.app_label == "django_cache" else None

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        return self._pick(model)

    def db_for_write(self, model: Any, **hints: Any) -> str | None:
        return self._pick(model)

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        if app_label == "django_cache":
            return db == "cache"
        return False if db == "cache" else None
