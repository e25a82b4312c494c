"""The service as a user starts it."""

import subprocess

from .conftest import sample


def test_the_curl_line_that_is_printed_works_as_it_is(service):
    """What `kaohe serve` prints can be pasted into a shell."""
    line = next(line for line in service.printed if line.startswith("  curl"))
    answer = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True).stdout
    assert '"grade": "excellent"' in answer


def test_a_sheet_is_answered_over_http(service, standard):
    """A good sheet is decided."""
    status, _, body = service.ask("/v1/evaluations", sample(standard))
    assert status == 200
    assert b'"grade"' in body
