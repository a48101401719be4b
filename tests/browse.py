"""Pages as a browser sees them: the fields of a form, and the bytes without what changes with every request."""

import html
import re
from typing import Any

_CHANGING = re.compile(r'(name="(?:csrfmiddlewaretoken|key|who)" value="|x-csrftoken": ")[^"]+')


def body(response: Any) -> str:
    return response.content.decode()


def steady(response: Any) -> str:
    """The body without form tokens and form keys, so that two answers can be compared byte by byte."""
    return _CHANGING.sub(r"\1-", body(response))


def hidden(response: Any, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', body(response))
    assert found, f"the page has no field {name}"
    return html.unescape(found[1])


def words(response: Any) -> str:
    """What is read on the page, in one line."""
    text = re.sub(r"<[^>]+>", " ", body(response).split("<body", 1)[-1])
    return " ".join(html.unescape(text).split())
