"""What a stranger starts with: the bootstrap's sentences, the locks, the image, the wheel, the vendored page.

There is no container engine in the tests: Dockerfile and compose.yaml are read and checked, not built.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
LIBRARIES = ["libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0", "fontconfig"]
SETTINGS = {f"KEPT_{name.upper()}" for name in Settings.model_fields}


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def pins(lock: str) -> dict[str, str]:
    """Name and version of every package in a lock file."""
    return dict(re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", read(lock), re.MULTILINE))


# --- the bootstrap ----------------------------------------------------------------------------------------------------

FAKE_PYTHON = """#!/bin/sh
case "$*" in
    *"version_info <"*) exit {old} ;;
    --version) echo "Python 3.{minor}" ;;
    *ctypes*) printf '{missing}' ;;
    *ensurepip*) exit {venvless} ;;
    *hashlib*) echo "the same as before" ;;
    "-m venv"*) mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
    "-m pip"*) shift 2; echo "$@" >>pip.log ;;
esac
"""
TOOLS = ["sh", "mktemp", "rm", "mkdir", "cp", "cat", "cmp", "find", "grep", "head", "tail", "dirname", "env", "true"]


class Machine:
    """A stranger's machine: a checkout, and a PATH on which Python, apt and sudo are played by small scripts."""

    def __init__(self, folder: Path) -> None:
        self.checkout, self.bin = folder / "checkout", folder / "bin"
        (self.checkout / "scripts").mkdir(parents=True)
        self.bin.mkdir()
        for name in ("scripts/bootstrap", "requirements.lock", "requirements-dev.lock", "pyproject.toml"):
            shutil.copy(ROOT / name, self.checkout / name)
        for tool in TOOLS:
            (self.bin / tool).symlink_to(shutil.which(tool) or f"/bin/{tool}")
        self.play("id", "echo 1000")
        self.play("apt-get", 'echo "$@" >>apt.log')
        self.play("sudo", "exit 1")
        self.python()

    def play(self, name: str, script: str) -> None:
        """Put a small script on the PATH."""
        (self.bin / name).write_text(script if script.startswith("#!") else f"#!/bin/sh\n{script}\n")
        (self.bin / name).chmod(0o755)

    def python(self, *, old: int = 0, minor: str = "12.3", missing: str = "", venvless: int = 0) -> None:
        """Put a Python on the PATH that answers the bootstrap's questions like this."""
        self.play("python3", FAKE_PYTHON.format(old=old, minor=minor, missing=missing, venvless=venvless))

    def bootstrap(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/sh", "scripts/bootstrap", *arguments],
            cwd=self.checkout,
            env={"PATH": str(self.bin), "KEPT_TEST_POSTGRES": "skip", **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def log(self, name: str) -> list[str]:
        path = self.checkout / name
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_first_start_says_what_it_does_and_a_second_is_silent(machine: Machine) -> None:
    first = machine.bootstrap("run")
    count = len(pins("requirements.lock"))
    assert first.stdout.splitlines() == [
        "Creating .venv with Python 3.12.3 …",
        f"Installing {count} packages from requirements.lock …",
    ]
    assert (first.returncode, first.stderr) == (0, "")
    packages, kept = machine.log("pip.log")
    assert packages.endswith("install --require-hashes --requirement requirements.lock")
    assert kept.endswith("install --no-index --no-deps --no-build-isolation --editable .")
    second = machine.bootstrap("run")
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert len(machine.log("pip.log")) == 2


def test_run_after_dev_has_nothing_to_do(machine: Machine) -> None:
    assert "from requirements-dev.lock" in machine.bootstrap("dev").stdout
    assert machine.bootstrap("run").stdout == ""


def test_an_old_python_gets_a_sentence(machine: Machine) -> None:
    machine.python(old=1, minor="9.2")
    ran = machine.bootstrap("run")
    assert ran.returncode == 1
    assert "Kept needs Python 3.11 or newer; Python 3.9.2 is too old." in ran.stderr
    machine.play("python3.12", (machine.bin / "python3").read_text().replace("exit 1", "exit 0", 1))
    assert machine.bootstrap("run").returncode == 0


def test_without_rights_the_exact_command_is_named(machine: Machine) -> None:
    machine.python(missing="libpango-1.0-0\\nlibharfbuzz-subset0\\n")
    ran = machine.bootstrap("run")
    assert ran.returncode == 1
    command = r"sudo apt-get install --no-install-recommends libpango-1\.0-0 libharfbuzz-subset0"
    assert re.search(rf"^  (sudo apt-get update && )?{command}$", ran.stderr, re.MULTILINE)
    assert machine.log("apt.log") == []


def test_without_apt_the_packages_are_named(machine: Machine) -> None:
    (machine.bin / "apt-get").unlink()
    machine.python(missing="fontconfig\\n")
    ran = machine.bootstrap("run")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "Please install what Debian calls: fontconfig\n" in ran.stderr


def test_with_rights_only_the_missing_packages_are_installed(machine: Machine) -> None:
    machine.play("sudo", 'shift; exec "$@"')
    machine.python(missing="fontconfig\\n")
    ran = machine.bootstrap("run")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("Installing system packages: fontconfig …\n")
    (asked,) = machine.log("apt.log")
    assert asked.endswith("install -y --no-install-recommends fontconfig")


def test_what_apt_said_is_shown_when_it_fails(machine: Machine) -> None:
    machine.play("sudo", 'shift; exec "$@"')
    machine.play("apt-get", "echo 'E: Unable to locate package' >&2; exit 100")
    machine.python(missing="fontconfig\\n")
    ran = machine.bootstrap("run")
    assert ran.returncode == 1
    assert "E: Unable to locate package" in ran.stderr
    assert "sudo apt-get install --no-install-recommends fontconfig" in ran.stderr


def test_a_python_without_venv_asks_for_its_own_venv_package(machine: Machine) -> None:
    machine.python(venvless=1)
    machine.play(
        "python3", (machine.bin / "python3").read_text().replace("esac", "*-venv*) echo python3.12-venv ;;\nesac")
    )
    assert "install --no-install-recommends python3.12-venv\n" in machine.bootstrap("run").stderr


def test_a_wrong_word_is_a_usage_error(machine: Machine) -> None:
    for arguments in ([], ["install"]):
        ran = machine.bootstrap(*arguments)
        assert (ran.returncode, ran.stderr) == (2, "usage: scripts/bootstrap run|dev\n")


# --- make and continuous integration ----------------------------------------------------------------------------------


def test_make_alone_lists_every_target() -> None:
    listed = subprocess.run(
        ["make", "-C", str(ROOT), "--no-print-directory"], capture_output=True, text=True, check=True
    )
    named = set(re.findall(r"^  make (\w+) ", listed.stdout, re.MULTILINE))
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    assert named == targets >= {"run", "test", "lint", "bench", "lock", "clean", "help"}


def test_run_hands_port_data_and_out_to_one_command() -> None:
    dry = subprocess.run(
        ["make", "-C", str(ROOT), "--no-print-directory", "-n", "run", "PORT=9001", "DATA=/tmp/a b", "OUT=o"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert dry.stdout.splitlines() == [
        "scripts/bootstrap run",
        '.venv/bin/kept demo --serve --data "/tmp/a b" --out "o" --port "9001"',
    ]


def test_continuous_integration_runs_exactly_make_test() -> None:
    lines = [line for line in read(".ci/run").splitlines() if line and not line.startswith("#")]
    assert lines[-1] == "exec make test </dev/null"
    assert [line for line in lines if "make" in line or "pytest" in line] == lines[-1:]
    assert os.access(ROOT / ".ci/run", os.X_OK)
    assert os.access(ROOT / "scripts/bootstrap", os.X_OK)


def test_no_file_of_the_packaging_names_a_registry() -> None:
    for name in ("Makefile", "scripts/bootstrap", ".ci/run", "Dockerfile", "compose.yaml", "docs/operations.md"):
        assert not re.search(r"pypi|npmjs|index-url|https?://(?!127\.0\.0\.1)|file://", read(name).lower()), name


# --- locks ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_every_pin_has_a_hash_and_no_address(lock: str) -> None:
    entries = re.split(r"\n(?! )", read(lock).strip())
    assert len(entries) == len(pins(lock)) > 50
    for entry in entries:
        assert re.match(r"[a-z0-9._-]+==\S+ .*\\\n    --hash=sha256:[0-9a-f]{64}", entry), entry[:80]
    assert "://" not in read(lock)
    assert not re.search(r"^-", read(lock), re.MULTILINE)


def test_the_development_lock_holds_the_other_one_and_both_hold_what_is_asked_for() -> None:
    project = tomllib.loads(read("pyproject.toml"))
    run, dev = pins("requirements.lock"), pins("requirements-dev.lock")
    assert run.items() <= dev.items()

    def names(requirements: list[str]) -> set[str]:
        return {re.split(r"[\[<>=~! ;]", requirement)[0].lower() for requirement in requirements}

    assert names(project["project"]["dependencies"]) <= run.keys()
    assert names(project["dependency-groups"]["dev"]) <= dev.keys()


# --- the wheel, the licence, the vendored page ------------------------------------------------------------------------


def test_the_wheel_holds_every_file_of_the_packages(tmp_path: Path) -> None:
    source = tmp_path / "source"
    packages = tomllib.loads(read("pyproject.toml"))["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    for name in packages:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    shutil.copytree(ROOT / "docs", source / "docs", ignore=shutil.ignore_patterns("*.md", "images"))
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=source, capture_output=True, check=True,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    wanted = {path.relative_to(source).as_posix() for name in packages for path in (source / name).rglob("*.*")}
    wanted = {name for name in wanted if (source / name).is_file()}
    assert wanted <= held, wanted - held
    assert {f"app/statements/by_hand/{name}.py" for name in ("recompute_claim", "verify_bundle")} <= held
    assert {name.rpartition(".")[2] for name in wanted} >= {"py", "otf", "ttf", "mako", "js", "css"}


def test_the_licence_is_the_one_that_is_declared() -> None:
    assert tomllib.loads(read("pyproject.toml"))["project"]["license"] == "Apache-2.0"
    text = read("LICENSE")
    assert "Apache License\n                           Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_swagger_ui_is_the_vendored_one_whole_and_with_its_licence() -> None:
    folder = ROOT / "app/web/static/swagger"
    version, *sums = (folder / "VERSION").read_text().splitlines()
    assert re.fullmatch(r"swagger-ui-dist \d+\.\d+\.\d+", version)
    listed = dict(reversed(line.split()) for line in sums)
    assert set(listed) == {"swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"}
    for name, digest in listed.items():
        content = (folder / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest, name
        assert b"sourceMappingURL" not in content
    assert "SmartBear" in (folder / "NOTICE").read_text()
    assert "Apache License" in (folder / "LICENSE").read_text()


# --- image and compose ------------------------------------------------------------------------------------------------


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions, continuation lines joined."""
    text = re.sub(r"^#.*\n", "", read("Dockerfile"), flags=re.MULTILINE)
    lines = re.sub(r"\s*\\\n\s*", " ", text).splitlines()
    return [(line.split()[0], line.partition(" ")[2].strip()) for line in lines if line.strip()]


def test_the_image_holds_the_same_libraries_as_the_bootstrap_asks_for() -> None:
    (installed,) = [rest for word, rest in instructions() if word == "RUN" and "apt-get install" in rest]
    packages = re.search(r"--no-install-recommends (.*?) &&", installed)
    assert packages is not None
    assert packages[1].split() == [*LIBRARIES, "tzdata"]
    for name in LIBRARIES:
        assert f'("{name}",' in read("scripts/bootstrap")
        assert name in read("docs/operations.md")


def test_the_image_installs_pinned_packages_and_runs_as_nobody_special() -> None:
    found = instructions()
    pip = [rest for word, rest in found if word == "RUN" and "pip install" in rest]
    assert ["--require-hashes" in line or "--no-index --no-deps" in line for line in pip] == [True, True]
    final = found[max(number for number, (word, _) in enumerate(found) if word == "FROM") :]
    said = dict(final)
    user, group = said["USER"].split(":")
    assert int(user) > 999
    assert int(group) > 999
    assert said["ENTRYPOINT"] == '["kept"]'
    assert said["CMD"] == '["serve", "--host", "0.0.0.0", "--port", "8000"]'
    assert said["VOLUME"] == "/data"
    assert "/health" in said["HEALTHCHECK"]
    given = set(re.findall(r"\b(KEPT_\w+)=", " ".join(rest for word, rest in found if word == "ENV")))
    assert given == {"KEPT_DATA", "KEPT_OUT"} <= SETTINGS
    assert "ADD" not in said


def test_all_that_the_image_copies_is_let_in_and_exists() -> None:
    let_in = {line[1:] for line in read(".dockerignore").splitlines() if line.startswith("!")}
    copied = {
        source
        for word, rest in instructions()
        if word == "COPY" and "--from" not in rest
        for source in (part.removeprefix("./") for part in rest.split()[:-1])
    }
    assert copied == let_in
    assert all((ROOT / name).exists() for name in copied)


@pytest.fixture
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(read("compose.yaml"))
    return loaded


def test_compose_migrates_before_it_serves(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert services["migrate"]["command"] == ["migrate"]
    assert services["migrate"]["restart"] == "no"
    assert services["migrate"]["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert services["kept"]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
    assert services["database"]["image"].startswith("postgres:17")
    assert "pg_isready" in services["database"]["healthcheck"]["test"]
    assert services["kept"]["image"] == services["migrate"]["image"]
    assert {name for name in services if "build" in services[name]} == {"migrate"}


def test_compose_has_no_password_of_its_own_and_opens_nothing_to_the_world(compose: dict[str, Any]) -> None:
    variables = re.findall(r"\$\{(\w+)(:?.?)", read("compose.yaml"))
    assert {operator for name, operator in variables if "PASSWORD" in name} == {":?"}
    for service in compose["services"].values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
        assert not re.search(r"PASSWORD: (?!\$\{)", yaml.safe_dump(service))
    assert compose["services"]["kept"]["environment"].keys() <= SETTINGS
    for mount in (mount for service in compose["services"].values() for mount in service["volumes"]):
        assert mount.partition(":")[0] in compose["volumes"]


def test_the_operations_page_names_every_setting_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(KEPT_\w+)` \| (.*?) \|", read("docs/operations.md"), re.MULTILINE))
    assert rows.keys() == SETTINGS
    for name, field in Settings.model_fields.items():
        if field.default is not None:
            said = str(field.default).lower() if isinstance(field.default, bool) else str(field.default)
            assert said in rows[f"KEPT_{name.upper()}"], name
