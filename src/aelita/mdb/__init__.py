"""Mission database: parameters, containers, calibrators, alarms, in XTCE's terms."""

from .alarms import Alarm, AlarmRules, NormalRange, Severity
from .calibration import Calibration, Calibrator, MathOperation, Polynomial, Spline
from .conditions import Algorithm, AllOf, AnyOf, Comparison, Condition, Operator, Reference
from .model import Container, Database, Finding, Parameter

__all__ = [
    "Alarm", "AlarmRules", "Algorithm", "AllOf", "AnyOf", "Calibration", "Calibrator", "Comparison", "Condition", "Container",
    "Database", "Finding", "MathOperation", "NormalRange", "Operator", "Parameter", "Polynomial", "Reference", "Severity",
    "Spline",
]
