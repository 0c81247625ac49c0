"""Proof of one path without the others: what it was, and the siblings up to the root that was sealed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from app.errors import BadInput, NotFound
from app.integrity import tree
from app.integrity.agent import containers, leaves, marks
from app.integrity.agent.earlier import Earlier
from app.integrity.agent.sites import Wrong
from app.integrity.format import Generation, IncompleteEvidence, Unverifiable, meant

PROOF = "kept-proof-1"
KEY = "salt.key"


def columns_of(generation: Generation, site: str) -> dict[str, Any]:
    """The columns of a site, deltas laid over their base. Raises IncompleteEvidence or Unverifiable."""
    try:
        found = Earlier(str(generation.folder)).columns(site)
    except Wrong as error:
        kind = IncompleteEvidence if "not beside it" in error.reason else Unverifiable
        raise kind(error.reason, field=str(generation.folder)) from None
    if found is None:
        raise IncompleteEvidence(f"the site {site!r} was not looked at", field=str(generation.folder))
    return found


def located(generation: Generation, text: str) -> tuple[str, bytes]:
    """The site and path that `SITE/path` or `CLIENT/SITE/path` names. Raises BadInput."""
    names = {part.name: part.client for part in generation.sites}
    parts = text.split("/")
    if len(parts) > 2 and parts[1] in names and names[parts[1]] == parts[0]:
        site, rest = parts[1], "/".join(parts[2:])
    elif len(parts) > 1 and parts[0] in names:
        site, rest = parts[0], "/".join(parts[1:])
    else:
        listed = ", ".join(sorted(names)[:5])
        raise BadInput(f"names no site of this generation ({listed} …)", field="PATH", example="shop.example/index.php")
    paths = set(columns_of(generation, site)["path"])
    for path in meant(rest):
        if path in paths:
            return site, path
    raise NotFound(f"there is no {rest!r} in the site {site!r} in this generation", field="PATH")


def prove(generation: Generation, site: str, path: bytes, *, key: bytes | None = None) -> dict[str, Any]:
    """The proof. `key`: of the salted tree; without it siblings are plain digests, and a reader may test guesses."""
    part, columns = generation.site(site), columns_of(generation, site)
    paths = tree.judged_paths(columns)
    if path not in paths:
        raise BadInput("is left out by a pattern and stands below no root", field="PATH", example="index.php")
    row = columns["path"].index(path)
    index = paths.index(path)
    record = generation.record
    if key is None:
        level, _ = leaves.site_leaves(columns)
        above, records = leaves.server_leaves(record), _records(record)
    else:
        level = tree.salted_site(key, site, columns)
        above, records = salted_above(generation, key)
    root = leaves.root(level).hex()
    place = 1 + [item.name for item in generation.sites].index(site)
    if root != (records[place]["salted_root"] if key else part.root):
        raise Unverifiable("the entries do not lead to the root that was sealed; try `kept audit verify`", field=site)
    return {
        "format": PROOF,
        "algorithm": generation.algorithm,
        "leaf": _leaf(columns, row),
        "note": _note(columns["flags"][row]),
        "salts": None if key is None else {
            "leaf": tree.salt(key, site.encode(), path).hex(),
            "site": tree.salt(key, b"site", site.encode()).hex(),
            "head": tree.salt(key, b"head", b"").hex(),
        },
        "site": records[place],
        "site_path": _path(level, index),
        "server_path": _path(above, place),
        "head": records[0],
        "head_path": _path(above, 0),
        "root": leaves.root(above).hex(),
    }  # fmt: skip


def _records(record: dict[str, Any]) -> list[dict[str, Any]]:
    head = {name: value for name, value in record.items() if name not in ("sites", "dbs", "server_root")}
    return [head, *record["sites"], *record["dbs"]]


def _path(level: list[bytes], index: int) -> dict[str, Any]:
    return {"index": index, "of": len(level), "siblings": [item.hex() for item in tree.path(level, index)]}


def _leaf(columns: dict[str, Any], row: int) -> dict[str, Any]:
    kind = columns["kind"][row]
    content = (columns["digest"][row] if kind == "f" else columns["target"][row]) or b""
    out = {name: columns[name][row] for name in ("kind", "mode", "owner", "group", "size", "mtime_ns")}
    out["path"] = containers.quoted(columns["path"][row])
    out["content"] = content.hex()
    return out


def _note(flags: int) -> str:
    """What must be known of the path; it stands below no root."""
    if flags & marks.UNREAD:
        return "its content was not read"
    return "it was written to while it was read" if flags & marks.UNSTABLE else ""


def salted_above(generation: Generation, key: bytes) -> tuple[list[bytes], list[dict[str, Any]]]:
    """The leaves above the sites' salted roots, and what they were made of."""
    roots = {}
    for part in generation.sites:
        level = tree.salted_site(key, part.name, columns_of(generation, part.name)) if part.unopened is None else []
        roots[part.name] = leaves.root(level).hex()
    return tree.salted_server(key, generation.record, roots)


