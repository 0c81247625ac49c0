"""The agency over the API: read by all, entered by the owner."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from app.access.guard import Owner, Viewer
from app.agency import actions, queries
from app.errors import NotFound
from app.fields import Email, In, Line, Out, Zone
from app.web.edge import NowDep, Router, SessionDep

router = Router(prefix="/agency", tags=["agency"])


class AgencyIn(In):
    name: Annotated[Line, Field(examples=["Brightwell Web Studio"])]
    address: Annotated[
        list[Line], Field(min_length=1, max_length=7, examples=[["Lindenstraße 12", "10969 Berlin", "Germany"]])
    ]
    contact_person: Annotated[Line, Field(description="Who signs.", examples=["Anna Brightwell"])]
    phone: Annotated[Line | None, Field(examples=["+49 30 5550 100"])] = None
    email: Annotated[Email | None, Field(examples=["hello@brightwell.example"])] = None
    zone: Annotated[Zone, Field(description="Times on our own papers are in this zone.")]
    locale: Annotated[Literal["en-GB", "en-US"], Field(examples=["en-GB"])] = "en-GB"
    letter_layout: Annotated[
        Literal["din5008b", "uk", "us"], Field(description="Where the address window is.", examples=["din5008b"])
    ] = "din5008b"
    paper: Annotated[Literal["A4", "Letter"], Field(examples=["A4"])] = "A4"
    name_provider: Annotated[
        Literal["never", "final_report", "always"],
        Field(description="Whether letters to clients name the provider.", examples=["never"]),
    ] = "never"


class AgencyOut(Out):
    name: str
    address: list[str]
    contact_person: str
    phone: str | None
    email: str | None
    zone: str
    locale: str
    letter_layout: str
    paper: str
    name_provider: str
    created_at: Annotated[datetime, Field(description="Since when it stands like this.")]


@router.get("", dependencies=[Viewer])
def read_agency(session: SessionDep) -> AgencyOut:
    """The agency as it stands now; 404 until it was entered."""
    row = queries.agency(session)
    if row is None:
        raise NotFound("the agency has not been entered yet; PUT /agency does it")
    return AgencyOut.model_validate(row)


@router.put("", dependencies=[Owner])
def set_agency(body: AgencyIn, session: SessionDep, now: NowDep) -> AgencyOut:
    """Enters the agency, or changes it as a whole. Papers already issued keep the sender they had."""
    return AgencyOut.model_validate(actions.set_agency(session, now=now, **body.model_dump()))
