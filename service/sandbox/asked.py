"""What requests to /_sandbox may hold. Anything else is 422."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from service.sandbox.accept import E164

Number = Annotated[str, Field(pattern=f"^(?:{E164.pattern})$")]


class ClockMove(BaseModel):
    """Exactly one of a moment with its zone and a count of seconds."""

    model_config = ConfigDict(extra="forbid")
    at: AwareDatetime | None = None
    advance_seconds: Annotated[float, Field(ge=-1e10, le=1e10)] | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> ClockMove:
        if (self.at is None) == (self.advance_seconds is None):
            raise ValueError("give either at or advance_seconds")
        return self


class NewPhone(BaseModel):
    """A phone and who holds it."""

    model_config = ConfigDict(extra="forbid")
    number: Number
    name: Annotated[str, Field(min_length=1, max_length=80)]
    language: Annotated[str, Field(pattern="^[a-z]{2,3}$")] = "en"


class PhoneText(BaseModel):
    """What a phone texts; to: one of our numbers, by default whichever texted it last."""

    model_config = ConfigDict(extra="forbid")
    body: Annotated[str, Field(min_length=1, max_length=1600)]
    to: Number | None = None


class CallMove(BaseModel):
    """What the holder of a phone does with a call; digit: for "press" only."""

    model_config = ConfigDict(extra="forbid")
    do: Literal["answer", "press", "hang-up"]
    digit: Annotated[str, Field(pattern="^[0-9*#]$")] = "1"


class ResetWish(BaseModel):
    """clock: follow the machine's clock again, too."""

    model_config = ConfigDict(extra="forbid")
    clock: bool = False
