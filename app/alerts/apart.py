"""The one file that knows Apprise: it runs in a process of its own, which is given one address and one text.

Apart, because an address may be made to lead anywhere. Every connection this process makes is looked at by the
interpreter itself at the moment it is made, redirects and answers of name servers that change included; it starts no
program, and it is ended when it takes too long. In comes one JSON object, out goes another.
"""

from __future__ import annotations

import json
import sys
from typing import Any

SCHEMES = frozenset({
    "brevo", "discord", "form", "forms", "gchat", "goalert", "goalerts", "gotify", "gotifys", "ilert", "json",
    "jsons", "mailgun", "mailto", "mailtos", "matrix", "matrixs", "mmost", "mmosts", "msteams", "nctalk",
    "nctalks", "ntfy", "ntfys", "opsgenie", "pagerduty", "pbul", "postmark", "pover", "pushy", "rocket",
    "rockets", "ryver", "sendgrid", "ses", "signal", "signals", "signl4", "slack", "sns", "splunk", "squadcast",
    "synology", "synologys", "tgram", "threema", "twilio", "twist", "victorops", "webex", "workflows", "wxteams",
    "xml", "xmls", "zulip",
})  # fmt: skip
LIMIT_S = 25.0


def fence(allowed: str) -> list[str]:
    """From here on this process connects to nothing special, and starts nothing. What was refused, as it goes on."""
    from app.prober.addresses import Networks

    networks, refusals = Networks.parse(allowed), list[str]()

    def refuse(reason: str) -> None:
        refusals.append(reason)
        raise Refused(reason)

    def watched(event: str, arguments: tuple[Any, ...]) -> None:
        if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
            place = arguments[-1]
            if not isinstance(place, tuple):
                refuse(f"{str(place)[:60]} is no address of a network")
            elif reason := networks.refuse(str(place[0])):
                refuse(reason.replace("KEPT_PROBE_", "KEPT_ALERT_"))
        elif event in ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.startfile"):
            refuse("no program is started")

    sys.addaudithook(watched)
    return refusals


class Refused(OSError):
    """An address that is not asked."""


def main() -> None:
    asked = json.load(sys.stdin)
    refusals = fence(asked["allowed"])
    try:
        said = run(asked)
    except Exception as error:  # whatever a plugin does with an address, an answer comes out
        said = {"ok": False, "why": f"{type(error).__name__}"}
    if not said["ok"] and refusals:
        said["refused"] = refusals[0]
    print(json.dumps(said))


def run(asked: dict[str, Any]) -> dict[str, Any]:
    import logging

    import apprise

    asset = apprise.AppriseAsset(async_mode=False, secure_logging=True, app_id="Kept", app_desc="Kept", app_url="")
    asset.http_redirects = False
    logging.getLogger("apprise").addHandler(logging.NullHandler())
    made = apprise.Apprise.instantiate(asked["url"], asset=asset, suppress_exceptions=True)
    scheme = asked["url"].partition("://")[0].lower()
    if made is None or isinstance(made, list) or scheme not in _schemes(made):
        return {"ok": False, "why": "not an address of this kind"}
    if asked["text"] is None:
        return {"ok": True, "scheme": scheme}
    lines: list[str] = []
    one = apprise.Apprise(asset=asset)
    one.add(made)
    result = one.notify(
        title=asked["title"], body=asked["text"], notify_type=apprise.NotifyType(asked["grave"]),
        body_format=apprise.NotifyFormat.TEXT, timeout=LIMIT_S - 5, log_level=logging.WARNING,
        log_callback=lambda entry, _plugin: lines.append(entry.message),
    )  # fmt: skip
    return {"ok": bool(result), "why": None if result else (lines[-1] if lines else "it was not taken")}


def _schemes(made: Any) -> set[str]:
    out: set[str] = set()
    for name in ("protocol", "secure_protocol"):
        value = getattr(made, name, None) or ()
        out |= {value} if isinstance(value, str) else set(value)
    return out & SCHEMES


if __name__ == "__main__":
    main()
