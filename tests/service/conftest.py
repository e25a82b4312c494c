"""The service, once in this process and once as its own processes; and sheets to send to it."""

import json
from pathlib import Path

import pytest

from service.app import create_app
from service.settings import Settings

from .serving import served

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "policy_versions" / "changzhou" / "2012"


@pytest.fixture(scope="session")
def app():
    """The application in this process."""
    return create_app(Settings(log_level="error"))


@pytest.fixture
def client(app):
    """Asks the application without a network."""
    return app.test_client()


@pytest.fixture(scope="session")
def service():
    """The service as its own processes, with two workers; shared, so a test leaves it as it was."""
    with served() as running:
        yield running


@pytest.fixture(scope="session", params=["community", "village"])
def standard(request):
    """Both shipped standards in turn."""
    return request.param


def sample(standard):
    """The shipped sample sheet of a standard as a request body."""
    with (SHIPPED / "samples" / f"{standard}.jsonl").open() as lines:
        sheet = json.loads(next(lines))
    return {"policy": "changzhou-2012", "standard": standard, **sheet}


@pytest.fixture
def posted(standard):
    """A good and complete request body."""
    return sample(standard)
