"""Words that promise or rate a return are said nowhere: templates, styles, messages, cards, rule texts, our own code.

Whole words, our wording only: what clients write is theirs, and the text engine has to know their words.
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BANNED = re.compile(r"\b(likelihoods?|chances?|odds|success rates?|winning (?:\w+ )?back)\b", re.IGNORECASE)
# What people write, and what is read in it.
THEIRS = ("clients/pressure/", "counselor/management/commands/bench.py")
FILES = sorted(
    path
    for folder in ("templates", "counselor", "clients", "locale", "docs")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in {".html", ".txt", ".py", ".toml", ".js", ".css", ".po", ".md"}
    and not str(path.relative_to(ROOT)).startswith(THEIRS)
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_word_rates_or_promises_a_return(path: Path) -> None:
    assert [line for line in path.read_text(encoding="utf-8").splitlines() if BANNED.search(line)] == []
