"""A Prometheus server: the samples of a blackbox exporter's `probe_success`, as they were scraped.

Asked with range selectors (`probe_success[…]`), which give each sample with its own time. A range query would fill
gaps of up to five minutes with the last value, and silence is unknown, never up.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx

from app.errors import BadInput
from app.probes.importing.fields import instant, micros
from app.sla.case import State
from app.witnesses.answers import Answer, Foreign, Unread, latency, one_line, settled

STRETCH = timedelta(hours=6)  # asked for at once: a day of 120 sites every 15 s would be 700,000 samples
LARGEST = 256 << 20


class Prometheus:
    kind = "Prometheus"

    def __init__(
        self, client: httpx.Client, *, start: datetime, end: datetime, selector: str = "probe_success", every: int = 60
    ) -> None:
        self.client, self.start, self.end, self.selector, self.every = client, start, end, selector, every
        self.name, self.unread = str(client.base_url.host), Unread()

    def monitors(self) -> list[Foreign]:
        window = int((self.end - self.start).total_seconds())
        found = self._ask(f"count by (job, instance) (count_over_time({self.selector}[{window}s]))", self.end)
        out = []
        for series in found:
            job, address = series["metric"].get("job", ""), series["metric"].get("instance", "")
            name = f"{address} ({job})" if job else address
            why = "" if address else "it names no instance"
            out.append(Foreign(f"{job}\0{address}", one_line(name), one_line(address), self.every, 2, why))
        return sorted(out, key=lambda one: one.key)

    def answers(self, monitor: Foreign, after: int | None) -> Iterator[Answer]:
        return settled(self._samples(monitor, after))

    def _samples(self, monitor: Foreign, after: int | None) -> Iterator[Answer]:
        job, address = monitor.key.split("\0")
        begin = max(self.start, instant(after)) if after is not None else self.start
        last = micros(begin) if after is not None else micros(begin) - 1
        while begin < self.end:
            end = min(begin + STRETCH, self.end)
            seconds = max(int((end - begin).total_seconds()), 1)
            took = self._values(self._narrowed("probe_duration_seconds", job, address), seconds, end)
            merged: dict[int, list[str]] = {}
            for at, value in self._values(self._narrowed(self.selector, job, address), seconds, end):
                merged.setdefault(at, []).append(value)
            spent = dict(took)
            for at in sorted(merged):
                if not last < at <= micros(self.end):
                    continue
                last = at
                up = all(value == "1" for value in merged[at])  # several series of one instance: the worst stands
                ms = _milliseconds(spent.get(at, ""))
                yield Answer(at, State.UP if up else State.DOWN, ms, "" if up else "probe failed")
            begin = end

    def _narrowed(self, selector: str, job: str, address: str) -> str:
        name, _, inside = selector.partition("{")
        given = [part for part in [inside.removesuffix("}")] if part]
        labels = [f'instance="{_quoted(address)}"', *([f'job="{_quoted(job)}"'] if job else []), *given]
        return f"{name}{{{','.join(labels)}}}"

    def _values(self, selector: str, seconds: int, end: datetime) -> Iterator[tuple[int, str]]:
        for series in self._ask(f"{selector}[{seconds}s]", end):
            for at, value in series.get("values", []):
                yield int(Decimal(str(at)).scaleb(6)), str(value)

    def _ask(self, query: str, at: datetime) -> list[dict[str, Any]]:
        """The result of an instant query. Raises BadInput for whatever else comes back."""
        form = {"query": query, "time": f"{at.timestamp():.3f}"}
        try:
            with self.client.stream("POST", "api/v1/query", data=form) as response:
                body = bytearray()
                for block in response.iter_bytes():
                    body += block
                    if len(body) > LARGEST:
                        raise BadInput("the server's answer is larger than 256 MiB; ask for less", field="--query")
            whole = httpx.Response(response.status_code, content=bytes(body))
            answer = whole.json()
            if whole.status_code != 200 or answer.get("status") != "success":
                raise BadInput(f"the server refuses the question: {one_line(answer.get('error'))}", field="--query")
            result = answer["data"]["result"]
            if not isinstance(result, list):
                raise ValueError
        except httpx.HTTPError as error:
            said = one_line(error) or type(error).__name__
            raise BadInput(f"the server does not answer: {said}", field="ADDRESS") from None
        except (ValueError, KeyError, TypeError, AttributeError):
            example = "http://127.0.0.1:9090"
            raise BadInput("does not answer as a Prometheus server does", field="ADDRESS", example=example) from None
        return result

    def close(self) -> None:
        self.client.close()


def _milliseconds(seconds: str) -> int | None:
    try:
        return latency(int(Decimal(seconds).scaleb(3)))
    except (ArithmeticError, ValueError):  # none was scraped, or it is no number
        return None


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
