"""`kept audit`: what becomes of a generation: sealed in the log, verified, proved path by path, challenged."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.audit import audit
from app.cli.audit.asking import service_called
from app.cli.place import AsJson, Data, database, say, settings, show_json
from app.errors import BadInput

if TYPE_CHECKING:
    from app.integrity.format import Generation
    from app.integrity.manifests import Checked

SEALED = ("seq", "digest", "recorded_at", "salted_root")


@audit.command("seal", epilog="Example: kept audit seal gens/pre-old --ticket-text")
def audit_seal(
    generation: Annotated[Path, typer.Argument(metavar="GEN", help="The generation's folder.")],
    ticket_text: Annotated[
        bool, typer.Option("--ticket-text", help="Print the sentence for the provider's ticket alone.")
    ] = False,
    salted: Annotated[
        bool, typer.Option("--salted", help="A second root as well, whose proofs let nobody guess a neighbour.")
    ] = False,
    for_: Annotated[
        str | None, typer.Option("--for", help="The service whose sites were read; `kept due` asks for the next one.")
    ] = None,
    tsa: Annotated[
        str | None, typer.Option(help="A time stamping authority (RFC 3161) to ask for a stamp on the root.")
    ] = None,
    tsa_ca: Annotated[
        Path | None, typer.Option("--tsa-ca", help="Its certificate in PEM: the stamp must be signed by it.")
    ] = None,
    service: Annotated[str | None, typer.Option(help="A running service to seal it at, instead of --data.")] = None,
    token: Annotated[str | None, typer.Option(help="Its token.", envvar="KEPT_TOKEN", show_default=False)] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Put a generation's root into the evidence log, and print the sentence that puts it into the provider's hands.

    Every byte of the generation is checked first. Once sealed, no other root is taken for it.
    """
    from app.integrity import sealing
    from app.integrity.manifests import check

    looked = check(generation)
    if looked.findings or looked.generation is None:
        _show([looked], as_json=False)
        raise typer.Exit(looked.exit_code)
    told = sealing.summary(looked.generation, sealing.salt(looked.generation) if salted else None)
    if for_ is not None:
        told["service_id"] = service_called(for_, service, token, data)
    entry = _at_service(service, token, told) if service else _at_home(data, told)
    told["salted_root"] = entry.pop("salted_root")
    sealing.kept_beside(looked.generation, told, entry)
    if tsa is not None:
        _stamped(looked.generation, tsa, tsa_ca, service, token, data)
    if as_json:
        show_json({**told, **entry, "sentence": sealing.sentence(told)})
    elif ticket_text:
        print(sealing.sentence(told))
    else:
        print(f"root {told['server_root']}")
        if told["salted_root"]:
            print(f"salted root {told['salted_root']}")
        print(f"Entry {entry['seq']} of the evidence log, {entry['digest']}, at {entry['recorded_at']}")
        print(f"Paste into the provider's ticket before work starts:\n\n  {sealing.sentence(told)}")


def _stamped(
    generation: Generation, tsa: str, authority: Path | None, service: str | None, token: str | None, data: Path | None
) -> None:
    """Asks the authority, keeps its reply as seal.tsr and in the log."""
    import base64

    import httpx

    from app.cli.audit.asking import ask
    from app.integrity import stamping

    def post(request: bytes) -> bytes:
        try:
            query = {"content-type": "application/timestamp-query"}
            answer = httpx.post(tsa, content=request, timeout=30, headers=query)
            answer.raise_for_status()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise BadInput(f"gave no stamp: {error}", field="--tsa", example=stamping.EXAMPLE) from None
        return answer.content

    try:
        certificates = [] if authority is None else [authority.read_bytes()]
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", field="--tsa-ca", example="tsa.pem") from None
    reply = stamping.ask(generation.server_root, post)
    told = stamping.read(reply, generation.server_root, certificates)
    (generation.folder / "seal.tsr").write_bytes(reply)
    body = {"generation": generation.id, "reply_base64": base64.b64encode(reply).decode()}
    made = ask("POST", "audit/stamps", body, service, token, data)
    checked = "signed by the authority given" if told.checked else "whose signature was not checked (--tsa-ca)"
    say(f"Stamped {told.at:%Y-%m-%d %H:%M:%S} UTC, serial {told.serial}, {checked}: entry {made['seq']} of the log")


def _at_home(data: Path | None, told: dict[str, Any]) -> dict[str, Any]:
    from app.db import transaction
    from app.integrity import sealing
    from app.web.edge import utc_now

    with transaction(database(settings(data))) as session:
        session.info["actor"] = "person:command line"
        entry, new = sealing.seal(session, told, utc_now())
        found = sealing.shown(entry)
    if not new:
        say(f"It was sealed before: entry {found['seq']}")
    return {name: str(found[name]) if name == "recorded_at" else found[name] for name in SEALED}


def _at_service(service: str, token: str | None, told: dict[str, Any]) -> dict[str, Any]:
    import httpx

    if not token:
        raise BadInput(
            "a running service wants a token", field="--token", example="KEPT_TOKEN=kept_… kept audit seal …"
        )
    try:
        answer = httpx.post(f"{service.rstrip('/')}/api/v1/audit/seals", json=told, timeout=30,
                            headers={"authorization": f"Bearer {token}"})  # fmt: skip
        body = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise BadInput(f"does not answer as Kept does: {error}", field="--service",
                       example="http://127.0.0.1:8000") from None  # fmt: skip
    if answer.status_code >= 400:
        from app.cli.calling import EXITS

        say(f"kept: {body.get('detail') or body.get('title')}")
        raise typer.Exit(EXITS.get(answer.status_code, 1))
    return {name: body[name] for name in SEALED}


