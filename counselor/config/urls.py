"""The site: the desk, the portal, and sign-in. There is no Django admin, on purpose."""

from django.urls import include, path

from counselor import views as desk

urlpatterns = [
    path("", desk.go_home, name="home"),
    path("accounts/", include("allauth.account.urls")),
    path("desk/", include("counselor.urls")),
    path("portal/", include("clients.portal.urls")),
]
