"""Uplink rates without rounding: a rate is a fraction of bits on the channel a second, a duration whole nanoseconds.

The rate is that of the modulated bits, of codewords and of start, tail, acquisition and idle sequences, not of frames.
"""

from fractions import Fraction

from ..errors import UsageError

NS_PER_S = 1_000_000_000


def bit_rate(rate: str | int | Fraction) -> Fraction:
    """Return a rate in bit/s, from `"7.8125"`, `"4000/512"`, an integer or a fraction. Raises UsageError for any other.

    A binary float is refused: 7.8 is none, so that its error would grow with every bit.
    """
    try:
        made = Fraction(rate) if isinstance(rate, str | int | Fraction) and not isinstance(rate, bool) else Fraction(0)
    except (ValueError, ZeroDivisionError):
        made = Fraction(0)
    if made <= 0:
        raise UsageError(f"{rate!r} is no bit rate", remedy='Give bits a second as "7.8125", "4000/512" or 2000')
    return made


def radiation_duration_ns(bits: int, rate: Fraction) -> int:
    """Return after how many nanoseconds `bits` bits are radiated, rounded up once from the exact time: it never accumulates."""
    return -(-bits * NS_PER_S * rate.denominator // rate.numerator)


def bits_not_before(elapsed_ns: int, rate: Fraction) -> int:
    """Return the smallest number of bits whose `radiation_duration_ns` is at least `elapsed_ns`."""
    if elapsed_ns <= 0:
        return 0
    return (elapsed_ns - 1) * rate.numerator // (rate.denominator * NS_PER_S) + 1
