"""The client's door. No address holds a case id; everything follows from who is signed in."""

from django.urls import path

from . import views

app_name = "portal"

urlpatterns = [
    path("", views.home, name="home"),
    path("check-in/", views.check_in, name="check_in"),
    path("check-in/sent/", views.sent, name="sent"),
    path("check-in/kept/", views.kept, name="kept"),
    path("consent/", views.consent, name="consent"),
    path("guidance/", views.guidance, name="guidance"),
    path("guidance/<uuid:sent_id>/", views.guidance_item, name="guidance_item"),
    path("help/", views.help_now, name="help"),
]
