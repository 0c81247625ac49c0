"""`kept probe --server`: the agent of a location, from its settings to its end."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from app.cli.place import Missing, say
from app.errors import BadInput
from app.settings import Settings

if TYPE_CHECKING:
    from app.prober.checks.ways import Ways


def ask(place: Settings, ways: Ways, server: str | None, location: str | None) -> None:
    """Until SIGTERM or Ctrl-C. Raises BadInput, Missing, and what the server refuses with."""
    from app.prober.remote.agent import Agent
    from app.prober.remote.exchange import server_address
    from app.web.edge import utc_now

    if not server or not location:
        field = "--location" if server else "--server"
        raise BadInput("is needed beside the other", field=field,
                       example="kept probe --server https://kept.example --location frankfurt")  # fmt: skip
    if "/" in location or location in ("", ".", ".."):
        raise BadInput("is no name of a location", field="--location", example="frankfurt")
    if place.agent_token is None:
        raise Missing("the agent's token is not set; `kept location add` shows it", field="KEPT_AGENT_TOKEN",
                      example="KEPT_AGENT_TOKEN=kept_…")  # fmt: skip
    address = server_address(server)
    try:
        agent = Agent(
            address, location, place.agent_token.get_secret_value(), place.data / "agent" / location, ways, utc_now,
            largest=place.agent_spool_mb << 20, told=say,
        )  # fmt: skip
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: agent.stop())
        say(f"Asking from {location} for {address}. Answers wait in {agent.folder} until the server has them.")
        agent.run()
    except OSError as error:
        raise Missing(f"the spool cannot be written: {error}", field="--data", example="--data /srv/agent") from None
    say("Stopped. What the server does not have yet waits on disk.")
