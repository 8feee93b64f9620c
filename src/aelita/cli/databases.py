"""`aelita mdb`: mission databases checked, shown and compared; `aelita missions` and `aelita config`."""

import typer


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
