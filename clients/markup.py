"""The one place that builds HTML in Python: sparkline, marked words, cleaned Markdown. All by format_html or nh3."""

from collections.abc import Sequence

import nh3
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt

from .pressure import PRESSURE, RESTRAINT, SAFETY, Finding

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_TAGS = {
    "p", "br", "em", "strong", "ul", "ol", "li", "blockquote", "h1", "h2", "h3", "h4", "code", "pre", "hr", "a", "s",
    "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip

FAMILIES = {
    "pursuit": "chasing",
    "ultimatum": "controlling",
    "monitoring": "controlling",
    "leverage": "controlling",
}

SPARK_WIDTH, SPARK_HEIGHT, SPARK_SPAN = 104, 28, 36.0


def family(label: str) -> str:
    """The family a label is drawn in (css/components.css): the reporter's asking, chasing, controlling or good conduct,
    a sign from the partner, or safety."""
    if label in SAFETY:
        return "chasing" if label == "no_contact" else "safety"
    if label in PRESSURE:
        return FAMILIES.get(label, "asking")
    return "good" if label in RESTRAINT else "partner"


def markdown(text: str) -> SafeString:
    """Markdown to clean HTML: no raw HTML, only http, https and mailto links."""
    html = nh3.clean(
        _MARKDOWN.render(text),
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer",
    )
    return SafeString(html)


def mark_words(text: str, findings: Sequence[tuple[str, Finding, str]]) -> SafeString:
    """The text with each finding's words in <mark>. `findings` are (id, finding, reason). Overlapping spans are cut into
    pieces, each naming every finding on it, so that nothing read is hidden by something longer."""
    spans = [(name, f, reason) for name, f, reason in findings if 0 <= f.start < f.end <= len(text)]
    edges = sorted({0, len(text), *(f.start for _, f, _ in spans), *(f.end for _, f, _ in spans)})
    pieces = []
    for start, end in zip(edges, edges[1:], strict=False):
        on = [(name, f, reason) for name, f, reason in spans if f.start <= start and end <= f.end]
        words = text[start:end]
        if not on:
            pieces.append(format_html("{}", words))
            continue
        pieces.append(
            format_html(
                '<mark data-label="{}" data-finding="{}" data-family="{}" title="{}">{}</mark>',
                " ".join(dict.fromkeys(f.label for _, f, _ in on)),
                " ".join(name for name, _, _ in on),
                family(on[0][1].label),
                "; ".join(reason for _, _, reason in on),
                words,
            )
        )
    return format_html_join("", "{}", ((piece,) for piece in pieces))


def sparkline(points: str, label: str) -> SafeString:
    """A small line from "day:level" pairs, on its own range with a minimum span, so noise is not blown up (ux.md 3.1)."""
    pairs = [p.split(":") for p in points.split(" ") if p]
    if len(pairs) < 3:
        return format_html('<span class="spark-none">{}</span>', f"{len(pairs)} of 3 check-ins")
    days, values = [float(d) for d, _ in pairs], [float(v) for _, v in pairs]
    low, high = min(values), max(values)
    if high - low < SPARK_SPAN:
        middle = (low + high) / 2
        low, high = middle - SPARK_SPAN / 2, middle + SPARK_SPAN / 2
    across = (SPARK_WIDTH - 8) / ((days[-1] - days[0]) or 1)
    up = (SPARK_HEIGHT - 8) / (high - low)
    xy = [(4 + (d - days[0]) * across, SPARK_HEIGHT - 4 - (v - low) * up) for d, v in zip(days, values, strict=True)]
    return format_html(
        '<svg class="spark" viewBox="0 0 {} {}" role="img" aria-label="{}"><path class="line" d="M{}"/>'
        '<circle class="end" cx="{}" cy="{}" r="2.5"/></svg>',
        SPARK_WIDTH,
        SPARK_HEIGHT,
        label,
        "L".join(f"{x:.1f} {y:.1f}" for x, y in xy),
        f"{xy[-1][0]:.1f}",
        f"{xy[-1][1]:.1f}",
    )


_ROW = (
    '<li class="row" data-state="{}"{}><svg class="mark mark-{}" aria-hidden="true"><use href="#m-{}"/></svg>'
    '<a class="row-name" href="{}">{}</a><p class="row-why">{}</p><div class="row-spark">{}</div>'
    '<p class="row-change"><b>{}</b> {}</p><p class="row-last"><span class="cell-label">Last contact</span> {}</p>'
    '<p class="row-due">{}<span{}>{}</span> <span{}>{}</span></p></li>'
)
_FEW, _LATE, _DUE = (
    SafeString(" data-few"),
    SafeString(" data-late"),
    SafeString('<span class="cell-label">Due</span> '),
)


def triage_row(
    *, href: str, names: str, state: str, reason: str, few: bool, spark: SafeString, change: str, than: str, last: str,
    due: str, to_read: str, late: bool,
) -> SafeString:  # fmt: skip
    """One case on Today, in one pass."""
    return format_html(
        _ROW, state, _FEW if few else "", state, state, href, names, reason, spark, change, than, last,
        _DUE if due or to_read else "", _LATE if late and due else "", due, _LATE if late and not due else "", to_read,
    )  # fmt: skip


def join_rows(rows: Sequence[SafeString]) -> SafeString:
    return SafeString("".join(rows))
