"""Frames that several stations heard, against a model that knows every frame that was emitted."""

import random
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.link import LATE, FrameReceiver, flat_state, nested_state
from aelita.telemetry import Copies, Hole, Merged, Merger, joined_copies, joined_merged
from reception_material import checked, mission_channel, tm, tm_frame
from shared import shared
from station_material import LIGHT_NS, MS, SECOND, START, Heard, World, copies_of, frames_of

CHANNEL = tm()
SPACINGS = st.sampled_from([450 * 1000, 1_800 * 1000, 40 * MS, 350 * MS, 7 * SECOND])


def fed(merger: Merger, batches: list[list[Heard]], first: int = 0) -> list[Merged]:
    """Feed batches at the times of delivery, with the timers that fall between."""
    out = []
    for number, batch in enumerate(batches, start=first):
        while (due := merger.next_deadline()) is not None and due <= batch[0].delivered:
            out.append(merger.on_timer(due))
        out.append(merger.feed(copies_of(batch, number), batch[-1].delivered))
    return out


def assert_in_order(world: World, merged: list[Merged]) -> None:
    """The frames of the first virtual channel, no two of which are equal, rise in number but for late ones."""
    number = {octets: i for i, (octets, _) in enumerate(world.emitted)}
    rising = [number[m.octets(i)] for m in merged for i in range(len(m)) if not m.late[i] and m.virtual_channel[i] == 0]
    assert rising == sorted(rising)


def assert_all_once(world: World, merged: list[Merged]) -> None:
    assert Counter(frames_of(*merged)) == Counter(world.emitted[i][0] for i in world.good)


@settings(max_examples=12)
@given(st.integers(0, 2**32), SPACINGS, st.integers(1, 60))
def test_every_good_frame_comes_out_once_and_in_order(seed: int, spacing: int, batch: int) -> None:
    world = World(seed, spacing, 350)
    merger = Merger(CHANNEL)
    merged = [*fed(merger, world.batches(batch)), merger.finish()]
    assert_all_once(world, merged)
    assert_in_order(world, merged)
    assert merger.next_deadline() is None and not merger.unsettled()
    assert sum(s.won for s in merger.stations.values()) == len(world.good)


@settings(max_examples=8)
@given(st.integers(0, 2**32), SPACINGS, st.integers(1, 20), st.integers(2, 30))
def test_batches_that_waited_are_merged_together(seed: int, spacing: int, batch: int, together: int) -> None:
    world, merger = World(seed, spacing, 350), Merger(CHANNEL)
    batches, merged = world.batches(batch), []
    for first in range(0, len(batches), together):
        by_station: dict[str, list[Copies]] = {}
        for number, heard in enumerate(batches[first : first + together], start=first):
            copies = copies_of(heard, number)
            by_station.setdefault(copies.station, []).append(copies)
        now = batches[min(first + together, len(batches)) - 1][-1].delivered
        merged.append(joined_merged([merger.feed(joined_copies(some), now) for some in by_station.values()]))
        for station, number in merger.unsettled().items():
            assert number in {copies.message for copies in by_station.get(station, ())} or number < first
    merged.append(merger.finish())
    whole = joined_merged(merged)
    assert_all_once(world, merged)
    assert_all_once(world, [whole])
    assert_in_order(world, [whole])
    assert sorted(whole.opened, key=str) == sorted(merger.holes(), key=str) and not whole.closed


@settings(max_examples=12)
@given(st.integers(0, 2**32), SPACINGS, st.integers(1, 40), st.floats(0, 1), st.floats(0, 1))
def test_a_restart_repeats_nothing_and_loses_nothing(seed: int, spacing: int, batch: int, where: float, shuffle: float) -> None:
    world = World(seed, spacing, 350)
    batches = world.batches(batch)
    stop = round(where * len(batches))
    first = Merger(CHANNEL)
    written = fed(first, batches[:stop])
    settled = min(first.unsettled().values(), default=stop)
    again = batches[settled:stop]
    random.Random(shuffle).shuffle(again)  # streams of several stations are delivered anew in any order
    second, snapshot = Merger(CHANNEL), round(shuffle * len(written))
    if snapshot:  # a state from before, and what was written since then and a little before
        for one in written[:snapshot]:
            second.remember(one)
        state, second = second.state(), Merger(CHANNEL)
        second.restore(nested_state(flat_state(state)))
    for one in written[max(snapshot - 3, 0) :]:
        second.remember(one)
    now = batches[stop - 1][-1].delivered if stop else START
    later = [second.feed(copies_of(one), now) for one in again]
    later += [*fed(second, batches[stop:]), second.finish()]
    assert_all_once(world, written + later)


