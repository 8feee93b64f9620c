"""Synchronization and channel coding: bits to transfer frames and back; uplink carriers."""

from .bch import decode_bch, encode_bch
from .cltu import START_BCH, START_LDPC, TAIL_BCH, TAIL_LDPC_128, TAIL_LDPC_128_OLD, CltuRules, TcCode, encode_cltu
from .cltu_receiver import (
    CltuEnd,
    CltuReceived,
    CltuReceiver,
    CltuStarted,
    CodewordAccepted,
    Received,
    ReceiverEvent,
    ReceiverState,
)
from .convolutional import Convolutional, Viterbi
from .ldpc import LDPC_128, LDPC_512, Ldpc
from .markers import ASM, ASM_EMBEDDED, ASM_TURBO_1_2, ASM_TURBO_1_3, ASM_TURBO_1_4, ASM_TURBO_1_6
from .randomizer import derandomize, randomize
from .reed_solomon import Decoded, ReedSolomon
from .synchronizer import Skipped, Synchronized, Synchronizer
from .uplink_carrier import CarrierEvent, CltuExpired, Radiated, RadiationBegun, UplinkCarrier, UplinkRules
from .uplink_plop import CarrierMode, Plop
from .uplink_rate import bit_rate, radiation_duration_ns

__all__ = [
    "ASM", "ASM_EMBEDDED", "ASM_TURBO_1_2", "ASM_TURBO_1_3", "ASM_TURBO_1_4", "ASM_TURBO_1_6", "LDPC_128", "LDPC_512",
    "START_BCH", "START_LDPC", "TAIL_BCH", "TAIL_LDPC_128", "TAIL_LDPC_128_OLD", "CarrierEvent", "CarrierMode", "CltuEnd",
    "CltuExpired", "CltuReceived", "CltuReceiver", "CltuRules", "CltuStarted", "CodewordAccepted", "Convolutional", "Decoded",
    "Ldpc", "Plop", "Radiated", "RadiationBegun", "Received", "ReceiverEvent", "ReceiverState", "ReedSolomon", "Skipped",
    "Synchronized", "Synchronizer", "TcCode", "UplinkCarrier", "UplinkRules", "Viterbi", "bit_rate", "decode_bch",
    "derandomize", "encode_bch", "encode_cltu", "radiation_duration_ns", "randomize",
]  # fmt: skip
