"""Navigation messages from one form to another."""

from pathlib import Path

from ...errors import UsageError
from ...ndm import Composite, Message, read, write
from .orbit_files import KVN_SUFFIXES, SPK_SUFFIXES, XML_SUFFIXES, arcs_of, write_arcs
from .reading import octets_of

KINDS = {".oem", ".opm", ".omm", ".ocm", ".aem", ".apm", ".acm", ".tdm", ".cdm", ".rdm"}
KVN_ENDINGS = KVN_SUFFIXES | KINDS


def convert(source: Path, out: Path, *, made_at: int, body: int | None = None, clock: Path | None = None) -> str:
    """Write a navigation message in the form that the ending of `out` names, and return what it is in words.

    Endings are .xml, .kvn (or that of the kind: .oem, .tdm, ...) and, for orbits, .bsp with the number of the `body`. Attitudes
    go between AEM and CK (.bc) with the `clock` of the spacecraft. Raises NdmError for a message that breaks its standard,
    UsageError for an ending that is no form.
    """
    suffix = out.suffix.lower()
    octets = octets_of(source)
    if suffix in (".bc", ".ck") or octets.startswith((b"DAF/CK", b"NAIF/DAF")):
        from ..attitudes import convert_attitudes  # it builds on what is here

        return convert_attitudes(source, out, made_at=made_at, body=body, clock=clock)
    message = read(octets, where=str(source))
    kinds = {one.kind for one in message.messages} if isinstance(message, Composite) else {message.kind}
    if suffix in KINDS and kinds != {suffix[1:].upper()}:
        raise UsageError(
            f"the ending says {suffix[1:].upper()}, the message is {', '.join(sorted(kinds))}", where=str(out),
            remedy="End the name with the kind of the message, with .kvn or .xml",
        )  # fmt: skip
    if suffix in SPK_SUFFIXES:
        write_arcs(arcs_of(message, str(source)), out, made_at=made_at, body=body)
    elif suffix in XML_SUFFIXES | KVN_ENDINGS:
        out.write_bytes(write(message, "xml" if suffix in XML_SUFFIXES else "kvn", where=str(out)))
    else:
        raise UsageError(f"{suffix or 'no ending'} is no form of a message", where=str(out), remedy="Use .xml, .kvn or .bsp")
    return told(message)


def told(message: Message | Composite) -> str:
    """Return what a message is: kind, version, objects and how many records it has."""
    if isinstance(message, Composite):
        return "; ".join(told(one) for one in message.messages)
    rows = sum(len(block.rows) for segment in message.segments for block in segment.data if block.rows is not None)
    named = [segment.metadata.text("OBJECT_NAME", "") for segment in message.segments]
    objects = ", ".join(dict.fromkeys(name for name in named if name))
    return f"{message.kind} {message.version}" + (f" of {objects}" if objects else "") + (f", {rows:,} records" if rows else "")
