"""The frame around a room of the desk (header, shapes, scripts), rendered once for a person and kept.

It is the same with every request but for the form token, waiting messages and what the room itself shows. Those are put
in when the page is sent; where a message waits the whole page is rendered as usual. A test compares both.
"""

import secrets
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString

from .kept import Kept, eyes

# Stand for anybody's form token, and the key that makes a second post harmless, in what is kept; nobody can guess
# them, so nobody can write them.
TOKEN = f"token-{secrets.token_hex(16)}"
KEY = f"key-{secrets.token_hex(16)}"
_PLACE = f"place-{secrets.token_hex(16)}-"
_TOKEN, _KEY = TOKEN.encode(), KEY.encode()
_frames: Kept[tuple[tuple[bytes, ...], tuple[str, ...]]] = Kept(500)


def forget() -> None:
    _frames.clear()


def with_token(request: Any, html: bytes) -> bytes:
    """Put this person's form token, and a new key, into what was kept without them."""
    return html.replace(_TOKEN, get_token(request).encode()).replace(_KEY, str(uuid4()).encode())


def show(request: Any, template: str, *, room: str, **places: bytes) -> HttpResponse:
    """Answer with the template; `places` are its variables, each a piece of HTML."""
    if len(get_messages(request)):
        filled = {name: SafeString(with_token(request, html).decode()) for name, html in places.items()}
        return render(request, template, {"room": room} | filled)
    now, user = timezone.now(), request.user
    key = (template, room, tuple(places), eyes(user))
    frame = _frames.get(key, now)
    if frame is None:
        marks = {name: SafeString(f"{_PLACE}{name}-") for name in places}
        html = render_to_string(template, {"room": room, "user": user, "csrf_token": TOKEN, "messages": ()} | marks)
        frame = _cut(html, marks)
        _frames.put(key, now, now + timedelta(days=1), frame)
    texts, names = frame
    token = get_token(request).encode()
    said = [texts[0].replace(_TOKEN, token)]
    for name, text in zip(names, texts[1:], strict=True):
        said += [places[name], text.replace(_TOKEN, token)]
    return HttpResponse(b"".join(said))


def _cut(html: str, marks: dict[str, SafeString]) -> tuple[tuple[bytes, ...], tuple[str, ...]]:
    """The texts between the places, and the places' names in the order in which they stand."""
    texts: list[str] = []
    names: list[str] = []
    rest = html
    while True:
        found = min(((rest.find(mark), name) for name, mark in marks.items() if mark in rest), default=None)
        if found is None:
            return tuple(text.encode() for text in (*texts, rest)), tuple(names)
        at, name = found
        texts.append(rest[:at])
        names.append(name)
        rest = rest[at + len(marks[name]) :]
