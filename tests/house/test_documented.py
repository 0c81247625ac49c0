"""Every setting, every command and every exit code stands in a page that a person reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import typer.main

import app.cli
import app.errors
from app.cli.place import Missing
from app.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
app.cli.hang_in()


def commands() -> Iterator[tuple[str, click.Command]]:
    def below(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
        inner = getattr(command, "commands", None)
        if inner is None:
            yield name, command
        else:
            for part, item in inner.items():
                yield from below(f"{name} {part}", item)

    yield from below("kept", typer.main.get_command(app.cli.command))


COMMANDS = dict(commands())


def exit_codes() -> set[int]:
    known = {0, Missing.exit_code, app.cli.DEFECT}
    kinds = [app.errors.KeptError]
    while kinds:
        kind = kinds.pop()
        known.add(kind.exit_code)
        kinds += kind.__subclasses__()
    return known


def test_there_are_the_commands_a_user_was_promised() -> None:
    assert {
        "kept init", "kept serve", "kept migrate", "kept demo", "kept doctor", "kept availability", "kept move",
        "kept token create", "kept token list", "kept token revoke", "kept import observations",
        "kept report monthly", "kept report breach", "kept letters render",
        "kept evidence verify", "kept evidence head", "kept evidence export",
    } <= set(COMMANDS)  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_says_what_it_does_with_an_example(name: str) -> None:
    command = COMMANDS[name]
    assert (command.help or "").strip(), f"{name}: no help"
    assert (command.epilog or "").startswith(f"Example: {name}"), f"{name}: no example of its own"
    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.name != "help":
            assert parameter.help or parameter.name in ("port",), f"{name} --{parameter.name}: no help"


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_written_down(name: str) -> None:
    assert name in OPERATIONS or name in README, f"{name} is in neither docs/operations.md nor README.md"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_a_setting_is_written_down(name: str) -> None:
    assert f"| `KEPT_{name.upper()}` |" in OPERATIONS
    assert Settings.model_fields[name].description


def test_every_exit_code_is_written_down() -> None:
    told = {int(code) for code in re.findall(r"^\| (\d+) \| \S", OPERATIONS, re.MULTILINE)}
    assert told == exit_codes()
    epilog = str(app.cli.command.info.epilog)
    for code in exit_codes():
        assert re.search(rf"\b{code} \w", epilog), f"`kept --help` does not say what {code} means"
        assert re.search(rf"\b{code} \w", app.cli.__doc__ or ""), code


def test_what_the_pages_tell_to_run_exists() -> None:
    told = set(re.findall(r"\bkept((?: [a-z]+)+)", OPERATIONS + README))
    groups = {word for name in COMMANDS for word in name.split()[1:]}
    for words in told:
        first = words.split()[0]
        if first in groups:
            assert any(f"kept{words}".startswith(name) or name.startswith(f"kept{words}") for name in COMMANDS), words


def test_links_between_the_pages_lead_somewhere() -> None:
    lost = []
    for page in [ROOT / "README.md", *ROOT.glob("docs/**/*.md")]:
        for link in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
            if ":" not in link and not (page.parent / link).exists():
                lost.append(f"{page.relative_to(ROOT)}: {link}")
    assert not lost
