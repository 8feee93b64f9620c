"""How often something may be tried: a rate for each key, in bounded memory."""

from collections import OrderedDict
from dataclasses import dataclass

MOST_KEYS = 10_000


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` tries at once, and one more every `every_s` seconds."""

    burst: int
    every_s: float


class Rates:
    """Tries of each key at one rate, as the generic cell rate algorithm counts them (ITU-T I.371).

    Of a key only the time is kept at which all its tries are forgotten. When there are too many keys, those go first that were
    tried longest ago. Times are seconds of any clock that never runs backwards.
    """

    def __init__(self, rate: Rate, most: int = MOST_KEYS) -> None:
        self.rate, self.most = rate, most
        self._forgotten_at: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        """Return how many keys are kept."""
        return len(self._forgotten_at)

    def wait_s(self, key: str, now: float) -> float:
        """Return how long to wait before the next try of a key, 0 when it may be now."""
        ahead = self._forgotten_at.get(key, now) - now
        return max(0.0, ahead - (self.rate.burst - 1) * self.rate.every_s)

    def take(self, key: str, now: float) -> None:
        """Count a try."""
        self._forgotten_at[key] = max(self._forgotten_at.pop(key, now), now) + self.rate.every_s
        while len(self._forgotten_at) > self.most:
            self._forgotten_at.popitem(last=False)

    def give_back(self, key: str) -> None:
        """Count a try no more: it was a good one."""
        if key in self._forgotten_at:
            self._forgotten_at[key] -= self.rate.every_s
