"""The cast: agency, provider, service, 84 clients with 120 sites. All names are invented.

Invented beyond the story's own facts: addresses, contacts, host names, how the 120 sites spread over the 84 clients
(58 with one site, 18 with two, 6 with three, 2 with four), and that every third client reads German.
"""

from __future__ import annotations

from typing import Any

ZONE = "Europe/Berlin"

AGENCY = {
    "name": "Brightwell Web Studio",
    "address": ["Hafenweg 4", "10997 Berlin"],
    "contact_person": "Dana Reyes",
    "phone": "+49 30 23125 142",
    "email": "dana@brightwell.example",
    "zone": ZONE,
    "locale": "en-GB",
    "letter_layout": "din5008b",
    "paper": "A4",
    "name_provider": "final_report",
}
PROVIDER = {"name": "Northgate Hosting", "account": "NG-20417", "account_manager": "Jonas Pohl"}
SERVICE = {
    "name": "HOST-1",
    "kind": "leased server",
    "monthly_fee": "400.00",
    "currency": "EUR",
    "zone": ZONE,
    "in_service_from": "2023-02-01T00:00:00+01:00",
}
CONTRACT = "Northgate service level agreement, version of 1 January 2024"
READ_ON = "2025-05-30"


def _quote(text: str, section: str) -> dict[str, str]:
    return {"text": text, "source": f"{CONTRACT}, {section}", "retrieved_on": READ_ON}


TERMS: dict[str, Any] = {
    "version": "2024-01",
    "timezone": ZONE,
    "currency": "EUR",
    "target_percent": "99.9",
    "period": {"kind": "calendar_month"},
    "maintenance": {
        "scheduled_excluded": True,
        "min_notice_hours": "48",
        "covers": "promised_window",
        "emergency": {"excluded": False},
    },
    "credit": {
        "kind": "uptime_tiers",
        "tiers": [
            {"below": "99.9", "percent": "10"},
            {"below": "99.0", "percent": "30"},
            {"below": "95.0", "percent": "100"},
        ],
    },
    "cap_percent": "100",
    "claim": {"kind": "days_after_period_end", "n": 30},
    "promises": [
        {
            "name": "first_reply",
            "clock_start": "urgent_ticket_opened",
            "clock_stop": "first_human_reply",
            "target_minutes": 60,
        },
        {
            "name": "hardware_replacement",
            "clock_start": "provider_confirmed",
            "clock_stop": "part_replaced",
            "target_minutes": 1440,
        },
    ],
    "source_quotes": {
        "target_percent": _quote("We keep your server available 99.9 % of each calendar month.", "section 3"),
        "credit": _quote(
            "If availability is below 99.9 % we credit 10 %, below 99.0 % 30 %, below 95.0 % 100 % of the monthly fee. "
            "Credits of one month do not exceed the fee of that month.",
            "section 4",
        ),
        "claim": _quote(
            "Credits are not paid automatically. They are claimed within 30 days of the end of the month.", "section 5"
        ),
        "maintenance": _quote(
            "Scheduled maintenance announced at least 48 hours ahead is not counted as downtime, within the announced "
            "window only. Emergency work is counted.",
            "section 6",
        ),
        "promises": _quote(
            "A member of our staff replies to urgent tickets within 60 minutes. A failed part is replaced within "
            "24 hours of our confirming the failure.",
            "section 7",
        ),
    },
}

_FIRST = (
    "Larkfield", "Harbour", "Juniper", "Kestrel", "Linden", "Marlow", "Northbank", "Oakwood", "Pinewood", "Quayside",
    "Rosehill", "Silverbrook", "Thornbury", "Upland", "Vintner", "Westgate", "Yewtree", "Ashdown", "Birchley",
    "Copperfield", "Dunmore",
)  # fmt: skip
_TRADES = (
    ("Garden Centre", "garden"), ("Bakery", "bakery"), ("Dental Practice", "dental"), ("Joinery", "joinery"),
)  # fmt: skip
_PEOPLE = (
    ("Ms", "R.", "Okafor"), ("Mr", "T.", "Brandt"), ("Ms", "L.", "Moreau"), ("Mr", "K.", "Nowak"),
    ("Ms", "S.", "Lindqvist"), ("Mr", "A.", "Ferrari"), ("Ms", "J.", "Weiss"), ("Mr", "D.", "Achebe"),
    ("Ms", "P.", "Horvat"), ("Mr", "M.", "Jansen"), ("Ms", "E.", "Castellanos"),
)  # fmt: skip
_STREETS = ("Station Road", "Mill Lane", "Market Street", "Church Walk", "Bridge Street", "Orchard Row", "Harbour Way")
SITES_PER_CLIENT = (4, 4) + (3,) * 6 + (2,) * 18 + (1,) * 58
"""How many sites the clients have; the sum is 120 over 84 clients."""
SUFFIXES = ("", "-shop", "-events", "-jobs")


def clients() -> list[dict[str, Any]]:
    """84 request bodies for POST /clients, each with its contact and its sites (without their placement)."""
    out, site_number = [], 0
    for index in range(84):
        name, (trade, word) = _FIRST[index % 21], _TRADES[index // 21]
        title, initial, surname = _PEOPLE[index % len(_PEOPLE)]
        language = "de" if index % 3 == 0 else "en"
        title = {"Ms": "Frau", "Mr": "Herr"}[title] if language == "de" else title
        base = f"{name.lower()}-{word}"
        sites = []
        for suffix in SUFFIXES[: SITES_PER_CLIENT[index * 37 % 84]]:
            site_number += 1
            sites.append({"name": f"{base}{suffix}.example", "number": f"S-{site_number:03d}"})
        out.append(
            {
                "number": f"C-{index + 1:03d}",
                "name": f"{name} {trade} Ltd",
                "address": [
                    f"{index % 60 + 3} {_STREETS[index % 7]}",
                    f"Exampleton EX{index % 9 + 1} {index % 8 + 1}GH",
                ],
                "language": language,
                "zone": ZONE,
                "contacts": [
                    {
                        "salutation": f"{title} {surname}",
                        "name": f"{title} {initial} {surname}",
                        "email": f"{surname.lower()}@{base}.example",
                        "receives": True,
                        "invitations": index % 2 == 0,
                        "since_at": "2024-01-08T09:00:00+01:00",
                    }
                ],
                "sites": sites,
            }
        )
    return out
