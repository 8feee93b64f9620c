"""Flight dynamics at work: what is asked of it, the files it reads and writes, and its plots."""
