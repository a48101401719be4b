"""The guidance library."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from clients import access
from clients.markup import markdown

from .. import library as shelf


@access.without_case
@require_GET
def library(request: Any) -> HttpResponse:
    return render(request, "desk/library.html", {"cards": tuple(shelf.cards().values()), "room": "library"})


@access.without_case
@require_GET
def library_card(request: Any, card_id: str) -> HttpResponse:
    card = shelf.card(card_id)
    if card is None:
        raise Http404
    preview = shelf.for_client(card, "your partner")
    return render(request, "desk/card.html", {"card": card, "preview": markdown(preview.body), "room": "library"})