def one(station: str, index: int, *, delivered: int | None = None, spacing: int = 100 * MS, octets: bytes | None = None) -> Heard:
    """A frame of one virtual channel whose counter is its number."""
    when = START + index * spacing
    frame = tm_frame(index.to_bytes(32), index, 0x7FE) if octets is None else octets
    return Heard(station, when if delivered is None else delivered, frame, when)


def feed(merger: Merger, station: str, *indices: int, now: int | None = None, spacing: int = 100 * MS) -> Merged:
    heard = [one(station, i, spacing=spacing) for i in indices]
    return merger.feed(copies_of(heard), START + indices[-1] * spacing if now is None else now)


def counts(merged: Merged) -> list[tuple[int, bool]]:
    return list(zip(merged.count.tolist(), merged.late.tolist(), strict=True))


def test_a_frame_waits_for_a_station_that_may_bring_what_is_missing() -> None:
    merger = Merger(CHANNEL)
    feed(merger, "malargue", 0)
    assert not len(feed(merger, "kalyazin", 0))
    held = feed(merger, "malargue", 2, 3)
    assert held.empty and merger.next_deadline() == START + 300 * MS + 5 * SECOND
    assert counts(feed(merger, "kalyazin", 1)) == [(1, False), (2, False), (3, False)]
    assert merger.stations["kalyazin"].won == 1 and merger.stations["kalyazin"].also_heard == 1
    assert merger.next_deadline() is None and merger.holes() == []


def test_a_station_that_is_past_the_hole_is_not_waited_for() -> None:
    merger = Merger(CHANNEL)
    feed(merger, "malargue", 0)
    feed(merger, "kalyazin", 0)
    feed(merger, "malargue", 2, 3)
    given_up = feed(merger, "kalyazin", 3)
    assert counts(given_up) == [(2, False), (3, False)]
    assert given_up.opened == (Hole(0, 1, 1, 1, START, START + 200 * MS),)
    late = feed(merger, "kalyazin", 1)
    assert counts(late) == [(1, True)] and late.closed == given_up.opened and not late.opened


def test_patience_ends_and_a_hole_is_filled_in_parts() -> None:
    merger = Merger(CHANNEL, patience_s=2)
    feed(merger, "kalyazin", 0)
    feed(merger, "malargue", 0)
    assert feed(merger, "malargue", 6, now=START).empty
    assert merger.on_timer(START + 2 * SECOND - 1).empty
    whole = merger.on_timer(START + 2 * SECOND)
    assert counts(whole) == [(6, False)]
    assert [(h.first, h.last, h.missing) for h in whole.opened] == [(1, 5, 5)]
    part = feed(merger, "kalyazin", 3)
    assert part.closed == whole.opened and [(h.first, h.last) for h in part.opened] == [(1, 2), (4, 5)]
    rest = feed(merger, "kalyazin", 5, 4)
    assert [(h.first, h.last) for h in rest.closed] == [(4, 5)] and not rest.opened
    assert [(h.first, h.last) for h in merger.holes()] == [(1, 2)]
    assert merger.feed(copies_of([one("kalyazin", 5)]), START).empty


def test_a_silent_station_is_not_waited_for() -> None:
    merger = Merger(CHANNEL, active_s=10)
    feed(merger, "kalyazin", 0)
    feed(merger, "malargue", 0)
    assert counts(feed(merger, "malargue", 2, now=START + 11 * SECOND)) == [(2, False)]


def test_bad_everywhere_is_reported_once_with_all_who_heard_it_so() -> None:
    merger = Merger(CHANNEL)
    bad = one("malargue", 1).octets[:-1] + b"?"
    merger.feed(copies_of([one("malargue", 0), one("malargue", 1, octets=bad)]), START)
    merger.feed(copies_of([one("kalyazin", 1, octets=bad[:20] + b"!" + bad[21:])]), START)
    assert merger.unsettled() == {"malargue": 0, "kalyazin": 0}
    reported = merger.on_timer(START + 5 * SECOND).unusable
    assert [(u.octets, u.reason, u.stations) for u in reported] == [
        (bad, "frame error control field", ("malargue", "kalyazin")),
    ]
    assert merger.feed(copies_of([one("goldstone", 1, octets=bad)]), START + 6 * SECOND).empty and not merger.unsettled()
    good = feed(merger, "goldstone", 1, now=START + 7 * SECOND)
    assert counts(good) == [(1, False)] and merger.finish().empty
    assert merger.stations["kalyazin"].refused == {"frame error control field": 1}


