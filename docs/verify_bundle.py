#!/usr/bin/env python3
"""Checks an evidence bundle of Kept with nothing but Python's standard library (3.9 or later).

    python3 -I -S verify_bundle.py bundle.zip [DIGEST ...]

DIGEST: heads printed in documents' footers; each must be in the log. What is checked, byte for byte, and what a
whole bundle proves and does not prove, is in docs/verify-evidence.md. Exit code 0: whole. 1: something is wrong,
each finding names its entry. 2: this is no bundle.
"""

import hashlib
import json
import sys
import zipfile
import zlib

PREFIX = b"kept-evidence-v1\0"
FIELDS = ("seq", "recorded_at", "occurred_at", "actor", "source", "kind", "subject", "body", "attachments")
GENESIS = "0" * 64


def canonical(value):
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8")


def refuse(text):
    raise ValueError("the number " + text[:40] + " has no place in evidence")


def read(line):
    """A line of entries.jsonl as a value; it must be written in the one canonical way."""
    entry = json.loads(line.decode("utf-8"), parse_float=refuse, parse_constant=refuse)
    if not isinstance(entry, dict) or set(entry) != {*FIELDS, "prev", "digest"}:
        raise ValueError("it has not the fields of an entry")
    if canonical(entry) != line:
        raise ValueError("it is not written canonically")
    if type(entry["seq"]) is not int:
        raise ValueError("its number is none")
    if not (isinstance(entry["digest"], str) and isinstance(entry["attachments"], list)):
        raise ValueError("its digest is no text, or its attachments are no list")
    return entry


def seal(entry):
    """The digest an entry must have, from its own words and the digest before it."""
    words = canonical({name: entry[name] for name in FIELDS})
    return hashlib.sha256(PREFIX + bytes.fromhex(entry["prev"]) + words).hexdigest()


def check(archive, wanted):
    """Yields what is wrong, a sentence each; gives the number of entries and the head."""
    names = archive.namelist()
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"{name} is in the bundle twice"
    number, head, called, attached, seen = 0, GENESIS, {GENESIS}, {}, set()
    count = 0
    with archive.open("entries.jsonl") as lines:
        for line in lines:
            count += 1
            try:
                entry = read(line.rstrip(b"\n"))
                own = seal(entry)
            except (ValueError, TypeError, RecursionError) as error:
                yield f"entry {number + 1}: cannot be read: {error}"
                number, called = number + 1, None
                continue
            seq = entry["seq"]
            seen.add(entry["digest"])
            for digest in entry["attachments"]:
                attached.setdefault(str(digest), seq)
            if own != entry["digest"]:
                yield f"entry {seq}: it was changed after it was written ({entry['kind']}, {entry['subject']})"
            if seq != number + 1:
                where = f"entry {seq}: it stands behind entry {number}"
                if seq > number + 1:
                    where += f"; entry {number + 1} to entry {seq - 1} are missing there"
                yield where
            elif called is not None and own == entry["digest"] and entry["prev"] not in called:
                yield f"entry {seq}: it does not follow from entry {number}; one of the two was replaced"
            number, head, called = seq, entry["digest"], {entry["digest"], own}
    said = json.loads(archive.read("head.json"))
    if said != {"entries": count, "head": head}:
        yield f"entry {number}: the log ends here, but head.json says otherwise: {said}"
    there = {name[len("attachments/") :] for name in names if name.startswith("attachments/")}
    for digest in sorted(there):
        if hashlib.sha256(archive.read("attachments/" + digest)).hexdigest() != digest:
            yield f"entry {attached.get(digest, 'none')}: its attachment {digest} was changed"
    for digest in sorted(set(attached) - there):
        yield f"entry {attached[digest]}: its attachment {digest} is missing"
    for digest in sorted(wanted - seen):
        yield f"entry {number}: the log ends here without {digest}; it was cut or rewritten after that was printed"
    return count, head


def main(arguments):
    if not arguments or arguments[0].startswith("-"):
        print(__doc__)
        return 2
    wrong = 0
    try:
        with zipfile.ZipFile(arguments[0]) as archive:
            findings = check(archive, {digest.lower() for digest in arguments[1:]})
            while True:
                try:
                    print(next(findings))
                    wrong += 1
                except StopIteration as end:
                    count, head = end.value
                    break
    except (OSError, KeyError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        print(f"this is no bundle, or it was damaged: {error}")
        return 2
    if wrong:
        print(f"NOT WHOLE: {wrong} findings in {count} entries")
        return 1
    print(f"whole: {count} entries, head {head}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
