"""The MCP project's own conformance suite judges the endpoint, in both eras of the protocol.

First the gateway as it is, by every scenario that asks for no tools of the suite's own. Then the
same endpoint and server with those tools, which ours stand in for otherwise.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from studio.db.engine import open_database
from tests.api.kit import ApiStack, make_stack
from tests.api.serving import serving
from tests.kit.conformance_tools import conformance_app
from tests.kit.mcp_programs import Check, McpPrograms
from tests.kit.serving import ObservableServer, serving_app

LEGACY: Final = "2025-11-25"
MODERN: Final = "2026-07-28"
BOTH: Final = (LEGACY, MODERN)
OLDER: Final = ("2025-03-26", "2025-06-18")
"""All that the suite has for these it has for the newest of their era too."""
EXTENSION: Final = "extension"
Case = tuple[str, str]
Verdicts = dict[Case, list[Check]]


def cases(scenarios: dict[str, tuple[str, ...]]) -> list[Case]:
    return [(name, revision) for name, revisions in scenarios.items() for revision in revisions]


OF_ANY_SERVER: Final = cases(
    {
        "server-initialize": (LEGACY,),
        "ping": (LEGACY,),
        "tools-list": BOTH,
        "resources-list": BOTH,
        "prompts-list": BOTH,
        "dns-rebinding-protection": BOTH,
        "server-sse-multiple-streams": (MODERN,),
        "caching": (MODERN,),
        "sep-2164-resource-not-found": (MODERN,),
        "http-header-validation": (MODERN,),
        "input-required-result-unsupported-methods": (MODERN,),
    }
)
OF_ITS_TOOLS: Final = cases(
    {
        "tools-call-simple-text": BOTH,
        "tools-call-image": BOTH,
        "tools-call-audio": BOTH,
        "tools-call-embedded-resource": BOTH,
        "tools-call-mixed-content": BOTH,
        "tools-call-error": BOTH,
        "tools-call-with-progress": BOTH,
        "json-schema-2020-12": BOTH,
        "resources-read-text": BOTH,
        "resources-read-binary": BOTH,
        "resources-templates-read": BOTH,
    }
)
SEPARATE: Final = cases({"server-session-lifecycle": (LEGACY,), "server-stateless": (MODERN,)})
"""These have a test of their own below."""
NOT_OFFERED: Final = {
    "there are no sessions, so nothing to resume or to watch": cases(
        {
            "server-sse-multiple-streams": (LEGACY,),
            "server-sse-polling": (LEGACY,),
            "resources-subscribe": (LEGACY,),
            "resources-unsubscribe": (LEGACY,),
        }
    ),
    "the server asks its callers for nothing while a tool runs": cases(
        {
            "tools-call-sampling": (LEGACY,),
            "tools-call-elicitation": (LEGACY,),
            "elicitation-sep1034-defaults": (LEGACY,),
            "elicitation-sep1330-enums": (LEGACY,),
            **{
                f"input-required-result-{what}": (MODERN,)
                for what in (
                    "basic-elicitation",
                    "basic-sampling",
                    "basic-list-roots",
                    "request-state",
                    "multiple-input-requests",
                    "multi-round",
                    "missing-input-response",
                    "non-tool-request",
                    "result-type",
                    "tampered-state",
                    "capability-check",
                    "ignore-extra-params",
                    "validate-input",
                )
            },
        }
    ),
    "it sends no log, which the protocol has given up": cases(
        {"logging-set-level": (LEGACY,), "tools-call-with-logging": (LEGACY,)}
    ),
    "it wants no argument of a tool in a header as well": cases(
        {"http-custom-header-server-validation": (MODERN,)}
    ),
    "it has no prompts, and nothing to complete": cases(
        {
            "prompts-get-simple": BOTH,
            "prompts-get-with-args": BOTH,
            "prompts-get-embedded-resource": BOTH,
            "prompts-get-with-image": BOTH,
            "completion-complete": BOTH,
        }
    ),
}
EXTENSIONS: Final = ("sep-2640-skills-", "tasks-")
"""How scenarios are called for extensions that the server does not have."""
WITHOUT_MESSAGES: Final = frozenset({"dns-rebinding-protection", "server-sse-multiple-streams"})
"""Scenarios that do not hold what came against the schema of messages."""
NEVER_RAISED: Final = [
    Check("FAILURE", "sep-2575-missing-capability-http-400"),
    Check("FAILURE", "sep-2575-server-rejects-undeclared-capability"),
]
"""Asks for a tool that needs a capability of its caller: no tool of the studio's does."""
UNTESTED: Final = [
    Check("FAILURE", "sep-2575-http-server-no-independent-requests-on-stream"),
    Check("FAILURE", "sep-2575-server-no-log-without-loglevel"),
]
"""Ask for tools of the suite's own."""


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> McpPrograms:
    return McpPrograms(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def judged(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiStack]:
    """A gateway that is judged once for all tests: no scenario changes anything."""
    folder = tmp_path_factory.mktemp("judged")
    database = open_database(f"sqlite:///{shutil.copy(sqlite_template, folder)}")
    yield make_stack(database, folder)
    database.dispose()


@pytest.fixture(scope="module")
async def of_the_gateway(judged: ApiStack, programs: McpPrograms) -> Verdicts:
    async with serving(judged) as server:
        return await verdicts(programs, server)


@pytest.fixture(scope="module")
async def with_its_tools(judged: ApiStack, programs: McpPrograms) -> Verdicts:
    async with conformance_app(judged.dependencies) as app, serving_app(app) as server:
        return await verdicts(programs, server)


async def verdicts(programs: McpPrograms, server: ObservableServer) -> Verdicts:
    url = f"http://127.0.0.1:{server.port}/mcp"
    return {
        (scenario, revision): checks
        for revision in BOTH
        for scenario, checks in (await programs.judge(url, revision)).items()
    }


def bad(checks: list[Check]) -> list[Check]:
    return sorted(check for check in checks if check.status in {"FAILURE", "WARNING"})


def assert_passed(checks: list[Check], *, scenario: str) -> None:
    assert bad(checks) == []
    assert any(check.status == "SUCCESS" for check in checks)
    judged_messages = Check("SUCCESS", "wire-schema-valid") in checks
    assert judged_messages is (scenario not in WITHOUT_MESSAGES)


@pytest.mark.requirement("MCP-1")
@pytest.mark.parametrize("case", OF_ANY_SERVER, ids="@".join)
async def test_the_gateway_passes(of_the_gateway: Verdicts, case: Case) -> None:
    assert_passed(of_the_gateway[case], scenario=case[0])


@pytest.mark.parametrize("case", OF_ITS_TOOLS, ids="@".join)
async def test_the_endpoint_passes_with_the_tools_of_the_suite(
    with_its_tools: Verdicts, case: Case
) -> None:
    assert_passed(with_its_tools[case], scenario=case[0])


async def test_the_suite_finds_no_session(of_the_gateway: Verdicts) -> None:
    checks = of_the_gateway["server-session-lifecycle", LEGACY]
    assert checks == [Check("INFO", "server-session-lifecycle-skipped")]


async def test_the_gateway_is_stateless(of_the_gateway: Verdicts) -> None:
    checks = of_the_gateway["server-stateless", MODERN]
    assert bad(checks) == sorted(NEVER_RAISED + UNTESTED)


async def test_the_endpoint_is_stateless_with_the_tools_of_the_suite(
    with_its_tools: Verdicts,
) -> None:
    assert bad(with_its_tools["server-stateless", MODERN]) == NEVER_RAISED


async def test_every_scenario_of_the_suite_is_asserted_or_has_a_reason(
    programs: McpPrograms, of_the_gateway: Verdicts
) -> None:
    reasoned = [case for group in NOT_OFFERED.values() for case in group]
    known = sorted([*OF_ANY_SERVER, *OF_ITS_TOOLS, *SEPARATE, *reasoned])
    listed = await programs.scenarios()
    assert sorted(case for case in listed if case[1] in BOTH) == sorted(of_the_gateway) == known
    assert {revision for _, revision in listed} == {*OLDER, *BOTH, EXTENSION}
    assert all(name.startswith(EXTENSIONS) for name, part in listed if part == EXTENSION)
