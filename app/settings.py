"""One frozen Settings, read by `main` and `cli` only and handed on as an argument."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Every setting is an environment variable with the prefix KEPT_ (see docs/operations.md)."""

    model_config = SettingsConfigDict(env_prefix="KEPT_", frozen=True, extra="ignore")

    data: Path = Field(Path("data"), description="Folder of the SQLite file and of stored attachments.")
    out: Path = Field(Path("out"), description="Folder that papers are written to.")
    database_url: SecretStr | None = Field(
        None, description="PostgreSQL or SQLite address; SQLite in KEPT_DATA if unset."
    )
    host: str = Field("127.0.0.1", description="Address `kept serve` listens on.")
    port: int = Field(8000, ge=1, le=65535, description="Port `kept serve` listens on.")
    log_level: str = Field("warning", pattern="^(debug|info|warning|error)$", description="How much is logged.")
    max_body_bytes: int = Field(1 << 20, ge=1024, description="Largest request body, except imports and messages.")
    max_message_bytes: int = Field(25 << 20, ge=1024, description="Largest provider's message with its attachments.")
    max_import_bytes: int = Field(512 << 20, ge=1024, description="Largest file of observations.")

    @property
    def url(self) -> str:
        """The database address, for SQLAlchemy."""
        if self.database_url is None:
            return f"sqlite:///{self.data / 'kept.sqlite3'}"
        url = self.database_url.get_secret_value()
        for plain in ("postgresql://", "postgres://"):
            if url.startswith(plain):
                return "postgresql+psycopg://" + url.removeprefix(plain)
        return url
