"""Rooms, floors and permitted imports of the package: the one table the tests and the docs read.

It lists the rooms that exist; a room is added with its first code. The whole plan stands in the design notes of `docs/`.
"""

PACKAGE = "aelita"
FLOORS = [  # bottom to top; rooms on one floor never import each other
    ["errors"],
    ["octets", "tables"],
    ["time"],
    ["agencies"],
    ["records"],
    ["coding", "link", "pus", "sle", "ndm"],
    ["mdb", "archive", "ephemeris", "environment"],
    ["telemetry", "alarms", "commanding", "dynamics"],
    ["stations", "spacecraft"],
    ["services"],
    ["api"],
    ["console"],
    ["cli"],
]
_BELOW_SERVICES = {room for floor in FLOORS[: FLOORS.index(["services"])] for room in floor}
SANS_IO = _BELOW_SERVICES - {"archive"}  # `load.py` of a definition room may read files
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
    "agencies": _,
    "records": _ | {"agencies"},
    "coding": {"errors", "octets"},
    "link": _,
    "pus": _,
    "sle": _,
    "ndm": _,
    "mdb": _,
    "archive": _ | {"agencies", "records"},
    "ephemeris": _,
    "environment": _,
    "telemetry": _ | {"records", "coding", "link", "pus", "mdb"},
    "alarms": _ | {"agencies", "records"},
    "commanding": _ | {"agencies", "records", "coding", "link", "pus", "mdb"},
    "dynamics": _ | {"ndm", "ephemeris", "environment"},
    "stations": _ | {"agencies", "records", "coding", "link", "sle", "ephemeris"},
    "spacecraft": _ | {"coding", "link", "pus", "mdb"},
    "services": _BELOW_SERVICES,
    "api": _BELOW_SERVICES | {"services"},
    "console": {"errors", "time", "agencies", "api"},
    "cli": {room for floor in FLOORS[:-1] for room in floor},
}
PROCEDURES = {"errors", "time", "commanding"}  # what procedures of mission folders import
ABOUT = {
    "errors": "One exception tree.",
    "octets": "Bit fields, CRCs and checksums.",
    "tables": "TOML definition files, read strictly.",
    "time": "Epochs, time scales, leap seconds, CCSDS time codes and spacecraft clock correlation.",
    "agencies": "Agencies, centres, roles, stations, instruments, the agreement between agencies and who may what.",
    "records": "The few record types that flow, as column schemas.",
    "coding": "Synchronization and channel coding, down and up: bits to transfer frames, frames to CLTUs, and back.",
    "link": "Space packets; TM, AOS, USLP and TC transfer frames; virtual channels; COP-1; SDLS; channel descriptions.",
    "pus": "ECSS packet utilization services, variants A and C: requests and reports.",
    "sle": "Space link extension: RAF, RCF, ROCF and forward CLTU as user and provider, on ISP1.",
    "ndm": "Navigation data messages: orbits, attitudes, tracking and conjunctions, in KVN and XML.",
    "mdb": "Mission database in XTCE's terms: parameters, containers, calibrators, limits, commands; compiled layouts.",
    "archive": "Append-only store of records: ingest, find, retrieve, completeness.",
    "ephemeris": "Bodies, reference frames, states and light time through SPICE.",
    "environment": "Gravity, atmosphere, solar pressure, media and radio channel, as functions of state and time.",
    "telemetry": "Frames to packets to parameter values: decommutation, calibration, derivation, limits, events.",
    "alarms": "Alarms and their life cycle: acknowledgement, shelving, suppression, escalation.",
    "commanding": "Requests, authority, the release gate, evidence, verification, procedures.",
    "dynamics": "Propagation, orbit determination, manoeuvres, transfers, launch, aerobraking.",
    "stations": "Antennas, bookings, contacts, and what a station keeps of each.",
    "spacecraft": "Simulated spacecraft: the on-board end of the link, what runs there, its telemetry, and faults.",
    "services": "Running jobs: the only place with files, clocks and tasks.",
    "api": "The HTTP and WebSocket interface of a centre, and the Python client of it.",
    "console": "Web displays; they speak to a centre only through the client of `api`.",
    "cli": "The `aelita` command.",
}
