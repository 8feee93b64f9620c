"""Services 21 and 23 of variant C: sequences of requests, and files on board."""

from dataclasses import dataclass
from typing import Literal

from .parts import Fixed, Flag, Many, Number, Numbers, Packet, Rest, Signed, Text
from .rows import Row, report, request


@dataclass(frozen=True, slots=True)
class SequenceStep:
    """A telecommand packet and the delay after it, before the next one is released."""

    request: bytes
    delay: int


@dataclass(frozen=True, slots=True)
class LoadSequence:
    """Load a sequence of requests."""

    sequence: int
    steps: tuple[SequenceStep, ...]


@dataclass(frozen=True, slots=True)
class LoadSequenceFile:
    """Load a sequence of requests from a file on board, and activate it at once or not."""

    activated: bool
    sequence: int
    repository: str
    file: str


@dataclass(frozen=True, slots=True)
class ControlSequence:
    """Unload, activate or abort a sequence, or ask for its checksum or content."""

    action: Literal["unload", "activate", "abort", "checksum", "report"]
    sequence: int


@dataclass(frozen=True, slots=True)
class AskSequences:
    """Ask for the status of each sequence, or abort all and ask which they were."""

    aborted: bool


@dataclass(frozen=True, slots=True)
class SequenceState:
    """A sequence and the code of its execution status (0 inactive, 1 under execution)."""

    sequence: int
    status: int


@dataclass(frozen=True, slots=True)
class SequenceStates:
    """The status of each sequence."""

    states: tuple[SequenceState, ...]


@dataclass(frozen=True, slots=True)
class SequenceChecksum:
    """The checksum, two octets, of a sequence."""

    sequence: int
    checksum: bytes


@dataclass(frozen=True, slots=True)
class SequenceContent:
    """What a sequence holds."""

    sequence: int
    steps: tuple[SequenceStep, ...]


@dataclass(frozen=True, slots=True)
class AbortedSequences:
    """The sequences that were aborted."""

    sequences: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CreateFile:
    """Create a file of at most `size` octets. `locked` is None in missions that do not say it."""

    repository: str
    file: str
    size: int
    locked: bool | None = None


@dataclass(frozen=True, slots=True)
class FileRequest:
    """Delete, lock or unlock a file, or report its attributes."""

    action: Literal["delete", "report", "lock", "unlock"]
    repository: str
    file: str


@dataclass(frozen=True, slots=True)
class FileAttributes:
    """The attributes of a file; `more` are the mission's own."""

    repository: str
    file: str
    size: int
    locked: bool | None = None
    more: bytes = b""


@dataclass(frozen=True, slots=True)
class FindFiles:
    """Search a repository for files of a pattern."""

    repository: str
    pattern: str


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that was found."""

    repository: str
    file: str


@dataclass(frozen=True, slots=True)
class FoundFiles:
    """The files found by a search."""

    repository: str
    pattern: str
    files: tuple[FoundFile, ...]


@dataclass(frozen=True, slots=True)
class DirectoryRequest:
    """Create or delete a directory in a repository."""

    action: Literal["create", "delete"]
    repository: str
    directory: str


@dataclass(frozen=True, slots=True)
class RenameDirectory:
    """Rename a directory."""

    repository: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class AskRepository:
    """Ask what a repository holds."""

    repository: str


@dataclass(frozen=True, slots=True)
class RepositoryObject:
    """A directory or file, in the mission's codes of `kind`."""

    kind: int
    name: str


@dataclass(frozen=True, slots=True)
class RepositorySummary:
    """What a repository holds."""

    repository: str
    objects: tuple[RepositoryObject, ...]


@dataclass(frozen=True, slots=True)
class CopyFile:
    """Copy or move a file; `operation` names the copy in later requests."""

    moved: bool
    operation: int
    source_repository: str
    source_file: str
    target_repository: str
    target_file: str


@dataclass(frozen=True, slots=True)
class ControlCopies:
    """Suspend, resume or abort file copies."""

    action: Literal["suspend", "resume", "abort"]
    operations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CopyProgress:
    """A file copy and how many percent of it are done."""

    operation: int
    percentage: int


@dataclass(frozen=True, slots=True)
class CopyStates:
    """How far file copies are."""

    copies: tuple[CopyProgress, ...]


_SEQUENCE = Number("sequence", "request_sequence_octets")
_STEPS = (_SEQUENCE, Many("steps", SequenceStep, (Packet("request"), Signed("delay")), "step"))
_BY_FILE = (_SEQUENCE, Text("repository"), Text("file"))
_FILE = (Text("repository"), Text("file"))
_LOCKED = Flag("locked", "lock_octets", optional=True)
_SIZE = Number("size", "file_size_octets")
_COPY = (
    Number("operation", "operation_octets"), Text("source_repository"), Text("source_file"), Text("target_repository"),
    Text("target_file"),
)  # fmt: skip
_PATHS = "{m.repository} {m.file}"
_FROM_TO = "{m.source_repository} {m.source_file} to {m.target_repository} {m.target_file}"


