"""What several commands are given."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.config import Config, load

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="heliograph.yaml; the packaged example without it.")
]


def config_at(path: Path | None, *, with_secrets: bool = False) -> Config:
    """The configuration in a file, or the packaged example. Raises ConfigError."""
    from heliograph.local import EXAMPLE

    return load(path or EXAMPLE, with_secrets=with_secrets)
