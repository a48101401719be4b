"""Family E: how the check-ins come in (rules.md, Engagement and data quality; decisions 25)."""

from clients.rules.record import Rule

RULES: tuple[Rule, ...] = ()
