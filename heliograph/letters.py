"""Commands about dead letters."""

import typer

LETTERS = typer.Typer()
