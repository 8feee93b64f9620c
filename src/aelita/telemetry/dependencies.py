"""Which other parameters the engineering values of one depend on."""

from ..mdb import AbsoluteTimeType, CompiledDatabase, FloatEncoding, IntegerEncoding, MathOperation
from .conditions import references_of


def needed_parameters(compiled: CompiledDatabase, column: str) -> set[str]:
    """Return the columns whose raw values the calibration of this one needs, directly or through others."""
    found: set[str] = set()
    waiting = [column]
    while waiting:
        for name in _direct(compiled, waiting.pop()):
            if name != column and name not in found:
                found.add(name)
                waiting.append(name)
    return found


def _direct(compiled: CompiledDatabase, column: str) -> set[str]:
    kind = compiled.type_of_column(column)
    encoding = getattr(kind, "encoding", None)
    found: set[str] = set()
    if isinstance(kind, AbsoluteTimeType) and kind.relative_to is not None:
        found.add(kind.relative_to)
    if isinstance(encoding, IntegerEncoding | FloatEncoding):
        calibration = encoding.calibration
        for condition, _ in calibration.contexts:
            found |= {r.parameter + _path(r.path) for r in references_of(condition)}
        for calibrator in (calibration.default, *(c for _, c in calibration.contexts)):
            if isinstance(calibrator, MathOperation):
                found |= {word for word in calibrator.program if isinstance(word, str) and word.startswith("/") and len(word) > 1}
    return found


def _path(path: tuple[str | int, ...]) -> str:
    return "".join(f".{p}" if isinstance(p, str) else f"[{p}]" for p in path)