def test_a_good_copy_makes_bad_ones_forgotten_before_and_after() -> None:
    merger = Merger(CHANNEL)
    bad = one("malargue", 1).octets[:-1] + b"?"
    merger.feed(copies_of([one("malargue", 1, octets=bad)]), START)
    assert counts(feed(merger, "kalyazin", 1)) == [(1, False)]
    merger.feed(copies_of([one("goldstone", 1, octets=bad)]), START)
    assert merger.finish().empty


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (tm_frame(bytes(32), 1, 0x7FE, spacecraft=0x155), "spacecraft id"),
        (bytes(40), "frame error control field"),
        (b"\xff" * 7, "frame length"),
        (b"", "frame length"),
        (checked(b"\x6a" + tm_frame(bytes(32), 1, 0x7FE)[1:-2]), "transfer frame version number"),
    ],
)
def test_what_is_no_frame_of_this_spacecraft(octets: bytes, reason: str) -> None:
    merger = Merger(CHANNEL)
    feed(merger, "malargue", 0)
    assert not len(merger.feed(copies_of([one("kalyazin", 1, octets=octets)] * 3), START))
    assert counts(feed(merger, "malargue", 1)) == [(1, False)]
    assert [(u.octets, u.reason, u.stations) for u in merger.finish().unusable] == [(octets, reason, ("kalyazin",))]
    assert merger.stations["kalyazin"].refused == {reason: 3} and merger.stations["malargue"].refused == {}


def test_a_copy_that_differs_in_good_frames_is_not_believed() -> None:
    merger = Merger(CHANNEL)
    feed(merger, "malargue", 0, 1, 2)
    other = merger.feed(copies_of([one("kalyazin", 1, octets=tm_frame(b"x" * 32, 1, 0x7FE))]), START)
    assert not len(other) and len(other.unusable) == 1 and merger.stations["kalyazin"].conflicting == 1
    assert counts(feed(merger, "malargue", 3)) == [(3, False)]


def test_a_station_whose_clock_is_wrong_doubles_nothing() -> None:
    merger = Merger(CHANNEL)
    right = [feed(merger, "malargue", i) for i in range(40)]
    shifted = [Heard("kalyazin", 0, h.octets, h.emitted + SECOND) for h in (one("kalyazin", i) for i in range(40))]
    assert sum(map(len, right)) == 40 and merger.feed(copies_of(shifted), START).empty
    assert merger.stations["kalyazin"].off_time == 40


def test_old_frames_are_known_without_being_kept() -> None:
    merger = Merger(CHANNEL, remembered=50)
    stream = [i for i in range(2000) if i not in range(700, 1000)]  # more is missing than the counter can tell
    for i in stream:
        feed(merger, "malargue", i)
    assert [h.missing for h in merger.holes()] == [300 - 256]
    again = [feed(merger, "kalyazin", i, now=START + 300 * SECOND) for i in stream]
    assert all(one.empty for one in again)
    found = [feed(merger, "kalyazin", i, now=START + 300 * SECOND) for i in range(690, 1010)]
    assert [c for one in found for c in counts(one)] == [(i % 256, True) for i in range(700, 1000)]
    assert merger.holes() == []
    assert len(merger._channels[0].recent) <= 51


def test_a_counter_that_starts_anew_loses_nothing() -> None:
    wide = mission_channel("mars2020")
    recorded = np.fromfile(shared("data/telemetry/mars2020/mars2020_frames.u8"), np.uint8).reshape(-1, 1115)
    merger, out = Merger(wide), []
    for lap in range(2):  # the recording again, at once: its counter falls back
        for number in range(0, 900, 30):
            rows = recorded[number : number + 30]
            first = lap * 900 + number
            out.append(merger.feed(tgo_copies("malargue", rows, first + np.arange(30), 500 * MS), START))
    assert frames_of(*out, merger.finish()) == [row.tobytes() for row in recorded[:900]] * 2


def tgo_copies(station: str, rows: np.ndarray, numbers: np.ndarray, spacing: int) -> Copies:
    """Recorded frames with these running numbers as a station delivers them."""
    emitted = START + numbers * spacing
    zeros, length = np.zeros(len(rows), np.int64), np.full(len(rows), rows.shape[1], np.int64)
    offset = np.arange(len(rows)) * rows.shape[1]
    octets = np.ascontiguousarray(rows).reshape(-1)
    return Copies(station, octets, offset, length, emitted + LIGHT_NS[station], emitted, zeros.astype(np.uint8), zeros)


