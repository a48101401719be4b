"""The counselor's rooms."""

from django.urls import path

from . import views

app_name = "desk"

_case = "cases/<uuid:case_id>/"
_note = "notes/<uuid:note_id>/"

urlpatterns = [
    path("", views.today, name="today"),
    path(_case, views.case, name="case"),
    path(_case + "read/", views.mark_read, name="mark_read"),
    path(_case + "readings/", views.judge_reading, name="judge_reading"),
    path(_case + "screening/<str:side>/", views.screening, name="screening"),
    path(_case + "notes/", views.start_note, name="start_note"),
    path(_case + "guidance/<uuid:sent_id>/withdraw/", views.withdraw, name="withdraw"),
    path(_case + "flags/<uuid:flag_id>/", views.flag, name="flag"),
    path(_case + "flags/<uuid:flag_id>/seen/", views.acknowledge_flag, name="acknowledge_flag"),
    path(_case + "flags/<uuid:flag_id>/resolve/", views.resolve_flag, name="resolve_flag"),
    path(_case + "flags/<uuid:flag_id>/reopen/", views.reopen_flag, name="reopen_flag"),
    path(_note, views.note, name="note"),
    path(_note + "insert/", views.insert_card, name="insert_card"),
    path(_note + "sign/", views.sign_note, name="sign_note"),
    path(_note + "addenda/", views.add_to_note, name="add_to_note"),
    path(_note + "share/<str:card_id>/", views.share_card, name="share_card"),
    path("library/", views.library, name="library"),
    path("library/<str:card_id>/", views.library_card, name="library_card"),
    path("corrections/", views.corrections, name="corrections"),
    path("trail/", views.trail, name="trail"),
]
