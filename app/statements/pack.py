"""The claim pack: claim and appendix, their figures, a letter to the reader and the digests, as one zip."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

from app.statements.actions import Printed
from reports.enclosed import SUMS

HERE = Path(__file__).resolve()
SCRIPTS = ("recompute_claim.py", "verify_bundle.py")
README = """\
{title}

{states}
What is in here
  {claim}.pdf
      The claim. statement.json lies inside it too.
  {evidence}.pdf
      The evidence appendix, E0 to E7. Inside it lie the observations, the provider's messages as they came, and
      SHA256SUMS with the digest of each. They come out with:  pdfdetach -saveall {evidence}.pdf
  statement.json, evidence.json
      Every input and every result of the two, for machines.
  recompute_claim.py, verify_bundle.py
      Two short programs that need nothing but Python 3.9 or later. Read them first.
  SHA256SUMS
      The digest of every file in here.

How to check
  sha256sum -c SHA256SUMS
      Every file is the one that was packed.
  python3 -I -S recompute_claim.py statement.json
      The same sum, from the downtime, the contract's rules and what is excused. Exit code 0: it is.
  python3 -I -S verify_bundle.py bundle.zip {head}
      Our whole log, which we hand out on request, is unbroken and holds this claim's evidence head.

Sites are named, clients never. What was masked, and by which rule, stands in E0.
"""


def zipped(claim: Printed, claim_pdf: bytes, evidence: Printed, evidence_pdf: bytes) -> bytes:
    """The zip. The same papers give the same bytes."""
    issued = all(paper.document.header.status == "issued" for paper in (claim, evidence))
    states = "" if issued else "DRAFT: not every paper in here is issued. Not to be sent.\n\n"
    readme = README.format(
        title=f"Claim {claim.name}, for {claim.document.provider.name}, account {claim.document.provider.account}",
        states=states, claim=claim.name, evidence=evidence.name, head=claim.document.header.evidence_head,
    )  # fmt: skip
    files = {
        "README.txt": readme.encode(),
        f"{claim.name}.pdf": claim_pdf,
        f"{evidence.name}.pdf": evidence_pdf,
        "statement.json": claim.document.model_dump_json(indent=1).encode(),
        "evidence.json": evidence.document.model_dump_json(indent=1).encode(),
        **{name: script(name) for name in SCRIPTS},
    }
    sums = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items()))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**files, SUMS: sums.encode()}.items():
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))  # without the moment and the machine it was written on
            info.compress_type, info.create_system, info.external_attr = zipfile.ZIP_DEFLATED, 3, 0o644 << 16
            archive.writestr(info, content)
    return out.getvalue()


def script(name: str) -> bytes:
    """A program of docs/, which the installed package carries beside this file."""
    beside = HERE.parent / "by_hand" / name
    return (beside if beside.exists() else HERE.parents[2] / "docs" / name).read_bytes()
