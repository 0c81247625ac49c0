"""`python -m reports`: JSON in, PDF out, one sentence when refused."""

import io
import sys

import pytest

from reports.__main__ import main
from tests.reports.story_letters import l4
from tests.reports.story_papers import Papers


class Pipe:
    """Standard input or output as bytes."""

    def __init__(self, content: bytes = b"") -> None:
        self.buffer = io.BytesIO(content)


def run(monkeypatch: pytest.MonkeyPatch, arguments: list[str], content: bytes) -> tuple[int, bytes]:
    out = Pipe()
    monkeypatch.setattr(sys, "stdin", Pipe(content))
    monkeypatch.setattr(sys, "stdout", out)
    return main(arguments), out.buffer.getvalue()


def test_json_in_pdf_out(monkeypatch: pytest.MonkeyPatch, papers: Papers) -> None:
    paper = papers["L4"]
    assert run(monkeypatch, ["letter"], paper.document.model_dump_json().encode()) == (0, paper.pdf)


def test_html(monkeypatch: pytest.MonkeyPatch) -> None:
    code, page = run(monkeypatch, ["letter", "--html"], l4().model_dump_json().encode())
    assert code == 0
    assert page.startswith(b"<!doctype html>")
    assert b"<style>" in page


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{}", "header: Field required"),
        (b"not json", "Invalid JSON"),
        (b"", "Invalid JSON"),
        (b"\xff\xfe", "document"),
        (l4().model_dump_json().replace("Dear Ms Okafor,", "Dear \U0001f984").encode(), "recipient.salutation"),
        (l4().model_dump_json().replace('"beyond_seconds":28800', '"beyond_seconds":1').encode(), "28800"),
    ],
)
def test_a_refusal_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], content: bytes, said: str
) -> None:
    code, out = run(monkeypatch, ["letter"], content)
    err = capsys.readouterr().err
    assert (code, out) == (2, b"")
    assert said in err
    assert err.count("\n") == 1
    assert "Traceback" not in err


def test_an_unknown_kind_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["invoice"])
    assert left.value.code == 2
    assert "monthly_provider" in capsys.readouterr().err