@pytest.mark.parametrize(("spacing", "size"), [(350 * MS, 1), (350 * MS, 40), (2 * MS, 13)])
def test_two_stations_that_lose_the_other_s_frames_give_the_recording_of_tgo(spacing: int, size: int) -> None:
    channel = mission_channel("exomars")
    recorded = np.fromfile(shared("data/telemetry/tgo/tgo_2023-05-24_first_half.tm"), np.uint8).reshape(-1, 1115)
    lost = np.random.default_rng(7).random(len(recorded)) < 0.3
    merger, out = Merger(channel, active_s=30), []
    for station in ("malargue", "kalyazin"):
        out.append(merger.feed(tgo_copies(station, recorded[:1], np.zeros(1, np.int64), spacing), START))
    for first in range(0, len(recorded), size):
        numbers = np.arange(first, min(first + size, len(recorded)))
        for station, heard in (("malargue", ~lost[numbers]), ("kalyazin", lost[numbers])):
            if heard.any():
                part = tgo_copies(station, recorded[numbers[heard]], numbers[heard], spacing)
                out.append(merger.feed(part, START + int(numbers[-1]) * spacing))
    out.append(merger.finish())
    channels = np.concatenate([m.virtual_channel for m in out])
    merged = np.frombuffer(b"".join(m.buffer.tobytes() for m in out), np.uint8).reshape(-1, 1115)
    for number in (0, 7):
        assert np.array_equal(merged[channels == number], recorded[recorded[:, 1] >> 1 & 7 == number])
    assert not any(m.late.any() or m.opened or m.unusable for m in out)


def test_any_octets_at_any_time() -> None:
    chance, merger = random.Random(3), Merger(CHANNEL, remembered=20, most_held=10, most_runs=4)
    for _ in range(300):
        heard = [
            Heard("kalyazin", 0, chance.randbytes(chance.choice((0, 1, 6, 40))), chance.randrange(-(2**60), 2**60))
            if chance.random() < 0.5
            else one("kalyazin", chance.randrange(2000))
            for _ in range(chance.randrange(1, 9))
        ]
        merger.feed(copies_of(heard), chance.randrange(2**61))
    merger.finish()
    assert all(len(c.runs.runs) <= 4 and len(c.held) <= 10 for c in merger._channels.values())


def test_next_deadline_moves_on() -> None:
    merger = Merger(CHANNEL)
    feed(merger, "kalyazin", 0)
    deadlines = []
    for index in (2, 4, 6):
        feed(merger, "malargue", index, now=START + index * SECOND)
    while (due := merger.next_deadline()) is not None:
        deadlines.append((due - START) / SECOND)
        merger.on_timer(due)
    assert deadlines == [7, 9, 11] and all(a < b for a, b in pairwise(deadlines))


def test_a_station_with_a_wrong_time_does_not_make_all_others_late() -> None:
    merger = Merger(CHANNEL)
    feed(merger, "malargue", 0, 1, 2)
    wrong = one("kalyazin", 3)
    future = merger.feed(copies_of([Heard("kalyazin", START, wrong.octets, wrong.emitted + 10**9 * SECOND)]), START)
    assert counts(future) == [(3, False)]
    after = [entry for index in range(4, 60) for entry in counts(feed(merger, "malargue", index, spacing=SECOND))]
    assert [count for count, _ in after] == list(range(4, 60)) and [late for _, late in after].count(True) <= 16
    assert not any(late for _, late in after[16:])


def test_a_receiver_follows_merged_frames_over_holes_of_any_length() -> None:
    merger, receiver = Merger(CHANNEL), FrameReceiver(CHANNEL)
    quality = []
    for index in [*range(10), *range(150, 160), *range(360, 370), *range(600, 700), *range(20, 100), *range(700, 705)]:
        merged = feed(merger, "malargue", index)
        frames = receiver.receive(merged.buffer, merged.offset, merged.length, merged.offset, late=merged.late).frames
        quality += [(index, int(flag)) for flag in frames.quality if flag]
    assert quality == [(150, 2), (360, 2), (600, 2), *((index, LATE) for index in range(20, 100))]


def test_the_state_of_a_merger_is_small_and_old_frames_stay_known() -> None:
    merger = Merger(CHANNEL, remembered=50)
    stream = [i for i in range(3000) if i % 100]
    for index in stream:
        feed(merger, "malargue", index)
    state = flat_state(merger.state())
    assert sum(array.nbytes for array in state.values()) < 6000
    second = Merger(CHANNEL, remembered=50)
    second.restore(nested_state(state))
    assert second.holes() == merger.holes() and len(second.holes()) == 29
    again = [feed(second, "kalyazin", index, now=START) for index in range(1, 3000)]
    assert [entry for one in again for entry in counts(one)] == [(index % 256, True) for index in range(100, 3000, 100)]
    assert second.holes() == []
