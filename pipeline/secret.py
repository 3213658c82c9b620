"""Secrets of a configuration: named there, kept elsewhere, never shown."""

import os
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, SecretStr

NEED_SECRETS = ContextVar("NEED_SECRETS", default=True)
"""Off while a configuration is read for a command that only speaks to Kafka."""
LITERAL = "a secret may not stand in the file; write ${VARIABLE} or file:PATH"


class SecretText(SecretStr):
    """A secret and whether it stood in the file itself."""

    literal = False


def _secret(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if value.startswith("${") and value.endswith("}"):
        name = value[2:-1]
        if name in os.environ:
            return SecretText(os.environ[name])
        return _missing(f"environment variable {name} is not set; set it or use file:PATH")
    if value.startswith("file:"):
        try:
            return SecretText(Path(value[5:]).read_text(encoding="utf-8").rstrip("\n"))
        except OSError as error:
            return _missing(f"cannot read {value[5:]}: {error.strerror}")
    secret = SecretText(value)
    secret.literal = True
    return secret


def _missing(why: str) -> SecretText:
    if NEED_SECRETS.get():
        raise ValueError(why)
    return SecretText("")


PASSWORD_OCTETS_MAX = 8  # SMPP 3.4 section 4.1.1, the NUL not counted


def _fits_a_bind(secret: SecretText) -> SecretText:
    text = secret.get_secret_value()
    if not text.isascii() or len(text) > PASSWORD_OCTETS_MAX:
        raise ValueError(f"a password of SMPP is ASCII of at most {PASSWORD_OCTETS_MAX} characters")
    return secret


Secret = Annotated[SecretText, BeforeValidator(_secret)]
Password = Annotated[Secret, AfterValidator(_fits_a_bind)]


def _readable(path: Path) -> Path:
    try:
        with path.open("rb"):
            return path
    except OSError as error:
        if NEED_SECRETS.get():
            raise ValueError(f"cannot read {path}: {error.strerror}") from error
        return path


ReadablePath = Annotated[Path, AfterValidator(_readable)]  # or else who needs secrets is told
