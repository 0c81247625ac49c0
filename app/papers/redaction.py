"""What must not leave the house, hidden by rule: secrets, and how a client's people are called and reached.

The rules, in this order: private keys; tokens of known make (ours, AWS, GitHub, GitLab, Slack, Stripe, JWT);
`Authorization` values; user and password inside an address; what follows password=, token=, secret=, api_key= and the
like; e-mail addresses of clients' contacts and any address at the domain of a client's site; their telephone numbers;
their names. What is hidden reads "[masked: …]", and the appendix says how often and where. The record itself is
unchanged.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from pydantic import BaseModel

SECRET, PASSWORD, ADDRESS, PHONE, NAME = "secret", "password", "e-mail address", "telephone number", "name"
LIMITS = (400, 6000)  # of a line and of a text in the print shop: a mask may be longer than what it hides
KEPT_APART = frozenset({"header", "provider", "service", "sha256", "bundle_sha256", "host_name", "name", "file"})
"""Fields that are identity, digests or names of sites and files: nothing in them is hidden."""

_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
_TOKEN = re.compile(
    r"\b(?:kept_[A-Za-z0-9_-]{12,}|(?:AKIA|ASIA)[A-Z0-9]{16}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}"
    r"|glpat-[\w-]{16,}|xox[abeprs]-[\w-]{10,}|[rs]k_(?:live|test)_\w{10,}|sk-[\w-]{20,}"
    r"|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,})"
)
_BEARER = re.compile(r"\b(?P<keep>(?:Bearer|Basic)\s+)[A-Za-z0-9+/=._~-]{8,}", re.IGNORECASE)
_IN_ADDRESS = re.compile(r"(?P<keep>\b[a-z][a-z0-9+.-]*://)[^\s/@:]*:[^\s/@]+(?=@)", re.IGNORECASE)
_NAMED = re.compile(
    r"(?P<keep>\b(?:pass(?:word|wort|phrase|wd)?|pwd|kennwort|token|access[_-]?token|secret|client[_-]?secret|api[_-]?key"
    r"|signature|sig)\b[\"']?\s*[=:]\s*[\"']?)(?!\[masked)[^\s\"'&;,<>]{3,}",
    re.IGNORECASE,
)
_E_MAIL = re.compile(r"[\w.+%'-]+@[\w-]+(?:\.[\w-]+)+")
_NUMBER = re.compile(r"(?<![\w.])\+?\(?\d[\d ()/.\-\u00a0]{5,}\d(?!\w)")

Paper = TypeVar("Paper", bound=BaseModel)


def masked(what: str) -> str:
    return f"[masked: {what}]"


@dataclass(frozen=True)
class Mask:
    """What is known of clients' people. `hidden` counts (part of the document, rule) while documents are masked."""

    addresses: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    names: tuple[str, ...] = ()
    hidden: Counter[tuple[str, str]] = field(default_factory=Counter, compare=False)

    def text(self, text: str, where: str = "text") -> str:
        """The text with everything hidden that a rule names."""

        def hide(rule: str) -> Callable[[re.Match[str]], str]:
            def put(found: re.Match[str]) -> str:
                self.hidden[where, rule] += 1
                return (found.groupdict().get("keep") or "") + masked(rule)

            return put

        for pattern, rule in ((_KEY, SECRET), (_TOKEN, SECRET), (_BEARER, SECRET), (_IN_ADDRESS, PASSWORD)):
            text = pattern.sub(hide(rule), text)
        text = _NAMED.sub(hide(PASSWORD), text)
        if "@" in text:
            text = _E_MAIL.sub(lambda found: hide(ADDRESS)(found) if self._theirs(found[0]) else found[0], text)
        if self.phones:
            text = _NUMBER.sub(lambda found: hide(PHONE)(found) if digits(found[0]) in self.phones else found[0], text)
        for name in self.names:
            if name in text:
                text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", hide(NAME), text)
        return text

    def finds(self, text: str) -> bool:
        """Whether a rule would hide anything; counts nothing."""
        return Mask(self.addresses, self.domains, self.phones, self.names).text(text) != text

    def document(self, paper: Paper) -> Paper:
        """The paper with every free text masked; its own parts name where."""
        changes = {}
        for name in type(paper).model_fields:
            if name not in KEPT_APART:
                before = getattr(paper, name)
                after = self._value(before, name)
                if after is not before:
                    changes[name] = after
        return paper.model_copy(update=changes) if changes else paper

    def _theirs(self, address: str) -> bool:
        address = address.lower()
        domain = address.rpartition("@")[2]
        return address in self.addresses or any(domain == own or domain.endswith("." + own) for own in self.domains)

    def _value(self, value: object, where: str) -> object:
        if isinstance(value, str):
            after = self.text(value, where)
            most = next((limit for limit in LIMITS if len(value) <= limit), len(value))
            return value if after == value else after[:most]
        if isinstance(value, tuple):
            items = tuple(self._value(item, where) for item in value)
            return value if all(a is b for a, b in zip(items, value, strict=True)) else items
        if isinstance(value, BaseModel):
            inner: dict[str, object] = {}
            for name in type(value).model_fields:
                if name not in KEPT_APART:
                    kept = getattr(value, name)
                    shown = self._value(kept, where)
                    if shown is not kept:
                        inner[name] = shown
            return value.model_copy(update=inner) if inner else value
        return value


def digits(number: str) -> str:
    """The last eight digits: a number reads differently with and without its country's code."""
    return re.sub(r"\D", "", number)[-8:]


def mask_of(
    addresses: Iterable[str], phones: Iterable[str], names: Iterable[str], sites: Iterable[str], ours: Iterable[str]
) -> Mask:
    """`sites`: host names of clients' sites, whose domains hide addresses and are no names; `ours`: names and
    addresses of the agency and the provider, which stay readable."""
    hosts, open_words = {site.lower() for site in sites}, {word.lower() for word in ours}
    own_domains = {word.rpartition("@")[2] for word in open_words if "@" in word}
    return Mask(
        addresses=frozenset(word.lower() for word in addresses) - open_words,
        domains=frozenset(hosts - own_domains),
        phones=frozenset(number for phone in phones if len(number := digits(phone)) >= 6)
        - {digits(word) for word in open_words},
        names=tuple(
            sorted(
                {name for name in names if len(name) > 3 and name.lower() not in hosts | open_words},
                key=lambda name: (-len(name), name),
            )
        ),
    )
