"""Who is told of a flag, and how."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q

from .. import notices
from ..models import Assignment, Case, Flag
from ..rules import Severity


def tell(case: Case, raised: Sequence[Flag], at: datetime) -> None:
    """Elevated and urgent flags owe a content-free mail to whoever holds the case; urgent ones also to cover."""
    loud = [f for f in raised if f.severity >= Severity.ELEVATED and f.head_id is None]
    if not loud:
        return
    urgent = any(f.severity == Severity.URGENT for f in loud)
    holders = Assignment.objects.select_related("user").filter(
        Q(until__isnull=True) | Q(until__gt=at), case=case, since__lte=at
    )
    notices.owe(
        notices.prepare(
            "urgent" if urgent else "elevated",
            to=held.user,
            at=at,
            case=case,
            flag=loud[0],
            dedupe=f"{loud[0].pk}:{at.isoformat()}",
        )
        for held in holders
        if urgent or held.role == Assignment.As.PRIMARY
    )
