"""ECSS packet utilization services carried in space packets: headers, and the requests and reports of the services, both ways.

Variant A is ECSS-E-70-41A, variant C is ECSS-E-ST-70-41C. Every message of `catalogue` is a row of one table.
"""

from . import catalogue
from .catalogue import *  # noqa: F403
from .headers import HeaderLayout, Headers, encode_telemetry, read_headers
from .large_data import FAILURES as LARGE_FAILURES
from .large_data import LargeComplete, LargeEvent, LargeFailed, LargeReceiver, split_message
from .packet_errors import ACCEPTANCE_CODES, PacketError
from .reports import Report, decode_report
from .request_id import RequestId
from .requests import decode_request, encode_request
from .rows import GRADES, REPORT, REQUEST, Row
from .table import ROWS, decode_message, describe, encode_message, row_of
from .telecommands import Acknowledge, Telecommand, TelecommandLayout, decode_telecommand, encode_telecommand
from .values import decode_values, encode_values
from .widths import Widths, read_widths

__all__ = [
    "ACCEPTANCE_CODES", "GRADES", "LARGE_FAILURES", "REPORT", "REQUEST", "ROWS", "Acknowledge", "HeaderLayout", "Headers",
    "LargeComplete", "LargeEvent", "LargeFailed", "LargeReceiver", "PacketError", "Report", "RequestId", "Row", "Telecommand",
    "TelecommandLayout", "Widths", "decode_message", "decode_report", "decode_request", "decode_telecommand", "decode_values",
    "describe", "encode_message", "encode_request", "encode_telecommand", "encode_telemetry", "encode_values", "read_headers",
    "read_widths", "row_of", "split_message",
]  # fmt: skip
__all__ += catalogue.__all__
