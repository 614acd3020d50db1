"""Pages and polls a second: a signed-in list of renders, and the status of one with an API key.

Beside each, in the same run, a bare route: it looks up the same session and answers the same bytes,
or authenticates the same key and reads the row. In every round each side has its turn, so that what
else the machine does hits both.
"""

import contextlib
from collections.abc import Iterator
from typing import Final

from bench.console_list import add_made, fetch_page, signed_in
from bench.console_report import finding
from bench.console_rounds import (
    BARE,
    GATEWAY,
    Comparison,
    Films,
    Load,
    Side,
    check_resource,
    check_row,
)
from bench.mcp_calls import filming
from bench.mcp_rounds import Target
from bench.options import Options
from bench.place import Place, a_place, running
from bench.result import Finding
from bench.service import Service, a_service, wait_until
from gateway.console.render_list import PAGE_LENGTH
from runtime.ports import free_port, is_listening

LOAD: Final = Load(rounds=4, seconds=4.0)
QUICK: Final = Load(rounds=1, seconds=1.5)
WARMING: Final = Load(rounds=1, seconds=1.0)


def run(options: Options) -> Finding:
    with a_place(options.say) as place, a_service(place, "console") as service:
        cookies = signed_in(service)
        with filming(place, service) as making:
            making.reverse()
            films = Films([*making, *add_made(service, making[-1])][:PAGE_LENGTH], making)
            with _bare(place, service, cookies) as bare:
                port = int(service.base_url.rpartition(":")[2])
                gateway = Side(GATEWAY, Target(port, service.process.pid), check_resource)
                given = (gateway, bare), films, _header(cookies), service.account.api_key
                Comparison(*given).measure(WARMING)
                comparison = Comparison(*given)
                comparison.measure(QUICK if options.quick else LOAD)
    return finding(options, comparison)


@contextlib.contextmanager
def _bare(place: Place, service: Service, cookies: dict[str, str]) -> Iterator[Side]:
    """The bare routes, on a port of their own; their page is what the gateway's is now."""
    page_file, port = place.root / "page.html", free_port()
    page_file.write_bytes(fetch_page(service, cookies))
    spec = place.python(
        "plain-console",
        *("-m", "bench.plain_console", str(port), str(page_file), *cookies),
        environment=service.environment,
    )
    with running(spec) as process:
        wait_until(lambda: is_listening("127.0.0.1", port), process)
        yield Side(BARE, Target(port, process.pid), check_row)


def _header(cookies: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in cookies.items())
