#!/usr/bin/env python3
"""Checks a proof of `kept audit prove` with nothing but Python's standard library (3.9 or later).

    python3 -I -S verify_manifest.py proof.json ROOT [FILE]

ROOT: the root that was given away before (in a ticket, a letter, the evidence log). FILE: a copy of the file; its
content must be the one that was sealed. docs/audit.md says what is hashed, byte
for byte. Exit code 0: it holds; 4: not.
"""

import hashlib
import json
import sys
from urllib.parse import quote, unquote_to_bytes


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def climb(leaf, path):
    index, last, rest = path["index"], path["of"] - 1, [bytes.fromhex(item) for item in path["siblings"]]
    while last:
        if index % 2 or index < last:
            other = rest.pop(0)
            leaf = sha(b"\1", other, leaf) if index % 2 else sha(b"\1", leaf, other)
        index, last = index // 2, last // 2
    return leaf.hex() if not rest and index == 0 else "does not fit"


def record(kind, value):
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return sha(b"\0", kind.encode(), b"\0", text.encode())


def name(text):
    return quote(text, safe=" ", errors="surrogateescape") if "|" in text or "%" in text else text


def check(proof, root, copy):
    told, salts = proof["leaf"], proof["salts"]
    salt = (lambda which, leaf: sha(b"\0", bytes.fromhex(salts[which]), leaf)) if salts else lambda which, leaf: leaf
    fields = "{kind}|{mode:o}|{0}|{1}|{size}|{mtime_ns}|".format(name(told["owner"]), name(told["group"]), **told)
    content = bytes.fromhex(told["content"])
    leaf = sha(b"\0", unquote_to_bytes(told["path"]), b"\0", fields.encode("utf-8", "surrogateescape"), content)
    if climb(salt("leaf", leaf), proof["site_path"]) != proof["site"]["salted_root" if salts else "root"]:
        return "the path is not in this site as it was sealed"
    if climb(salt("site", record("site", proof["site"])), proof["server_path"]) != root:
        return "the site is not below this root"
    if climb(salt("head", record("head", proof["head"])), proof["head_path"]) != root:
        return "time and server are not below this root"
    counts = [proof[which]["of"] for which in ("site_path", "server_path", "head_path")]
    if counts != [proof["site"]["entries"], proof["head"]["leaves"], proof["head"]["leaves"]]:
        return "the numbers of leaves do not fit"
    if copy is not None:
        with open(copy, "rb") as stream:
            whole = {"sha256": hashlib.sha256, "blake2b": lambda: hashlib.blake2b(digest_size=32)}[proof["algorithm"]]()
            for block in iter(lambda: stream.read(1 << 20), b""):
                whole.update(block)
        if whole.digest() != content:
            return "the copy is not the content that was sealed"
    return ""


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    try:
        with open(sys.argv[1], encoding="utf-8") as file:
            given = json.load(file)
        wrong = check(given, sys.argv[2].lower(), sys.argv[3] if len(sys.argv) == 4 else None)
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        wrong = f"it cannot be read, or was cut short: {error!r}"
    print("DOES NOT HOLD: " + wrong if wrong else "holds: {site[name]} {leaf}".format(**given))
    sys.exit(4 if wrong else 0)
