"""What every row shares: a time-ordered id made in Python, and the practice it belongs to (decisions 42)."""

from uuid import UUID

from django.db import models
from uuid_utils.compat import uuid7


def new_id() -> UUID:
    return uuid7()


class Row(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)

    class Meta:
        abstract = True


class PracticeRow(Row):
    practice = models.ForeignKey("clients.Practice", models.PROTECT, related_name="+")

    class Meta:
        abstract = True
