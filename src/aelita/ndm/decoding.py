"""Octets of a message to UTF-8, whatever their byte order mark or width says; and what is XML."""

import codecs
import re

from .faults import NdmError

MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"), (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip
# Without a mark: the first character of any message is ASCII (`<`, `C`, or a blank), so its zeros tell the width
_DECLARED = re.compile(rb"<\?xml[^>]*?\bencoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_NARROW = {"utf-8", "ascii", "iso8859-1", "iso8859-15", "cp1252"}
_ASCII = bytes(range(32, 127)) + b"\t\n\r"
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\xef\xbf[\xbe\xbf]")


def decoded(octets: bytes, where: str) -> bytes:
    """Return a message as UTF-8 without a byte order mark.

    A mark or the width of the first character goes before what an XML declaration says (files of UCS-4 say UTF-8). Raises
    NdmError for octets that are not of the encoding, for an encoding that is not known and for control characters.
    """
    mark, encoding = next(((mark, name) for mark, name in MARKS if octets.startswith(mark)), (b"", _by_width(octets)))
    declared = _DECLARED.match(octets) if not mark and encoding == "utf-8" else None
    if declared:
        encoding = _narrow(declared.group(1).decode("ascii"), where)
    body = octets[len(mark) :]
    if encoding == "utf-8" and body.isascii():
        return _printable(body, where)
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError as error:
        at = error.start + len(mark)
        line = body.count(b"\n", 0, error.start) + 1
        raise NdmError(
            f"octet {octets[at]:#04x} at offset {at} is no {encoding.upper()}",
            where=where,
            line=line,
            remedy="Write the message in ASCII or UTF-8, or begin it with the byte order mark of its encoding",
        ) from error
    return _printable(text.encode("utf-8"), where)


def is_xml(text: bytes) -> bool:
    """Return whether a decoded message is XML."""
    return text.lstrip()[:1] == b"<"


def _by_width(octets: bytes) -> str:
    zeros = tuple(octet == 0 for octet in octets[:4])
    widths: dict[tuple[bool, ...], str] = {
        (False, True, True, True): "utf-32-le",
        (True, True, True, False): "utf-32-be",
        (False, True, False, True): "utf-16-le",
        (True, False, True, False): "utf-16-be",
    }
    return widths.get(zeros, "utf-8")


def _narrow(name: str, where: str) -> str:
    try:
        known = codecs.lookup(name).name
    except LookupError:
        known = ""
    if known in _NARROW:
        return known
    what = "which its octets are not" if known.startswith(("utf-16", "utf-32")) else "which is not read"
    raise NdmError(f"the XML declares encoding {name}, {what}", where=where, line=1, remedy="Write the message in UTF-8")


def _printable(text: bytes, where: str) -> bytes:
    bad = _CONTROL.search(text) if text.translate(None, _ASCII) else None
    if bad:
        line = text.count(b"\n", 0, bad.start()) + 1
        raise NdmError(
            f"a control character ({bad.group()[-1]:#04x}) stands in the message",
            where=where,
            line=line,
            remedy="Only printable characters, blanks and ends of lines may",
        )
    return text