def _c(row: Row) -> Row:
    return Row(row.service, row.subtype, "C", row.direction, row.type, row.parts, row.says, row.fixed, row.grade)


ROWS = tuple(_c(row) for row in (
    request(21, 1, LoadSequence, _STEPS, "load sequence {m.sequence} of {m.steps:n} requests"),
    request(21, 2, LoadSequenceFile, _BY_FILE, "load sequence {m.sequence} from file " + _PATHS, activated=False),
    request(21, 3, ControlSequence, (_SEQUENCE,), "unload sequence {m.sequence}", action="unload"),
    request(21, 4, ControlSequence, (_SEQUENCE,), "activate sequence {m.sequence}", action="activate"),
    request(21, 5, ControlSequence, (_SEQUENCE,), "abort sequence {m.sequence}", action="abort"),
    request(21, 6, AskSequences, (), "report the status of each sequence", aborted=False),
    report(21, 7, SequenceStates, (Many("states", SequenceState, (_SEQUENCE, Number("status", "code_octets")), "state"),),
           "status of {m.states:n} sequences"),
    request(21, 8, LoadSequenceFile, _BY_FILE, "load sequence {m.sequence} from file " + _PATHS + " and activate it",
            activated=True),
    request(21, 9, ControlSequence, (_SEQUENCE,), "compute the checksum of sequence {m.sequence}", action="checksum"),
    report(21, 10, SequenceChecksum, (_SEQUENCE, Fixed("checksum", 2)), "checksum of sequence {m.sequence}: {m.checksum:hex}"),
    request(21, 11, ControlSequence, (_SEQUENCE,), "report the content of sequence {m.sequence}", action="report"),
    report(21, 12, SequenceContent, _STEPS, "sequence {m.sequence} holds {m.steps:n} requests"),
    request(21, 13, AskSequences, (), "abort all sequences and report which they were", aborted=True),
    report(21, 14, AbortedSequences, (Numbers("sequences", "request_sequence_octets"),),
           "sequences {m.sequences:list} were aborted"),
    request(23, 1, CreateFile, (*_FILE, _SIZE, _LOCKED), "create file " + _PATHS + " of at most {m.size} octets"),
    request(23, 2, FileRequest, _FILE, "delete file " + _PATHS, action="delete"),
    request(23, 3, FileRequest, _FILE, "report the attributes of file " + _PATHS, action="report"),
    report(23, 4, FileAttributes, (*_FILE, _SIZE, _LOCKED, Rest("more")), "file " + _PATHS + " of {m.size} octets"),
    request(23, 5, FileRequest, _FILE, "lock file " + _PATHS, action="lock"),
    request(23, 6, FileRequest, _FILE, "unlock file " + _PATHS, action="unlock"),
    request(23, 7, FindFiles, (Text("repository"), Text("pattern")), "find files {m.pattern} in {m.repository}"),
    report(23, 8, FoundFiles, (Text("repository"), Text("pattern"), Many("files", FoundFile, _FILE, "file")),
           "found {m.files:n} files {m.pattern} in {m.repository}", grade="K"),
    request(23, 9, DirectoryRequest, (Text("repository"), Text("directory")), "create directory {m.directory} in {m.repository}",
            action="create"),
    request(23, 10, DirectoryRequest, (Text("repository"), Text("directory")), "delete directory {m.directory} in {m.repository}",
            action="delete"),
    request(23, 11, RenameDirectory, (Text("repository"), Text("old"), Text("new")),
            "rename directory {m.old} in {m.repository} to {m.new}"),
    request(23, 12, AskRepository, (Text("repository"),), "report what {m.repository} holds"),
    report(23, 13, RepositorySummary,
           (Text("repository"), Many("objects", RepositoryObject, (Number("kind", "code_octets"), Text("name")), "object")),
           "{m.repository} holds {m.objects:n} objects"),
    request(23, 14, CopyFile, _COPY, "copy file " + _FROM_TO, moved=False),
    request(23, 15, CopyFile, _COPY, "move file " + _FROM_TO, moved=True),
    *(
        request(23, subtype, ControlCopies, (Numbers("operations", "operation_octets"),),
                f"{action} file copies {{m.operations:list}}", grade="K", action=action)
        for subtype, action in ((16, "suspend"), (17, "resume"), (18, "abort"))
    ),
    report(23, 23, CopyStates, (Many("copies", CopyProgress, (Number("operation", "operation_octets"),
           Number("percentage", "percentage_octets")), "copy"),), "progress of {m.copies:n} file copies", grade="K"),
))  # fmt: skip
