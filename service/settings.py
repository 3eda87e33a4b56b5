"""Every setting, from `ACOMPANA_*` in the environment; docs/runbook.md lists them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class Settings(BaseSettings):
    """The whole set-up of one process.

    Seconds are floats; URLs have no trailing slash. A value that can't be read stops the start
    with the setting's name; values themselves are never printed.
    """

    model_config = SettingsConfigDict(
        env_prefix="ACOMPANA_", hide_input_in_errors=True, extra="ignore"
    )

    database_url: str = Field(
        "sqlite:///var/acompana.sqlite",
        description="Where the data lives: sqlite:///FILE or postgresql://USER@HOST/NAME.",
    )
    keyring_url: str = Field(
        "sqlite:///var/keyring.sqlite",
        description="Where the keys live: a database of its own, kept out of the data's backups.",
    )
    master_key_file: Path = Field(
        Path("var/master.key"),
        description="File (mode 0600) with the key that wraps all others. Keep a copy offline.",
    )
    public_url: str = Field(
        "http://localhost:8000",
        description="The address the carrier and people reach; signatures are checked against it.",
    )
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, description="Port to listen on.")
    twilio_account_sid: str = Field("", description="Account SID at the carrier.")
    twilio_auth_token: SecretStr = Field(
        SecretStr(""), description="Auth token at the carrier; also signs its webhooks."
    )
    twilio_previous_auth_token: SecretStr = Field(
        SecretStr(""), description="A second token accepted on webhooks while one is rotated."
    )
    twilio_api_base: str = Field(
        "https://api.twilio.com",
        description="The carrier's API; the demo points it at the sandbox.",
    )
    carrier_timeout_seconds: float = Field(10.0, description="How long one request may take.")
    carrier_connections: int = Field(10, description="Requests in flight at once.")
    settles_bulk: bool = Field(
        False,
        description="Send bulk texts in doubt again after two empty lists; until then they wait.",
    )
    protocol_scale: float = Field(
        1.0, description="Multiplies the sending protocol's delays. For fault tests only."
    )
    clock_file: Path | None = Field(
        None, description="Follow this file's offset instead of the machine's clock (tests, demo)."
    )
    countries: Annotated[tuple[str, ...], NoDecode] = Field(
        ("US", "PR", "CA"), description="Countries whose numbers may be texted, comma separated."
    )
    tick_seconds: float = Field(5.0, description="How often the clock looks for what is due.")
    demo: bool = Field(
        False, description="A link alone signs in. Only the demo sets it; never do so yourself."
    )
    log_format: str = Field("text", description="text for people, json for collectors.")

    @field_validator("countries", mode="before")
    @classmethod
    def _split_commas(cls, value: object) -> object:
        return (
            tuple(p.strip().upper() for p in value.split(",")) if isinstance(value, str) else value
        )

    @model_validator(mode="after")
    def _demo_stays_here(self) -> Settings:
        if self.demo and urlsplit(self.public_url).hostname != "localhost":
            raise ValueError("ACOMPANA_DEMO is for http://localhost only: a link alone signs in")
        return self

    @field_validator("public_url", "twilio_api_base")
    @classmethod
    def _no_trailing_slash(cls, value: str) -> str:
        return value.rstrip("/")
