"""Commands that watch a pipeline that runs."""

import typer

WATCHING = typer.Typer()
