"""Octets to messages and back."""

from typing import Literal

from ..errors import UsageError
from .decoding import decoded, is_xml
from .faults import NdmError
from .kvn import read_kvn
from .kvn_writing import kvn_of
from .model import Composite, Message
from .validating import is_plain, validated
from .xml_reading import read_xml
from .xml_writing import composite_of, xml_of


def read(octets: bytes, *, where: str = "message") -> Message | Composite:
    """Return the message that octets hold, KVN or XML, in any Unicode encoding; or the messages of an XML `<ndm>`.

    `where` names the file in errors. Values are in the units of the standards (km, km/s, deg, ...) and epochs in the message's
    time system. Raises NdmError with line, keyword and what to do for whatever breaks the standard. Example:

        message = read(octets, where="tgo.oem")
        message.metadata["OBJECT_NAME"], message.block("ephemeris").rows.values
    """
    text = decoded(octets, where)
    return read_xml(text, where) if is_xml(text) else read_kvn(text, where)


def write(message: Message | Composite, form: Literal["kvn", "xml"] = "kvn", *, where: str = "message") -> bytes:
    """Return a message as octets: reading them gives an equal message, numbers to the last bit.

    Raises NdmError by keyword for a message that breaks its standard, UsageError for a form that it does not have.
    """
    if form not in {"kvn", "xml"}:
        raise UsageError(f"{form!r} is no form of a message", remedy="Write kvn or xml")
    if isinstance(message, Message):
        standard = validated(message, where)
        return kvn_of(message, standard) if form == "kvn" else xml_of(message, standard)
    if form == "kvn":
        raise UsageError("several messages in one are written in XML alone", remedy="Write xml, or each message by itself")
    for text in (*message.comments, message.message_id):
        if not is_plain(text) or text != text.rstrip():
            raise NdmError(f"{text[:60]!r} is not one line of text", where=where, keyword="COMMENT")
    return composite_of(message, [validated(one, where) for one in message.messages])
