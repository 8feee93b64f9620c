"""Keys of space data link security and their life (CCSDS 355.1-B): a table of states, and a store that never shows its material.

States are those two public implementations share (CryptoLib, LeoDOS), which follow NIST SP 800-57. Which state a key may be
overwritten in is not public: here only one that no frame can depend on.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum

from cryptography.hazmat.primitives.constant_time import bytes_eq

from ..errors import DataError, UsageError

KEY_IDS = range(0x10000)


class KeyState(Enum):
    """State of a key; the value is its code in an inventory (as CryptoLib encodes it; the book's own codes are not public)."""

    PRE_ACTIVATION = 0
    ACTIVE = 1
    DEACTIVATED = 2
    DESTROYED = 3


class KeyEvent(Enum):
    """What may happen to a key, in the names of the procedures of 355.1-B."""

    OTAR = "over-the-air rekeying"
    ACTIVATION = "key activation"
    DEACTIVATION = "key deactivation"
    DESTRUCTION = "key destruction"


class KeyKind(Enum):
    """A master key only wraps session keys; a session key only protects frames."""

    MASTER = "master"
    SESSION = "session"


KEY_TABLE = {  # (state, event): next state; None: no such key yet
    (None, KeyEvent.OTAR): KeyState.PRE_ACTIVATION,
    (KeyState.PRE_ACTIVATION, KeyEvent.OTAR): KeyState.PRE_ACTIVATION,
    (KeyState.DESTROYED, KeyEvent.OTAR): KeyState.PRE_ACTIVATION,
    (KeyState.PRE_ACTIVATION, KeyEvent.ACTIVATION): KeyState.ACTIVE,
    (KeyState.ACTIVE, KeyEvent.DEACTIVATION): KeyState.DEACTIVATED,
    (KeyState.DEACTIVATED, KeyEvent.DESTRUCTION): KeyState.DESTROYED,
}


class LifeCycleError(DataError):
    """A key or security association is not in the state that something needs: its table has no such row."""


class KeyMaterial:
    """The secret octets of a key. Only `octets()` gives them; no repr, copy by pickle or error message does."""

    __slots__ = ("_octets",)

    def __init__(self, octets: bytes | bytearray) -> None:
        if not 16 <= len(octets) <= 64:
            raise UsageError(f"a key has 16 to 64 octets, not {len(octets)}", remedy="Use 32 for AES-256")
        self._octets = bytearray(octets)

    def octets(self) -> bytes:
        """Return the secret, for the cryptography and nothing else. Raises UsageError after `wipe`."""
        if not self._octets:
            raise UsageError("this key was destroyed", remedy="Upload a new one")
        return bytes(self._octets)

    def wipe(self) -> None:
        """Overwrite the secret in place; copies that the interpreter made of it cannot be reached."""
        self._octets[:] = bytes(len(self._octets))
        self._octets.clear()

    def __len__(self) -> int:
        return len(self._octets)

    def __repr__(self) -> str:
        return f"KeyMaterial({8 * len(self._octets)} bits)"

    def __reduce__(self) -> str:
        raise UsageError("key material is never written out", remedy="Keep keys in a vault of their own")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KeyMaterial) and bytes_eq(bytes(self._octets), bytes(other._octets))

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Key:
    """One key: its identifier, kind, state and material."""

    key_id: int
    kind: KeyKind
    state: KeyState
    material: KeyMaterial

    def after(self, event: KeyEvent) -> "Key":
        """Return the key as it is after an event. Raises LifeCycleError where the table has no row."""
        return replace(self, state=next_key_state(self.key_id, self.state, event))


def next_key_state(key_id: int, state: KeyState | None, event: KeyEvent) -> KeyState:
    """Return the state after an event; None stands for a key that does not exist. Raises LifeCycleError for a missing row."""
    after = KEY_TABLE.get((state, event))
    if after is None:
        now = "absent" if state is None else state.name
        needed = " or ".join("absent" if row[0] is None else row[0].name for row in KEY_TABLE if row[1] is event)
        raise LifeCycleError(f"{event.value} is not possible while key {key_id} is {now}", remedy=f"It must be {needed}")
    return after


class KeyStore:
    """The keys one end holds, by identifier. Material is copied in, and overwritten when a key is replaced or destroyed."""

    def __init__(self) -> None:
        self._keys: dict[int, Key] = {}

    def __iter__(self) -> Iterator[Key]:
        return iter([self._keys[key_id] for key_id in sorted(self._keys)])

    def __contains__(self, key_id: int) -> bool:
        return key_id in self._keys

    def load(
        self, key_id: int, octets: bytes, kind: KeyKind = KeyKind.SESSION, state: KeyState = KeyState.PRE_ACTIVATION
    ) -> None:
        """Put in a key from a vault (never over the air). Raises UsageError if the identifier is taken or out of 16 bits."""
        if key_id not in KEY_IDS:
            raise UsageError(f"key identifier {key_id} does not fit 16 bits")
        if key_id in self._keys and self._keys[key_id].state is not KeyState.DESTROYED:
            raise UsageError(f"key {key_id} is already held", remedy="Deactivate and destroy it first")
        self._keys[key_id] = Key(key_id, kind, state, KeyMaterial(octets))

    def get(self, key_id: int) -> Key | None:
        """Return a key, or None if there is none of that identifier."""
        return self._keys.get(key_id)

    def active(self, key_id: int) -> Key:
        """Return an active key. Raises LifeCycleError if it is absent or in another state."""
        key = self._keys.get(key_id)
        if key is None or key.state is not KeyState.ACTIVE:
            state = "absent" if key is None else key.state.name
            raise LifeCycleError(f"key {key_id} is {state}, not ACTIVE", remedy="Activate it first")
        return key

    def check(self, key_id: int, event: KeyEvent) -> None:
        """Refuse (LifeCycleError) an event that cannot happen to a key: a missing row, or any change of a master key."""
        key = self._keys.get(key_id)
        if key is not None and key.kind is KeyKind.MASTER:
            raise LifeCycleError(f"key {key_id} is a master key; {event.value} is for session keys", remedy="Name a session key")
        next_key_state(key_id, key.state if key else None, event)

    def upload(self, key_id: int, octets: bytes) -> None:
        """Take a session key that came over the air; it waits for activation. Raises LifeCycleError as `check`."""
        self.check(key_id, KeyEvent.OTAR)
        if key_id in self._keys:
            self._keys[key_id].material.wipe()
        self._keys[key_id] = Key(key_id, KeyKind.SESSION, KeyState.PRE_ACTIVATION, KeyMaterial(octets))

    def apply(self, key_id: int, event: KeyEvent) -> None:
        """Let activation, deactivation or destruction happen to a session key. Raises LifeCycleError as `check`."""
        self.check(key_id, event)
        self._keys[key_id] = self._keys[key_id].after(event)
        if event is KeyEvent.DESTRUCTION:
            self._keys[key_id].material.wipe()
