"""What service instances of all services have in common: how they end, and how often they may report."""

from enum import Enum

CYCLES = range(2, 601)  # seconds between two status reports


class Ending(Enum):
    """What UNBIND with the reason `end` does to a service instance."""

    FINAL = "the instance cannot be bound again"
    NONE = "the instance can be bound until its provision period ends"
