"""Say how far a volunteer is trusted. On the record: it decides who hears where a family will be."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from service.errors import InvalidValue
from service.people.tables import LEAD_LEVEL, Volunteer
from service.privacy import audit
from service.privacy.policy import Viewer


def set_vetting(
    session: Session, volunteer: Volunteer, level: int, *, by: Viewer, now: datetime
) -> None:
    """Set the level, 0 signed up to 3 lead. Safe to run twice. Raises InvalidValue on `vetting`."""
    if not 0 <= level <= LEAD_LEVEL:
        raise InvalidValue("vetting", "vetting_out_of_range")
    if volunteer.vetting == level:
        return
    detail = f"{volunteer.vetting} -> {level}"
    volunteer.vetting = level
    session.add(volunteer)
    subject = f"person:{volunteer.person_id.hex}"
    audit.record(session, actor=by, action="volunteer.vet", subject=subject, now=now, detail=detail)
