"""Schemathesis over the OpenAPI document: whatever is asked, no 5xx, no status, type or shape that it does not name."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from bed import ROOT, Gateway, bed

# They stream without an end, or wait on purpose; others have tests of their own.
ENDLESS = ["/admin/events", "/admin/doctor/drip"]
# The same as below /v1beta.
TWINS = r"^/(upload/|download/)?v1alpha/"
# These would end the session of the tests, or lock them out.
OWN_DOOR = ["/admin/setup/claim", "/admin/session/password"]
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[Gateway]:
    with bed("--projects", "2", "--keys-per-project", "2") as made:
        yield made.gateway


schema = schemathesis.openapi.from_path(ROOT / "docs" / "openapi.json").exclude(path=[*ENDLESS, *OWN_DOOR]).exclude(path_regex=TWINS)


@schema.parametrize()
@settings(max_examples=8, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_asked(case: schemathesis.Case, fuzzed: Gateway) -> None:
    token = fuzzed.admin_token
    if case.operation.path.startswith(("/v1", "/v1beta", "/v1alpha")):
        token = fuzzed.issued[0] if fuzzed.issued else fuzzed.user_key()
    case.call_and_validate(base_url=fuzzed.url, headers={"Authorization": f"Bearer {token}"}, checks=CHECKS, timeout=60)


def test_the_published_document_is_the_one_that_is_served(gateway: Gateway) -> None:
    served = httpx2.get(f"{gateway.url}/openapi.json")
    assert served.headers["content-type"] == "application/json"
    assert served.text == (ROOT / "docs" / "openapi.json").read_text()
