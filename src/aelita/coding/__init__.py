"""Synchronization and channel coding: bits to transfer frames and back."""

from .convolutional import Convolutional, Viterbi
from .markers import ASM, ASM_EMBEDDED, ASM_TURBO_1_2, ASM_TURBO_1_3, ASM_TURBO_1_4, ASM_TURBO_1_6
from .randomizer import derandomize, randomize
from .reed_solomon import Decoded, ReedSolomon
from .synchronizer import Skipped, Synchronized, Synchronizer

__all__ = [
    "ASM", "ASM_EMBEDDED", "ASM_TURBO_1_2", "ASM_TURBO_1_3", "ASM_TURBO_1_4", "ASM_TURBO_1_6", "Convolutional", "Decoded",
    "ReedSolomon", "Skipped", "Synchronized", "Synchronizer", "Viterbi", "derandomize", "randomize",
]  # fmt: skip
