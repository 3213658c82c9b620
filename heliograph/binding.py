"""Commands about the binds of connectors."""

import typer

BINDING = typer.Typer()
