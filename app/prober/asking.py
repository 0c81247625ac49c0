"""One question asked, start to end: an absolute time limit, and an outcome whatever happens."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from app.logs import logger
from app.prober.checks import certificate, http, names, ping, ports
from app.prober.checks.tools import Tools
from app.prober.outcome import Failed, Fault, Outcome, Phases, failed
from app.prober.spec import BannerSpec, DnsSpec, HttpSpec, PingSpec, TcpSpec, TlsSpec
from app.sla.case import State

log = logger("kept.prober")


async def asked(spec: Any, headers: Mapping[str, str], tools: Tools) -> tuple[Outcome, Phases]:
    """What a monitor's question comes to. Raises nothing but its own cancelling."""
    phases = Phases()
    start = time.perf_counter_ns()
    try:
        async with asyncio.timeout(spec.timeout_ms / 1000):
            outcome = await _ask(spec, headers, tools, phases)
    except Failed as failure:
        outcome = failure.outcome
    except TimeoutError:
        outcome = failed(Fault.TIMEOUT, f"nothing within {spec.timeout_ms} ms, {_waiting_for(phases)}")
    except Exception as error:
        log.exception("a check failed by itself", kind=spec.kind)
        outcome = failed(Fault.INTERNAL, f"{type(error).__name__}: {error}")
    passed = (phases.ended or time.perf_counter_ns()) - start
    phases.add("total", passed)
    if outcome.state is State.UP and spec.slow_ms is not None and passed > spec.slow_ms * 1_000_000:
        detail = f"took {passed // 1_000_000} ms, more than {spec.slow_ms}"
        outcome = failed(Fault.SLOW, detail, state=State.DEGRADED)
    return outcome, phases


async def _ask(spec: Any, headers: Mapping[str, str], tools: Tools, phases: Phases) -> Outcome:
    match spec:
        case HttpSpec():
            return await http.ask(spec, headers, tools, phases)
        case TcpSpec():
            return await ports.ask_ports(spec, tools, phases)
        case TlsSpec():
            return await certificate.ask(spec, tools, phases)
        case DnsSpec():
            return await names.ask(spec, tools, phases)
        case BannerSpec():
            return await ports.ask_banner(spec, tools, phases)
        case PingSpec():
            return await ping.ask(spec, tools, phases)
    raise Failed(Fault.UNSUPPORTED, f"nobody asks a monitor of the kind {getattr(spec, 'kind', spec)!r}")


def _waiting_for(phases: Phases) -> str:
    if phases.connect is None:
        return "no connection"
    return "no answer" if phases.first_byte is None else "the answer did not come to its end"