@audit.command("verify", epilog="Example: kept audit verify gens --expect 9f86d081…")
def audit_verify(
    bundle: Annotated[
        Path, typer.Argument(metavar="BUNDLE", help="A generation, a folder, zip or tar of them, or a proof.json.")
    ],
    expect: Annotated[str | None, typer.Option(help="The root that was given away before; it must be here.")] = None,
    as_json: AsJson = False,
) -> None:
    """Recompute every digest and every root. Exit code 4 where anything was changed, 5 where anything is missing."""
    from app.integrity import manifests, proving
    from app.integrity.format import Unverifiable

    wanted = None if expect is None else _root(expect, "--expect")
    if bundle.suffix == ".json" and bundle.name != "manifest.json":
        root, said = proving.check(proving.read(bundle))
        if wanted is not None and root != wanted:
            raise Unverifiable(f"leads to the root {root}, which is another", field=str(bundle))
        show_json({"holds": True, "root": root, "proves": said}) if as_json else print(f"holds: {said}\nroot {root}")
        return
    checked = manifests.verify(bundle)
    if wanted is not None:
        manifests.against(checked, wanted)
    _show(checked, as_json)
    if code := max(item.exit_code if item.exit_code != 5 else 1 for item in checked):
        raise typer.Exit(5 if code == 1 else code)


def _root(text: str, field: str) -> str:
    text = text.strip().lower()
    if len(text) != 64 or set(text) - set("0123456789abcdef"):
        raise BadInput("must be the 64 hexadecimal digits of a root", field=field, example="9f86d081…f00a08")
    return text


def _show(checked: list[Checked], as_json: bool) -> None:
    if as_json:
        show_json([_as_json(item) for item in checked])
        return
    for item in checked:
        generation = item.generation
        name = generation.id if generation else item.folder.name
        if item.findings:
            print(f"{name}: DOES NOT HOLD" if item.exit_code == 4 else f"{name}: NOT ALL THERE")
        elif generation:
            entries = sum(part.entries for part in generation.sites)
            print(f"{name}: whole, {len(generation.sites)} sites, {entries} entries, root {generation.server_root}")
        for finding in item.findings:
            print(f"  {finding.what}: {finding.text}")
        for note in item.notes:
            print(f"  note: {note}")


def _as_json(item: Checked) -> dict[str, Any]:
    generation = item.generation
    return {
        "generation": generation.id if generation else None,
        "folder": str(item.folder),
        "root": generation.server_root if generation else None,
        "whole": not item.findings,
        "findings": [{"what": one.what, "where": one.where, "text": one.text} for one in item.findings],
        "notes": item.notes,
    }


@audit.command("prove", epilog="Example: kept audit prove gens/pre-old shop.example/index.php > proof.json")
def audit_prove(
    generation: Annotated[Path, typer.Argument(metavar="GEN", help="The generation's folder.")],
    path: Annotated[str, typer.Argument(help="SITE/path or CLIENT/SITE/path; percent-encoded where it is not UTF-8.")],
    salted: Annotated[bool, typer.Option("--salted", help="Below the salted root: siblings tell nothing.")] = False,
) -> None:
    """Print the proof of one path: what it was, and siblings up to the root. It names nobody else.

    Anybody checks it with docs/verify_manifest.py and nothing but Python.
    """
    from app.integrity import proving
    from app.integrity.format import read_generation

    found = read_generation(generation)
    site, name = proving.located(found, path)
    show_json(proving.prove(found, site, name, key=proving.key_of(found) if salted else None))


@audit.command("challenge", epilog="Example: kept audit challenge gens/post-new --sample 200 > questions.json")
def audit_challenge(
    generation: Annotated[Path, typer.Argument(metavar="GEN", help="A sealed generation's folder.")],
    sample: Annotated[int, typer.Option(min=1, max=100_000, help="How many files to ask about.")] = 200,
    answers: Annotated[
        Path | None, typer.Option("--check", help="The answers: hold them against the generation.")
    ] = None,
    copies: Annotated[
        Path | None, typer.Option(help="A folder SITE/path with copies, to check the nonce digests with.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Ask for SHA-256(nonce, content) of files drawn by lot: only who holds a content now can answer.

    Without --check prints the questions, to be answered by `kept audit probe` on the server.
    """
    from app.integrity import challenging
    from app.integrity.format import read_generation

    found = read_generation(generation)
    if answers is None:
        show_json(challenging.questions(found, sample, secrets.token_hex(32), secrets.SystemRandom()))
        return
    result = challenging.check(found, challenging.read(answers), copies)
    if as_json:
        show_json(result.as_json())
    else:
        for line in result.lines():
            print(line)
    if result.exit_code:
        raise typer.Exit(result.exit_code)


@audit.command("probe", epilog="Example: kept audit probe gens/post-new questions.json > answers.json")
def audit_probe(
    generation: Annotated[Path, typer.Argument(metavar="GEN", help="The generation that says where each site lies.")],
    questions: Annotated[Path, typer.Argument(help="Made by `kept audit challenge` or `kept audit compare`.")],
) -> None:
    """Answer questions about files that are there now: digests with a nonce, digests of parts of a cut file."""
    from app.integrity.agent import asking
    from app.integrity.agent.main import folders
    from app.integrity.agent.sites import Wrong

    found: Generation = _generation(generation)
    try:
        asked, raw = asking.read_questions(str(questions))
        said = asking.answers(asked, raw, folders(found.record), found.algorithm)
    except Wrong as error:
        raise BadInput(error.reason, field=error.field or None, example=error.example or None) from None
    print(json.dumps(said, indent=1))


def _generation(folder: Path) -> Generation:
    from app.integrity.format import read_generation

    return read_generation(folder)
