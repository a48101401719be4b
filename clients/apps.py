from typing import Any

from django.apps import AppConfig
from django.core import checks


def _install_guards(using: str, **kwargs: Any) -> None:
    from django.db import connections

    from . import guards

    if using == "default":
        guards.install(connections[using])


@checks.register(checks.Tags.database)
def check_guards(databases: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    if not databases or "default" not in databases:
        return []
    from django.db import connection

    from . import guards

    return [
        # A warning, because `migrate` itself runs this check first, and is what puts guards back.
        checks.Warning(f"the database guard {name} is missing: run `manage.py migrate`", id="clients.W001")
        for name in guards.missing(connection)
    ]


class ClientsConfig(AppConfig):
    name = "clients"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.db.models.signals import post_migrate

        post_migrate.connect(_install_guards, dispatch_uid="clients.guards")
