"""The site: the desk, the portal, and sign-in. There is no Django admin, on purpose."""

from allauth.account import urls as account_urls
from django.urls import include, path

from counselor.views import entry

# Addresses, confirmations and second ways to set a password stay out until each is behind the password and in the trail.
ACCOUNT_ROUTES = {
    "account_login",
    "account_logout",
    "account_signup",
    "account_inactive",
    "account_change_password",
    "account_set_password",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "account_reauthenticate",
}
account = [route for route in account_urls.urlpatterns if getattr(route, "name", "") in ACCOUNT_ROUTES]

urlpatterns = [
    path("", entry.go_home, name="home"),
    path("accounts/", include(account)),
    path("desk/", include("counselor.urls")),
    path("portal/", include("clients.portal.urls")),
]