def key_of(generation: Generation) -> bytes:
    """The key that sealing left with the generation. Raises BadInput."""
    try:
        key = bytes.fromhex((generation.folder / KEY).read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        key = b""
    if len(key) != 32:
        raise BadInput("this generation was not sealed with a salted root", field="--salted",
                       example="kept audit seal GEN --salted")  # fmt: skip
    return key


def check(proof: Any) -> tuple[str, str]:
    """Recomputes a proof; gives its root and a sentence on what it proves. Raises Unverifiable.

    docs/verify_manifest.py does the same with nothing but Python.
    """
    try:
        if proof["format"] != PROOF:
            raise ValueError(f"it is of the format {proof['format']!r}")
        told, salts = proof["leaf"], proof["salts"]
        path = containers.unquoted(told["path"])
        leaf = leaves.leaf(path, told["kind"], told["mode"], told["owner"], told["group"], told["size"],
                           told["mtime_ns"], bytes.fromhex(told["content"]))  # fmt: skip
        site = _climbed(_salted(salts, "leaf", leaf), proof["site_path"])
        sealed = proof["site"]["salted_root" if salts else "root"]
        root = _climbed(_salted(salts, "site", leaves.record_leaf("site", proof["site"])), proof["server_path"])
        head = _climbed(_salted(salts, "head", leaves.record_leaf("head", proof["head"])), proof["head_path"])
        taken = proof["head"]["taken_at"]["start_ns"]
        said = f"{proof['head']['label']} {proof['head']['server']}"
        counts = (proof["site_path"]["of"], proof["server_path"]["of"], proof["head_path"]["of"])
        fits = counts == (proof["site"]["entries"], proof["head"]["leaves"], proof["head"]["leaves"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Unverifiable(f"is no proof, or it was cut short: {error}", field="PROOF") from None
    if not fits or site != sealed or root != proof["root"] or head != proof["root"]:
        raise Unverifiable("does not hold: what it says of the path does not lead to its root", field="PROOF")
    return root, f"{proof['site']['name']}/{told['path']}: {told['size']} bytes, content {told['content'] or '-'}, " \
                 f"as read {taken} ns since 1970 ({said})"  # fmt: skip


def _salted(salts: dict[str, str] | None, which: str, leaf: bytes) -> bytes:
    return leaf if salts is None else leaves._sha256(b"\0" + bytes.fromhex(salts[which]) + leaf).digest()


def _climbed(leaf: bytes, path: dict[str, Any]) -> str:
    found = tree.climbed(leaf, path["index"], path["of"], [bytes.fromhex(item) for item in path["siblings"]])
    return "" if found is None else found.hex()


def read(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Unverifiable(f"cannot be read, it was cut short or damaged: {error}", field=str(file)) from None
