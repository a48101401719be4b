"""Family I: own conduct and the partner's signs, side by side (rules.md, Interactions; decisions 3, 13, 20, 25)."""

from clients.rules.record import Rule

RULES: tuple[Rule, ...] = ()
