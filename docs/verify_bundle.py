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
        yield "%s is in the bundle twice" % name
    number, head, called, attached, seen = 0, GENESIS, {GENESIS}, {}, set()
    count = 0
    with archive.open("entries.jsonl") as lines:
        for line in lines:
            count += 1
            try:
                entry = read(line.rstrip(b"\n"))
                own = seal(entry)
            except (ValueError, TypeError, RecursionError) as error:
                yield "entry %d: cannot be read: %s" % (number + 1, error)
                number, called = number + 1, None
                continue
            seq = entry["seq"]
            seen.add(entry["digest"])
            for digest in entry["attachments"]:
                attached.setdefault(str(digest), seq)
            if own != entry["digest"]:
                what = "%s, %s" % (entry["kind"], entry["subject"])
                yield "entry %d: it was changed after it was written (%s)" % (seq, what)
            if seq != number + 1:
                where = "entry %d: it stands behind entry %d" % (seq, number)
                if seq > number + 1:
                    where += "; entry %d to entry %d are missing there" % (number + 1, seq - 1)
                yield where
            elif called is not None and own == entry["digest"] and entry["prev"] not in called:
                yield "entry %d: it does not follow from entry %d; one of the two was replaced" % (seq, number)
            number, head, called = seq, entry["digest"], {entry["digest"], own}
    said = json.loads(archive.read("head.json"))
    if said != {"entries": count, "head": head}:
        yield "entry %d: the log ends here, but head.json says otherwise: %s" % (number, said)
    there = {name[len("attachments/") :] for name in names if name.startswith("attachments/")}
    for digest in sorted(there):
        if hashlib.sha256(archive.read("attachments/" + digest)).hexdigest() != digest:
            yield "entry %s: its attachment %s was changed" % (attached.get(digest, "none"), digest)
    for digest in sorted(set(attached) - there):
        yield "entry %d: its attachment %s is missing" % (attached[digest], digest)
    for digest in sorted(wanted - seen):
        yield "entry %d: the log ends here without %s; it was cut or rewritten after that was printed" % (
            number,
            digest,
        )
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
    except (OSError, KeyError, ValueError, zipfile.BadZipFile, zipfile.zlib.error) as error:
        print("this is no bundle, or it was damaged: %s" % error)
        return 2
    if wrong:
        print("NOT WHOLE: %d findings in %d entries" % (wrong, count))
        return 1
    print("whole: %d entries, head %s" % (count, head))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
