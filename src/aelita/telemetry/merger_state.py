"""What a merger has given out of one virtual channel, as arrays: the runs since it began, and its last frames one by one."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ..link import State, leaf, words_array, words_of
from .merged_channel import Known, MergedChannel
from .runs import Place, Run


def channel_state(channel: MergedChannel) -> State:
    """Return all but what waits."""
    frames = channel.passed_frames()
    front = [] if channel.front is None else [channel.front]
    stations = list(dict.fromkeys(known.station for known in (*frames, *front)))
    return {
        "stations": words_array(stations),
        "frames": _table((_row(known, stations) for known in frames), 6),
        "front": _table((_row(known, stations) for known in front), 6),
        "runs": _table(((*_numbers(run.first), *_numbers(run.last)) for run in channel.runs.runs), 6),
        "others": np.array([channel.horizon, channel.rhythm.pace, channel.overtaken], np.int64),
    }


def restore_channel(channel: MergedChannel, state: State) -> None:
    """Take what `channel_state` gave. Raises DataError when it is none."""
    stations = words_of(leaf(state, "stations"))
    number = channel.number
    frames = [_known(row, number, stations) for row in leaf(state, "frames").tolist()]
    front = [_known(row, number, stations) for row in leaf(state, "front").tolist()]
    runs = [Run(Place(*row[:3]), Place(*row[3:])) for row in leaf(state, "runs").tolist()]
    horizon, channel.rhythm.pace, *overtaken = leaf(state, "others").tolist()
    channel.overtaken = sum(overtaken)  # states of earlier versions have none
    channel.restore(frames, front[0] if front else None, runs, horizon)


def _numbers(place: Place) -> tuple[int, int, int]:
    return place.emitted, place.count, place.modulus


def _row(known: Known, stations: list[str]) -> tuple[int, ...]:
    return (*_numbers(known.place), known.digest, known.received, stations.index(known.station))


def _known(row: list[int], number: int, stations: list[str]) -> Known:
    *place, digest, received, station = row
    return Known(number, Place(*place), digest, stations[station], received)


def _table(rows: Iterable[tuple[int, ...]], columns: int) -> NDArray[np.int64]:
    return np.array(list(rows), np.int64).reshape(-1, columns)
