"""The interface fuzzed from its own schema: whatever is asked, the answer is what the schema says, and never a failure."""

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.schemas import BaseSchema

from aelita.api import create_app, routes_database, routes_history, routes_packets, routes_parameters
from api_archive_material import PREFIX, still
from api_material import As, installed
from shared import ROOT

CONFIG = schemathesis.Config.from_path(ROOT / "schemathesis.toml")
PATHS = [
    route.path
    for module in (routes_parameters, routes_packets, routes_history, routes_database)
    for route in module.router.routes
]


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BaseSchema]:
    with still(installed(tmp_path_factory.mktemp("centre"), frames=400)) as centre:
        yield schemathesis.openapi.from_asgi(f"{PREFIX}/openapi.json", As(create_app(centre)), config=CONFIG)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["valid", "invalid"])
@pytest.mark.parametrize("path", PATHS)
def test_every_answer_is_as_the_schema_says(schema: BaseSchema, path: str, mode: GenerationMode) -> None:
    operation = schema[PREFIX + path.replace(":path", "")]["GET"]

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(max_examples=5, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def asked(case: schemathesis.Case) -> None:
        case.call_and_validate()

    asked()
