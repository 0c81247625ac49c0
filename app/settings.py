"""One frozen Settings, read by `main` and `cli` only and handed on as an argument."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

DNS_NAME = r"^[a-z0-9_]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$"


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
    prober: bool = Field(True, description="Whether `kept serve` probes by itself.")
    jobs: bool = Field(True, description="Whether `kept serve` sends letters and reminds by itself.")
    probe_allowed_networks: str = Field("", description="Private networks that monitors may ask, with commas.")
    alert_allowed_networks: str = Field("", description="Private networks that alerts may go to, with commas.")
    probe_references: str = Field("", description="host:port, with commas: what tells whether we are online ourselves.")
    probe_references_needed: int = Field(1, ge=1, le=20, description="How many of them must answer.")
    probe_nameservers: str = Field("", description="Name servers to ask, with commas; the system's if empty.")
    probe_per_host: int = Field(6, ge=1, le=100, description="Probes at one time to one host.")
    probe_authorities: Path | None = Field(None, description="File of certificates to trust instead of the system's.")
    raw_months: int = Field(24, ge=2, le=1200, description="Months for which single observations are kept.")
    agent_token: SecretStr | None = Field(None, description="Token of a location's agent, for `kept probe --server`.")
    agent_spool_mb: int = Field(64, ge=2, le=65_536, description="Largest folder of an agent's waiting answers.")
    secret_key: SecretStr | None = Field(None, description="Key for monitors' headers; a file in KEPT_DATA if unset.")

    smtp_host: str | None = Field(None, description="Mail server that takes our letters; none are sent if unset.")
    smtp_port: int | None = Field(
        None, ge=1, le=65535, description="Its port; 465, 587 or 25 by the security if unset."
    )
    smtp_security: Literal["tls", "starttls", "none"] = Field("tls", description="`none` to this machine only.")
    smtp_user: str | None = Field(None, description="User to log in as; no login if unset.")
    smtp_password: SecretStr | None = Field(None, description="That user's password.")
    smtp_timeout: int = Field(60, ge=1, le=600, description="Seconds to wait for one answer.")
    mail_from: str | None = Field(None, description="Who writes: My Studio <service@studio.example>.")
    mail_reply_to: str | None = Field(None, description="Who reads the answers; KEPT_MAIL_FROM if unset.")
    mail_bounces: str | None = Field(None, description="Address that takes +token: bounces@studio.example.")
    mail_hello: str | None = Field(None, pattern=DNS_NAME, description="Our name; KEPT_MAIL_FROM's domain if unset.")
    mail_authorities: Path | None = Field(None, description="Certificates to trust instead of the system's, for mail.")
    mail_months: int = Field(24, ge=1, le=1200, description="Months for which the contents of messages are kept.")
    mail_per_minute: int = Field(30, ge=1, le=10_000, description="Messages a minute to one domain.")
    mail_dkim_key: Path | None = Field(None, description="Private key to sign with (RSA, PEM); unsigned if unset.")
    mail_dkim_selector: str = Field("kept", pattern=DNS_NAME, description="Its name below _domainkey.")
    mail_dkim_domain: str | None = Field(None, pattern=DNS_NAME, description="KEPT_MAIL_FROM's domain if unset.")
    imap_host: str | None = Field(None, description="Server of the mailbox that bounces come back to.")
    imap_port: int | None = Field(None, ge=1, le=65535, description="Its port; 993 or 143 by the security if unset.")
    imap_security: Literal["tls", "starttls", "none"] = Field("tls", description="`none` to this machine only.")
    imap_user: str | None = Field(None, description="User of that mailbox.")
    imap_password: SecretStr | None = Field(None, description="That user's password.")
    imap_folder: str = Field("INBOX", min_length=1, description="Folder that is read.")

    @field_validator("probe_allowed_networks", "alert_allowed_networks")
    @classmethod
    def _networks(cls, text: str) -> str:
        if text:
            from app.prober.addresses import Networks

            Networks.parse(text)
        return text

    @field_validator("probe_references")
    @classmethod
    def _references(cls, text: str) -> str:
        if text:
            from app.prober.online import references

            references(text)
        return text

    @field_validator("smtp_host", "imap_host")
    @classmethod
    def _host(cls, name: str | None) -> str | None:
        from app.prober.spec import host_name

        return host_name(name) if name else None

    @field_validator("probe_authorities", "mail_authorities", "mail_dkim_key")
    @classmethod
    def _authorities(cls, file: Path | None) -> Path | None:
        if file is not None and not file.is_file():
            raise ValueError(f"{file} is no file; give one in PEM")
        return file

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
