import pytest

from tests import make
from tests.journeys.conftest import ago


@pytest.mark.browser
@pytest.mark.django_db(transaction=True, databases=["default", "cache"])
def test_smoke(people, door):
    make.warming(people.a, ago(40))
    d = door().enter(people.dana)
    d.page.screenshot(path="/tmp/shots/smoke.png")
