"""What an answer must hold: texts, patterns, values in JSON, headers, and content that is young enough."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from app.prober.checks.tools import Tools
from app.prober.outcome import Failed, Fault
from app.prober.spec import AgeRule, HttpSpec, JsonRule
from app.sla.case import State

_MISSING = object()


def needs_body(spec: HttpSpec) -> bool:
    rules = (spec.text, spec.absent, spec.pattern, spec.json_value, spec.largest_bytes)
    return any(rule is not None for rule in rules) or (spec.age is not None and spec.age.read != "header")


def in_status(status: int, allowed: str) -> bool:
    for part in allowed.split(","):
        low, _, high = part.partition("-")
        if int(low) <= status <= int(high or low):
            return True
    return False


async def examine(spec: HttpSpec, response: httpx.Response, body: bytes, tools: Tools) -> None:
    """Whether the answer is what was asked for. Raises Failed with the first thing that is not."""
    if spec.header is not None:
        value = response.headers.get(spec.header.name)
        if value is None:
            raise Failed(Fault.HEADER, f"no header {spec.header.name}")
        if spec.header.contains not in value:
            raise Failed(Fault.HEADER, f"the header {spec.header.name} does not contain {spec.header.contains!r}")
    text = _text(response, body) if needs_body(spec) else ""
    if spec.text is not None and spec.text not in text:
        raise Failed(Fault.CONTENT, f"{spec.text[:60]!r} is not in it", body=body)
    if spec.absent is not None and spec.absent in text:
        raise Failed(Fault.CONTENT, f"{spec.absent[:60]!r} is in it", body=body)
    if spec.pattern is not None and await tools.matcher.search(spec.pattern, text) is None:
        raise Failed(Fault.CONTENT, f"nothing fits {spec.pattern[:60]}", body=body)
    if spec.json_value is not None:
        _json_value(spec.json_value, text, body)
    if spec.age is not None:
        await _young_enough(spec.age, response, text, body, tools)


def _text(response: httpx.Response, body: bytes) -> str:
    found = re.search(r"charset\s*=\s*\"?([\w.:-]{1,40})", response.headers.get("content-type", ""), re.IGNORECASE)
    try:
        return body.decode(found.group(1) if found else "utf-8", "replace")
    except (LookupError, UnicodeError):  # a charset nobody knows, or one that is no encoding of text
        return body.decode("utf-8", "replace")


def _parsed(text: str, body: bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Failed(Fault.CONTENT, "is not JSON", body=body) from None


def _at(value: Any, path: str) -> Any:
    for name in path.split(".") if path else ():
        match value:
            case dict() if name in value:
                value = value[name]
            case list() if name.isascii() and name.isdigit() and len(name) < 9 and int(name) < len(value):
                value = value[int(name)]
            case _:
                return _MISSING
    return value


def _json_value(rule: JsonRule, text: str, body: bytes) -> None:
    value = _at(_parsed(text, body), rule.at)
    if value is _MISSING:
        raise Failed(Fault.CONTENT, f"has no {rule.at}", body=body)
    if rule.equals is not None and (type(value) is not type(rule.equals) or value != rule.equals):
        shown, wanted = (json.dumps(one, ensure_ascii=False)[:60] for one in (value, rule.equals))
        raise Failed(Fault.CONTENT, f"{rule.at} is {shown}, not {wanted}", body=body)


async def _young_enough(rule: AgeRule, response: httpx.Response, text: str, body: bytes, tools: Tools) -> None:
    match rule.read:
        case "header":
            found = response.headers.get(rule.at)
        case "json":
            value = _at(_parsed(text, body), rule.at)
            found = None if value is _MISSING or isinstance(value, dict | list) else str(value)
        case "pattern":
            found = await tools.matcher.search(rule.at, text)
        case "body":
            found = text[:100]
    if found is None:
        raise Failed(Fault.STALE, f"says no time at {rule.at}", body=body, state=State(rule.stale_is))
    at = moment(found)
    if at is None:
        raise Failed(Fault.STALE, f"{found[:40]!r} is not a time", body=body, state=State(rule.stale_is))
    now = tools.clock()
    if now - at > timedelta(minutes=rule.within_minutes):
        detail = f"is of {at.isoformat()}, older than {rule.within_minutes} minutes"
        raise Failed(Fault.STALE, detail, state=State(rule.stale_is))


def moment(text: str) -> datetime | None:
    """A time as pages write it: ISO 8601, as in e-mail and HTTP, or Unix seconds or milliseconds. None for no time."""
    text = text.strip()
    try:
        if re.fullmatch(r"\d{9,11}(\.\d{1,9})?", text, re.ASCII):
            return datetime.fromtimestamp(int(text.partition(".")[0]), UTC)
        if re.fullmatch(r"\d{12,14}", text, re.ASCII):
            return datetime.fromtimestamp(int(text) // 1000, UTC)
        if re.match(r"\d{4}-?\d\d-?\d\d", text, re.ASCII):
            at = datetime.fromisoformat(text)
        else:
            at = parsedate_to_datetime(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
