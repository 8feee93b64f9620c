"""Running jobs: the only place with files, clocks and tasks."""
