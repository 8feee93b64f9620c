"""The `aelita` command."""
