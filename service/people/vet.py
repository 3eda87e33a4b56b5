"""Say how far a volunteer is trusted. On the record: it decides who hears where a family will be."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from service.errors import InvalidValue
from service.people.members import Standing
from service.people.tables import LEAD_LEVEL
from service.privacy import audit
from service.privacy.policy import Viewer


def set_vetting(
    session: Session, standing: Standing, level: int, *, by: Viewer, now: datetime
) -> None:
    """Set the level in one chapter, 0 signed up to 3 lead. Safe to run twice.

    Raises InvalidValue on `vetting`.
    """
    if not 0 <= level <= LEAD_LEVEL:
        raise InvalidValue("vetting", "vetting_out_of_range")
    if standing.vetting == level:
        return
    detail = f"{standing.vetting} -> {level}"
    standing.vetting = level
    session.add(standing)
    subject = f"person:{standing.person_id.hex}"
    audit.record(session, actor=by, action="volunteer.vet", subject=subject, now=now, detail=detail)
