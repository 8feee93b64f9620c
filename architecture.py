"""Rooms, floors and permitted imports of the package: the one table the tests and the docs read.

It lists the rooms that exist; a room is added with its first code. The whole plan stands in the design notes of `docs/`.
"""

PACKAGE = "aelita"
FLOORS = [  # bottom to top; rooms on one floor never import each other
    ["errors"],
    ["octets", "tables"],
    ["time"],
    ["records"],
    ["coding", "link", "pus"],
    ["mdb", "archive", "ephemeris"],
    ["telemetry"],
    ["services"],
    ["cli"],
]
SANS_IO = {room for floor in FLOORS[:7] for room in floor} - {"archive"}  # `load.py` of a definition room may read files
IO_NAMES = {
    "asyncio", "socket", "ssl", "http", "urllib", "httpx", "aiohttp", "nats", "threading", "multiprocessing", "subprocess",
    "sqlite3", "select", "logging", "random", "time", "pathlib", "shutil", "tempfile", "os",
}  # fmt: skip
IO_EXCEPTIONS = {("ephemeris", "pathlib"), ("ephemeris", "threading")}  # SPICE loads kernels by path, behind one lock

_ = {"errors", "time", "octets", "tables"}
ROOMS = {
    "errors": set(),
    "octets": {"errors"},
    "tables": {"errors"},
    "time": {"errors", "octets", "tables"},
    "records": _,
    "coding": {"errors", "octets"},
    "link": _,
    "pus": _,
    "mdb": _,
    "archive": _ | {"records"},
    "ephemeris": _,
    "telemetry": _ | {"records", "coding", "link", "pus", "mdb"},
    "services": {room for floor in FLOORS[:7] for room in floor},
    "cli": {room for floor in FLOORS[:-1] for room in floor},
}
ABOUT = {
    "errors": "One exception tree.",
    "octets": "Bit fields, CRCs and checksums.",
    "tables": "TOML definition files, read strictly.",
    "time": "Epochs, time scales, leap seconds, CCSDS time codes and spacecraft clock correlation.",
    "records": "The few record types that flow, as column schemas.",
    "coding": "Synchronization and channel coding: bits to transfer frames and back.",
    "link": "Space packets and TM, AOS and USLP transfer frames; virtual channels; the channel description.",
    "pus": "ECSS packet utilization services carried in space packets.",
    "mdb": "Mission database: parameters, containers, calibrators and limits in XTCE's terms; compiled layouts.",
    "archive": "Append-only store of records: ingest, find, retrieve, completeness.",
    "ephemeris": "Bodies, reference frames, states and light time through SPICE.",
    "telemetry": "Frames to packets to parameter values: decommutation, calibration, derivation, limits, events.",
    "services": "Running jobs: the only place with files, clocks and tasks.",
    "cli": "The `aelita` command.",
}
