"""The chain by itself: each fault is found, points at its entry, and condemns no other."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.evidence.chain import FIELDS, GENESIS, Verification, canonical, link, verify

Chain = list[dict[str, Any]]
KINDS = ("window.announced", "letter.issued", "note.added")


def seal(entry: dict[str, Any], previous: str) -> dict[str, Any]:
    return {**entry, "prev": previous, "digest": link(previous, entry)}


def chain(length: int, texts: tuple[str, ...] = ("Ms Okafor wrote",)) -> Chain:
    out: Chain = []
    for seq in range(1, length + 1):
        entry = {
            "seq": seq,
            "recorded_at": f"2025-06-03T08:{seq % 60:02d}:00.000000Z",
            "occurred_at": "2025-06-03T08:05:00.000000Z",
            "actor": "token:office",
            "source": "N",
            "kind": KINDS[seq % 3],
            "subject": f"window:{seq}",
            "body": {"text": texts[seq % len(texts)], "amount": "400.00", "steps": [seq, None, True]},
            "attachments": ["ab" * 32] if seq % 2 else [],
        }
        out.append(seal(entry, out[-1]["digest"] if out else GENESIS))
    return out


CHAIN = chain(12)
places = st.integers(0, 11)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


def at(result: Verification) -> set[int]:
    return {finding.seq for finding in result.findings}


def test_a_good_chain_is_whole_and_its_head_is_the_last_digest() -> None:
    result = verify(CHAIN, [CHAIN[4]["digest"], CHAIN[11]["digest"]])
    assert result.whole
    assert (result.count, result.head) == (12, CHAIN[-1]["digest"])
    empty = verify([])
    assert (empty.whole, empty.count, empty.head) == (True, 0, GENESIS)


@given(place=places, field=st.sampled_from([*FIELDS, "prev", "digest"]), data=st.data())
def test_one_changed_character_anywhere_is_found_at_that_entry_and_nowhere_else(
    place: int, field: str, data: st.DataObject
) -> None:
    changed = copy.deepcopy(CHAIN)
    text = json.dumps(changed[place][field], ensure_ascii=False)
    where = data.draw(st.integers(0, len(text) - 1))
    sign = data.draw(
        st.sampled_from('0123456789abcdefNMxyz é日\u0000"[]{},.-') | st.characters(exclude_categories=["Cs"])
    )
    try:
        value = json.loads(text[:where] + sign + text[where + 1 :])
    except ValueError:
        value = text[:where] + sign + text[where + 1 :]  # no longer JSON: stored text that cannot be parsed
    changed[place][field] = value
    result = verify(changed)
    if value == CHAIN[place][field] and type(value) is type(CHAIN[place][field]):
        assert result.whole
        return
    seq = place + 1
    if field == "seq":  # the number itself may say anything now; the sentence says which entry it was
        assert result.findings
        assert all(f"entry {seq}" in found.text or found.seq == seq for found in result.findings), result.findings
    else:
        assert [found.seq for found in result.findings] == [seq], result.findings
        assert result.findings[0].what in ("changed", "unreadable")


@given(first=places, how_many=st.integers(1, 11))
def test_removed_rows_are_named_whether_first_middle_or_last(first: int, how_many: int) -> None:
    last = min(first + how_many, 12)
    left = CHAIN[:first] + CHAIN[last:]
    result = verify(left, [CHAIN[-1]["digest"]])
    assert len(result.findings) == 1
    found = result.findings[0]
    assert found.what == "removed"
    if last < 12:
        assert found.seq == first + 1
        assert f"missing before entry {last + 1}" in found.text
    else:
        assert found.seq == first  # the log ends there now
        assert CHAIN[-1]["digest"] in found.text


def test_a_cut_tail_is_seen_only_by_somebody_who_holds_a_head() -> None:
    assert verify(CHAIN[:-1]).whole
    assert not verify(CHAIN[:-1], [CHAIN[-1]["digest"]]).whole
    assert verify(CHAIN[:-1], [CHAIN[-2]["digest"]]).whole


@given(place=st.integers(0, 10))
def test_a_reordered_pair_in_the_list_points_at_one_of_the_two(place: int) -> None:
    moved = list(CHAIN)
    moved[place], moved[place + 1] = moved[place + 1], moved[place]
    result = verify(moved)
    assert [finding.what for finding in result.findings] == ["reordered"]
    assert at(result) <= {place + 1, place + 2}
    for seq in (place + 1, place + 2):
        assert f"entry {seq}" in result.findings[0].text


@given(st.tuples(places, places).filter(lambda pair: pair[0] != pair[1]))
def test_two_numbers_swapped_in_the_table_point_at_the_two(pair: tuple[int, int]) -> None:
    one, two = sorted(pair)
    swapped = copy.deepcopy(CHAIN)
    swapped[one]["seq"], swapped[two]["seq"] = two + 1, one + 1
    result = verify(sorted(swapped, key=lambda entry: entry["seq"]))
    assert {finding.what for finding in result.findings} == {"reordered"}
    assert at(result) == {one + 1, two + 1}


@given(place=places, sound=st.booleans())
def test_an_inserted_row_is_named_though_all_behind_it_were_renumbered(place: int, sound: bool) -> None:
    forged = seal(CHAIN[place] | {"body": {"text": "a note that never was"}}, CHAIN[place]["prev"])
    if not sound:
        forged["digest"] = "1" * 64
    behind = [entry | {"seq": entry["seq"] + 1} for entry in CHAIN[place:]]
    result = verify([*CHAIN[:place], forged, *behind])
    assert "inserted" in {finding.what for finding in result.findings}
    assert at(result) == {place + 1}
    twice = verify([*CHAIN[: place + 1], forged, *CHAIN[place + 1 :]])
    assert at(twice) == {place + 1}


@given(place=st.integers(0, 10))
def test_a_removed_row_is_named_though_all_behind_it_were_renumbered(place: int) -> None:
    result = verify(CHAIN[:place] + [entry | {"seq": entry["seq"] - 1} for entry in CHAIN[place + 1 :]])
    assert at(result) == {place + 1}
    assert any(finding.what == "removed" for finding in result.findings)


@given(place=st.integers(0, 10))
def test_an_entry_replaced_by_one_that_fits_itself_breaks_the_link_behind_it(place: int) -> None:
    forged = seal(CHAIN[place] | {"body": {"text": "another"}}, CHAIN[place]["prev"])
    result = verify([*CHAIN[:place], forged, *CHAIN[place + 1 :]])
    assert len(result.findings) == 1
    assert result.findings[0].seq == place + 2
    assert f"entry {place + 1}" in result.findings[0].text


@given(place=places)
def test_a_tail_written_anew_is_seen_by_whoever_holds_the_head(place: int) -> None:
    tail: Chain = []
    for entry in CHAIN[place:]:
        previous = tail[-1]["digest"] if tail else entry["prev"]
        tail.append(seal(entry | {"actor": "token:other"}, previous))
    anew = CHAIN[:place] + tail
    assert verify(anew).whole
    result = verify(anew, [CHAIN[-1]["digest"]])
    assert [finding.what for finding in result.findings] == ["removed"]
    assert CHAIN[-1]["digest"] in result.findings[0].text


@given(json_values)
def test_any_json_is_sealed_and_its_canonical_form_is_stable(value: object) -> None:
    raw = canonical(value)
    assert canonical(json.loads(raw)) == raw
    entry = {**CHAIN[0], "body": {"value": value}}
    assert verify([seal(entry, GENESIS)]).whole


def test_unicode_is_sealed_as_it_was_typed() -> None:
    composed, split = "Nestlé", "Nestle\u0301"
    assert canonical(composed) != canonical(split)
    assert canonical({"日本": "\u007f/🚀\u0000\u001f"}) == '{"日本":"\u007f/🚀\\u0000\\u001f"}'.encode()
    # by code point: U+FF5E before U+1F680, though UTF-16 would put it behind
    assert canonical({"🚀": 1, "\uff5e": 2}).decode() == '{"\uff5e":2,"🚀":1}'


@pytest.mark.parametrize("value", [1.5, float("nan"), {"a": [0.1]}, [{"b": (1, 2.0)}]])
def test_floats_are_refused_wherever_they_hide(value: object) -> None:
    with pytest.raises(TypeError, match="no floats in evidence"):
        canonical(value)


def test_half_a_character_is_refused() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        canonical({"text": "\ud800"})


def test_two_faults_give_two_findings() -> None:
    broken = copy.deepcopy(CHAIN)
    broken[2]["body"]["amount"] = "4000.00"
    broken[8]["occurred_at"] = "2025-06-01T08:05:00.000000Z"
    del broken[5]
    assert [(item.seq, item.what) for item in verify(broken).findings] == [
        (3, "changed"),
        (6, "removed"),
        (9, "changed"),
    ]
