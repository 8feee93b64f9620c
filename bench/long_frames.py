"""Write a file of TM frames of any size, with running counters and distinct packets, for the soak test.

python -m bench.long_frames FILE OCTETS     (PYTHONPATH: the project and the harness in ../shared/peers/yamcs)
"""

import sys
from pathlib import Path

import gen_packets  # type: ignore[import-not-found]
import numpy as np

BLOCK = 200_000  # packets made at a time


def main() -> None:
    """Write whole blocks of frames until the file has at least that many octets; print how many packets and frames it holds."""
    path, wanted = Path(sys.argv[1]), int(sys.argv[2])
    packets = frames = octets = 0
    with path.open("wb") as file:
        while octets < wanted:
            rows = gen_packets.frames(gen_packets.stream(packets, BLOCK))
            rows[:, 2] = rows[:, 3] = (frames + np.arange(len(rows))) & 0xFF
            check = gen_packets.crc16(rows[:, :-2])
            rows[:, -2], rows[:, -1] = check >> 8, check & 0xFF
            octets += file.write(rows.tobytes())
            packets, frames = packets + BLOCK, frames + len(rows)
    print(packets, frames)


if __name__ == "__main__":
    main()
