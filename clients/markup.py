"""The one place that builds HTML in Python: sparkline, marked words, cleaned Markdown. All by format_html or nh3, but for
the rows of Today: there are hundreds of them, so their words are escaped one by one and put together in one pass."""

from collections.abc import Sequence
from html import escape

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
        return no_sparkline(f"{len(pairs)} of 3 check-ins")
    days, values = [float(d) for d, _ in pairs], [float(v) for _, v in pairs]
    low, high = min(values), max(values)
    if high - low < SPARK_SPAN:
        middle = (low + high) / 2
        low, high = middle - SPARK_SPAN / 2, middle + SPARK_SPAN / 2
    across = (SPARK_WIDTH - 8) / ((days[-1] - days[0]) or 1)
    up = (SPARK_HEIGHT - 8) / (high - low)
    # Whole pixels across, tenths down, each point told from the one before: half the length, and no rounding adds up.
    xs = [round(4 + (d - days[0]) * across) for d in days]
    ys = [round(10 * (SPARK_HEIGHT - 4 - (v - low) * up)) for v in values]
    steps = " ".join(
        f"{x - x0}{'' if y < y0 else ' '}{_tenths(y - y0)}"
        for x0, y0, x, y in zip(xs, ys, xs[1:], ys[1:], strict=False)
    )
    return SafeString(
        f'<svg class="spark" viewBox="0 0 {SPARK_WIDTH} {SPARK_HEIGHT}" role="img" aria-label="{escape(label)}">'
        f'<path d="m{xs[0]} {_tenths(ys[0])}l{steps}"/><circle cx="{xs[-1]}" cy="{_tenths(ys[-1])}" r="2.5"/></svg>'
    )


def no_sparkline(words: str = "") -> SafeString:
    return format_html('<span class="spark-none">{}</span>', words)


def _tenths(count: int) -> str:
    whole, tenth = divmod(abs(count), 10)
    return f"{'-' if count < 0 else ''}{whole or ('' if tenth else 0)}{f'.{tenth}' if tenth else ''}"


def triage_row(
    *, href: str, names: str, state: str, reason: str, few: bool, spark: SafeString, change: str, than: str, last: str,
    due: str, to_read: str, late: bool,
) -> SafeString:  # fmt: skip
    """One case on Today. Name, then why, own conduct, change, last contact and what is due: css/components.css tells the
    cells by their order."""
    asked = [escape(words) for words in (due, to_read) if words]
    if asked:
        asked[0] = f"<small>Due</small> <span{' data-late' if late else ''}>{asked[0]}</span>"
        asked[1:] = [f" <span>{words}</span>" for words in asked[1:]]
    return SafeString(
        f'<li class="row" data-state="{escape(state)}"{" data-few" if few else ""}><svg class="mark" aria-hidden="true">'
        f'<use href="#m-{escape(state)}"/></svg><a class="row-name" href="{escape(href)}">{escape(names)}</a>'
        f"<p>{escape(reason)}</p>{spark}<p><b>{escape(change)}</b> {escape(than)}</p>"
        f"<p><small>Last contact</small> {escape(last)}</p><p>{''.join(asked)}</p></li>"
    )


def join_rows(rows: Sequence[SafeString]) -> SafeString:
    return SafeString("".join(rows))
