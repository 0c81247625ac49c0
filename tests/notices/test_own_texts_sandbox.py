"""Own texts, pure: what a template may read, what it is refused for, and that nothing goes on for ever."""

from __future__ import annotations

import time

import pytest

from app.notices.owntexts import sandbox
from app.notices.owntexts.filters import Printed
from app.notices.owntexts.sandbox import Refused
from app.notices.owntexts.written import KINDS, examine, sample, sparse, values, write

LISTED = "{% for site in sites %}{{ site.host_name }}{% if not loop.last %}, {% endif %}{% endfor %}"


def refused(text: str, kind: str = "L4", subject: str = "Still away") -> str:
    with pytest.raises(Refused) as caught:
        examine(kind, "en", subject, text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{{ ''.__class__ }}", "__class__"),
        ("{{ sites[0]['__class__'] }}", "__class__"),
        ("{{ ref.__init__.__globals__ }}", "__globals__"),
        ("{{ sites|attr('__class__') }}", "filter attr"),
        ("{{ cycler.__init__ }}", "__init__"),
        ("{{ self.x }}", "self"),
        ("{% for i in range(1000000000) %}x{% endfor %}", "calls something"),
        ("{{ ref.format(1) }}", "calls something"),
        ("{{ 'a' * 100000000 }}", "mul"),
        ("{{ '%099999999d' % 1 }}", "mod"),
        ("{% set x = ref %}{{ x }}", "assigns"),
        ("{% macro m() %}{{ m() }}{% endmacro %}", "macro"),
        ("{% include 'x' %}", "another file"),
        ("{% for s in sites recursive %}{{ loop(sites) }}{% endfor %}", "calls itself"),
        ("{% for a in [1, 2] %}x{% endfor %}", "has list"),
        ("{% for a in ref %}x{% endfor %}", "no list"),
        ("{% if ref %}", "endif"),
        ("{{ " + "(" * 3000 + "ref" + ")" * 3000 + " }}", "nested too deeply"),
        ("x" * 8001, "8000 characters"),
        ("{{ nothing }}", "asks for nothing"),
        ("{{ header.evidence_head }}", "asks for header"),
        ("{% if false %}{{ body.nothing }}{% endif %}", "asks for nothing"),  # where no sample comes by
        ("{% for s in sites %}{{ s.nothing }}{% endfor %}", "asks for nothing"),
        ("{{ body.known }}", "take the filter listed"),
        ("{{ as_at }}", "take a filter"),
        ("{{ body.update|date }}", "takes a moment"),
        ("{{ body.fallback }}", "does not have"),  # there in one sample, and not in every letter
        ("{{ body.expected_end_at|time }}", "does not have"),
        ("{{ provider_name }}", "does not have"),  # the provider is not named where it is not to be
        ("{% if ref > 3 %}x{% endif %}", "cannot be rendered"),
        ("", "paragraphs"),
    ],
)
def test_a_template_that_cannot_be_used_is_refused_with_the_reason(text: str, says: str) -> None:
    begun = time.process_time()
    assert says in refused(text)
    assert time.process_time() - begun < 2


def test_loops_in_loops_end() -> None:
    inner = "{% for a in sites %}{% for b in sites %}{% for c in sites %}x{% endfor %}{% endfor %}{% endfor %}"
    assert "more than 3 loops" in refused(f"{{% for d in sites %}}{inner}{{% endfor %}}")
    many = {"sites": tuple({"n": number} for number in range(100))}
    begun = time.process_time()
    for text in (
        inner,
        "{% for a in sites %}{% for b in sites %}{% endfor %}{% endfor %}",
    ):  # also where nothing is said
        with pytest.raises(Refused, match="more than 5000 passes"):
            sandbox.rendered(text, many, Printed("en-GB", "UTC"))
    with pytest.raises(Refused, match="6000 characters"):
        sandbox.rendered("{% for a in sites %}" + "x" * 100 + "{% endfor %}", many, Printed("en-GB", "UTC"))
    assert time.process_time() - begun < 1


def test_values_are_printed_in_the_letters_language_and_zone() -> None:
    text = (
        f"{LISTED}. Since {{{{ body.down_from|date }}}}, {{{{ body.down_from|time }}}}: "
        "{{ body.down_seconds|duration }}.\n\n  {% if next_contact_at is not none %}{{ next_contact_at|moment }}"
        "{% endif %}\n{{ body.known|first }}"
    )
    english = examine("L4", "en", "{{ sites|length }} away", text)
    german = examine("L4", "de", "{{ body.down_seconds|duration|upper }}", text)
    whole = sample("L4", "en")
    first, second = english.paragraphs
    assert english.subject == f"{len(whole.sites)} away"
    assert first.startswith(whole.sites[0].host_name)
    assert "Since Saturday, 28 June, 22:00: " in first
    assert "Since Samstag, 28. Juni, 22:00: " in german.paragraphs[0]
    assert "STUNDEN" in german.subject
    assert second.endswith(values(whole)["body"]["known"][0])
    assert sandbox.paragraphs("a\r\n b \n\n \n\nc") == ("a b", "c")
    assert [Printed("de-DE", "UTC").duration(seconds) for seconds in (0, 5400, 3661)] == [
        "0 Minuten", "1 Stunde, 30 Minuten", "1 Stunde, 1 Minute, 1 Sekunde",
    ]  # fmt: skip
    assert Printed("en-US", "America/New_York").moment(whole.header.as_at).startswith("June ")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_sample_that_can_be_read_whole_and_sparse(kind: str) -> None:
    for language in ("en", "de"):
        whole = sample(kind, language)
        assert whole.body.letter == kind
        assert whole.header.language.startswith(language)
        less = sparse(whole)
        assert sparse(less) == less
        own = write("{{ sites[0].host_name }}", f"{LISTED}\n\n{{{{ recipient.name }}}}", less, "test")
        assert own.subject == whole.sites[0].host_name
