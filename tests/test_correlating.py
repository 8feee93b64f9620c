"""Time packets paired with frames, and clocks correlated live: on recordings at their true pace, with injected drifts and faults."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import spiceypy
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from aelita.ephemeris import LightTime, Site, light_times
from aelita.errors import DefinitionError, TimeError, UsageError
from aelita.link import Channel, FrameReceiver, Received
from aelita.services import find_mission
from aelita.telemetry import (
    ClockCorrelation,
    Copies,
    FrameTimes,
    Merged,
    Merger,
    Reception,
    TimePacketRule,
    TimePackets,
    merged_times,
)
from aelita.time import (
    DAY,
    NO_TIME,
    SECOND,
    ClockFormat,
    CorrelationRules,
    Correlator,
    Indication,
    PointRejected,
    PointUsed,
    SegmentBegun,
    TimePoint,
    clock_from_kernel,
    et_from_tai_ns,
    tai_ns_from_et,
    tai_ns_from_utc,
)
from shared import shared

MALARGUE = Site("Malargüe", (1823.334828, -4850.439314, -3708.962262))
KALYAZIN = Site("Kalyazin", (2731.191749, 2126.199292, 5339.538091))
START = tai_ns_from_utc("2023-05-24T18:54:49.8")
TICKS = 65536
FRAME_S = 0.340328  # of TGO: 17,912 symbols at 52,631.58 a second
FRAMES = 3295
RULES = CorrelationRules()


@dataclass(frozen=True)
class Recording:
    received: tuple[Received, ...]
    channel: Channel
    correlation: ClockCorrelation


@cache
def recording(mission: str, name: str, path: str) -> Recording:
    found = find_mission(mission)
    channel, how = Channel.from_toml(found.channel(name).read_text(), name), found.spacecraft_of(name).correlation
    assert how is not None
    reception = Reception(channel)
    octets = shared(path).read_bytes()
    pieces = [octets[i : i + 100_000] for i in range(0, len(octets), 100_000)]
    received = (*(reception.feed(piece) for piece in pieces), reception.finish())
    return Recording(received, channel, ClockCorrelation.from_toml(how.read_text(), str(how)))


def tgo() -> Recording:
    return recording("exomars", "tgo", "data/telemetry/tgo/tgo_2023-05-24_first_half.tm")


def euclid() -> Recording:
    return recording("euclid", "euclid", "data/telemetry/euclid/Euclid_2023-07-02T06:58:19_lowrate_frames.u8")


def frame_numbers(received: Received) -> FrameTimes:
    """Times that say which frame it was: its number, in place of a time."""
    count = len(received.frames)
    return FrameTimes(received.frames.number.copy(), np.zeros(count), np.zeros(count), np.zeros(count), ("",) * count)


@pytest.mark.parametrize(("made", "packets", "worst_us"), [(tgo, 56, 8), (euclid, 12, 6)])
def test_time_packets_tell_the_emission_of_a_frame_with_counter_zero(made: object, packets: int, worst_us: float) -> None:
    """The frames of a master channel leave at equal intervals: on-board times lie on a line through the right frames alone."""
    found = made()  # type: ignore[operator]
    spread = {}
    for remainder in (0, 2, 16, 31):
        pairing = TimePackets(replace(found.correlation.packets, remainder=remainder), found.channel)
        points = [p for batch in found.received for p in pairing.feed(batch.frames, batch.packets, frame_numbers(batch))]
        master = np.concatenate([batch.frames.master_count for batch in found.received])
        slot = np.cumsum(np.concatenate([[0], np.diff(master) % 256]))[[p.received for p in points]]
        seconds = np.array([p.ticks - points[0].ticks for p in points]) / found.channel.packets.time.ticks_per_second
        residual = seconds - np.polyval(np.polyfit(slot, seconds, 1), slot)
        spread[remainder] = (len(points), np.abs(residual).max() * 1e6)
    print(f"{found.channel.name}: most residual (us) by remainder: {spread}")
    assert spread[0][0] == packets and spread[0][1] < worst_us
    assert all(off > 1000 for remainder, (_, off) in spread.items() if remainder)


@cache
def light_by_frame_s(site: Site) -> NDArray[np.float64]:
    """Light time from Mars to a site of each frame of the recording, by SPICE alone."""
    light_times(site, "MARS", np.array([START]))  # loads the kernels
    found = np.empty(FRAMES)
    for number in range(FRAMES):
        light = 969.4
        for _ in range(2):
            et = float(et_from_tai_ns(START + round((number * FRAME_S + light) * SECOND)))
            light = spiceypy.spkcpo("MARS", et, "J2000", "OBSERVER", "CN", list(site.position_km), "EARTH", "ITRF93")[1]
        found[number] = light
    return found


light_of = cache(lambda site: LightTime(site, "MARS"))
Drift = Sequence[tuple[float, float, float]]


def true_ns(onboard_s: NDArray[np.float64], drift: Drift) -> NDArray[np.int64]:
    """When on-board seconds since the first frame were; `drift` has (from second, step in s, rate less 1)."""
    time, rate = onboard_s.copy(), 0.0
    for start, step, new_rate in drift:
        time += np.where(onboard_s >= start, step + (new_rate - rate) * (onboard_s - start), 0.0)
        rate = new_rate
    return START + np.rint(time * SECOND).astype(np.int64)


@dataclass(frozen=True)
class Replay:
    points: tuple[TimePoint, ...]
    truth: NDArray[np.int64]  # when the on-board times of the points were


def replay(drift: Drift, sites: Sequence[Site] = (MALARGUE,), noise_s: float = 0.0) -> Replay:
    """Play the recording of TGO at its true pace to stations that hear its frames in turn."""
    found, random = tgo(), np.random.default_rng(5)
    lights = [light_of(site) for site in sites]
    pairing, points, frame = TimePackets(found.correlation.packets, found.channel), [], {}
    for batch in found.received:
        number = batch.frames.number
        which = number // 3 % len(sites)
        emitted = true_ns(number * FRAME_S, drift)
        way_s = np.array([light_by_frame_s(sites[w])[n] for w, n in zip(which, number, strict=True)])
        received = emitted + np.rint((way_s + random.normal(0, noise_s, number.size)) * SECOND).astype(np.int64)
        frame |= dict(zip(received.tolist(), number.tolist(), strict=True))
        ours = np.array([lights[w].seconds(int(t)) for w, t in zip(which, received, strict=True)])
        nothing = np.zeros(number.size)
        times = FrameTimes(received, ours, nothing, nothing, tuple(sites[w].name for w in which))
        points += pairing.feed(batch.frames, batch.packets, times)
    numbers = np.array([frame[p.received] for p in points])
    assert len(points) == 56
    return Replay(tuple(points), true_ns(numbers * FRAME_S, drift))


def errors_ms(correlator: Correlator, points: Sequence[TimePoint], truth: NDArray[np.int64], part: int | None = None) -> float:
    found = correlator.clock().tai_ns(np.array([p.ticks for p in points]), part)
    return float(np.abs(found - truth).max() / 1e6)


def segments(indications: Sequence[Indication]) -> list[str]:
    return [i.reason for i in indications if isinstance(i, SegmentBegun)]


@pytest.mark.parametrize("noise_s", [0.0, 2e-4])
@pytest.mark.parametrize("rate", [5e-6, -5e-6, 6e-7])
def test_an_injected_drift_is_recovered(rate: float, noise_s: float) -> None:
    played = replay([(0.0, 0.0, rate)], noise_s=noise_s)
    correlator = Correlator(RULES, TICKS)
    indications = correlator.feed(played.points)
    health = correlator.health(played.points[-1].received)
    off_ms = errors_ms(correlator, played.points, played.truth)
    print(
        f"drift {rate}, noise {noise_s * 1e3} ms: {off_ms:.3f} ms off at most, rate {health.rate:.2e} +- {health.rate_sigma:.1e}"
    )
    assert segments(indications) == ["first"] and off_ms < 0.25
    assert abs(health.rate - rate) < max(4 * health.rate_sigma, 3e-8)
    assert health.points == 56 and health.rejected == 0


@pytest.mark.parametrize("rate", [1e-4, -3e-4])
def test_a_clock_far_worse_than_it_was_said_to_be_is_followed(rate: float) -> None:
    played = replay([(0.0, 0.0, rate)], noise_s=2e-4)
    correlator = Correlator(RULES, TICKS)
    correlator.feed(played.points)
    assert errors_ms(correlator, played.points[4:], played.truth[4:]) < 1
    assert correlator.health(played.points[-1].received).rate == pytest.approx(rate, abs=1e-6)


def test_without_light_time_of_the_station_it_would_be_wrong() -> None:
    """The check sees the light time: with that of the centre of the Earth the same frames are off."""
    played = replay([(0.0, 0.0, 5e-6)])
    centre = LightTime("EARTH", "MARS")
    wrong = [replace(p, light_s=centre.seconds(p.received)) for p in played.points]
    correlator = Correlator(RULES, TICKS)
    correlator.feed(wrong)
    assert errors_ms(correlator, played.points, played.truth) > 5


def test_two_stations_with_their_own_light_times_agree() -> None:
    played = replay([(0.0, 0.0, 5e-6)], (MALARGUE, KALYAZIN), noise_s=2e-4)
    assert {p.station for p in played.points} == {"Malargüe", "Kalyazin"}
    apart_s = abs(light_by_frame_s(MALARGUE)[0] - light_by_frame_s(KALYAZIN)[0])
    assert apart_s > 1e-3
    correlator = Correlator(RULES, TICKS)
    assert segments(correlator.feed(played.points)) == ["first"]
    assert errors_ms(correlator, played.points, played.truth) < 0.25


def test_the_same_frames_by_two_stations_count_twice() -> None:
    one, two = (replay([(0.0, 0.0, 5e-6)], (site,), noise_s=2e-4) for site in (MALARGUE, KALYAZIN))
    correlator = Correlator(RULES, TICKS)
    correlator.feed(p for pair in zip(one.points, two.points, strict=True) for p in pair)
    assert correlator.health(one.points[-1].received).points == 112
    assert errors_ms(correlator, one.points, one.truth) < 0.25


@pytest.mark.parametrize("step_s", [0.02, -0.02, 0.3, -0.3])
def test_a_step_begins_a_segment(step_s: float) -> None:
    played = replay([(0.0, 0.0, 5e-6), (560.0, step_s, 5e-6)], noise_s=2e-4)
    correlator = Correlator(RULES, TICKS)
    indications = correlator.feed(played.points)
    assert segments(indications) == ["first", "step"]
    (step,) = (i for i in indications if isinstance(i, SegmentBegun) and i.reason == "step")
    assert step.jump_s == pytest.approx(step_s, abs=1e-3) and step.partition == 1
    assert errors_ms(correlator, played.points, played.truth) < 1
    assert sum(isinstance(i, PointRejected) for i in indications) == 2  # until a third agreed
    assert correlator.health(played.points[-1].received).rejected == 0  # they were used after all


def test_a_change_of_rate_begins_a_segment() -> None:
    played = replay([(0.0, 0.0, 5e-6), (400.0, 0.0, 2e-5)], noise_s=2e-4)
    correlator = Correlator(RULES, TICKS)
    indications = correlator.feed(played.points)
    off_ms = errors_ms(correlator, played.points, played.truth)
    print(f"rate changed by 1.5e-5: {off_ms:.3f} ms off at most, segments {segments(indications)}")
    assert set(segments(indications)) == {"first", "rate"} and off_ms < 1.5
    assert correlator.health(played.points[-1].received).rate == pytest.approx(2e-5, abs=3e-6)


@pytest.mark.parametrize("begins_at_s", [0.0, 90000.0])
def test_a_reset_of_the_counter_begins_a_partition(begins_at_s: float, tmp_path: Path) -> None:
    """At frame 1500 the counter starts anew, from zero or from some other value."""
    played, half = replay([(0.0, 0.0, 5e-6)], noise_s=2e-4), 28
    moved = played.points[half].ticks - round((begins_at_s + 6) * TICKS)
    points = [*played.points[:half], *(replace(p, ticks=p.ticks - moved) for p in played.points[half:])]
    correlator = Correlator(RULES, TICKS)
    indications = correlator.feed(points)
    assert segments(indications) == ["first", "reset"]
    clock = correlator.clock()
    assert [p.start for p in clock.partitions] == [0, pytest.approx(begins_at_s * TICKS, abs=20 * TICKS)]
    assert errors_ms(correlator, points[:half], played.truth[:half], 1) < 0.5
    assert errors_ms(correlator, points[half:], played.truth[half:], 2) < 0.5
    assert errors_ms(correlator, points, played.truth) < 0.5  # counts of seven years are not of the new partition
    assert_spice_agrees(correlator, points[:half], points[half:], tmp_path)


def test_a_counter_set_forward_by_a_day_begins_a_partition() -> None:
    played = replay([(0.0, 0.0, 5e-6)])
    points = [*played.points[:30], *(replace(p, ticks=p.ticks + 86400 * TICKS) for p in played.points[30:])]
    correlator = Correlator(RULES, TICKS)
    (_, reset) = (i for i in correlator.feed(points) if isinstance(i, SegmentBegun))
    assert reset.reason == "reset" and reset.jump_s == pytest.approx(-86400, abs=1) and reset.partition == 2
    assert errors_ms(correlator, points, played.truth) < 0.5


def assert_spice_agrees(correlator: Correlator, first: Sequence[TimePoint], second: Sequence[TimePoint], folder: Path) -> None:
    """SPICE reads the kernel text, and gives the times that our clock does within a tick; so do we when we read it back."""
    text = correlator.kernel(-143)
    path = folder / "clock.tsc"
    path.write_text(text)
    spiceypy.furnsh(str(path))
    clock, form, back = correlator.clock(), ClockFormat.from_kernel(text), clock_from_kernel(text)
    worst = 0
    for number, points in enumerate((first, second), 1):
        raw = np.array([p.ticks for p in points], np.int64)
        if not raw.size:
            continue
        part = number if second else None
        raw = np.linspace(raw[0], raw[-1], 300).astype(np.int64)
        ours, ticks = clock.tai_ns(raw, part), clock.continuous(raw, part)
        theirs = np.array([tai_ns_from_et(spiceypy.sct2e(-143, float(t))) for t in ticks])
        worst = max(worst, int(np.abs(theirs - ours).max()), int(np.abs(back.tai_ns(raw, part) - ours).max()))
        by_text = [tai_ns_from_et(spiceypy.scs2e(-143, form.encode(int(t)))) for t in ticks[::50]]
        assert np.abs(np.array(by_text) - ours[::50]).max() < SECOND / TICKS
    spiceypy.unload(str(path))
    print(f"SPICE reads our kernel within {worst} ns")
    assert worst < SECOND / TICKS


def test_spice_reads_the_kernel_of_steps_and_rates(tmp_path: Path) -> None:
    played = replay([(0.0, 0.0, 5e-6), (300.0, 0.1, 5e-6), (600.0, 0.0, 3e-5)], noise_s=2e-4)
    correlator = Correlator(RULES, TICKS)
    assert len(segments(correlator.feed(played.points))) >= 3
    assert_spice_agrees(correlator, played.points, [], tmp_path)


def test_outliers_are_left_out_and_the_first_point_may_be_one() -> None:
    played = replay([(0.0, 0.0, 5e-6)], noise_s=2e-4)
    wrong = {0: 1e5, 7: 0.02, 20: -3000.0, 21: 1.0, 33: -0.01, 34: 0.5, 50: 2e5}
    points = [replace(p, received=p.received + round(wrong.get(n, 0.0) * SECOND)) for n, p in enumerate(played.points)]
    correlator = Correlator(RULES, TICKS)
    indications = correlator.feed(points)
    assert segments(indications) == ["first", "first"]  # begun again when three points contradicted it
    assert errors_ms(correlator, played.points, played.truth) < 0.3
    left_out = [n for n, p in enumerate(points) if any(isinstance(i, PointRejected) and i.point is p for i in indications)]
    assert set(left_out) == {*wrong, 1, 2, 3} - {0, 3}  # 1 and 2 were used when 3 agreed with them
    assert correlator.health(points[-1].received).points == 49


def test_late_points_of_a_time_before_a_reset_are_no_reset() -> None:
    played = replay([(0.0, 0.0, 5e-6)])
    moved = played.points[28].ticks - 5 * TICKS
    points = [replace(p, ticks=p.ticks - moved) for p in played.points[28:]]
    correlator = Correlator(RULES, TICKS)
    correlator.feed([*played.points[:20], *points])
    late = correlator.feed(played.points[20:28])
    assert all(isinstance(i, PointRejected) and "late" in i.reason for i in late)
    filled = Correlator(RULES, TICKS)
    filled.feed([*played.points[:20], *played.points[30:]])
    assert all(isinstance(i, PointUsed) for i in filled.feed(played.points[20:30]))  # a gap that was filled


def test_a_bound_of_the_light_time_is_neither_drift_nor_forgotten() -> None:
    """Light time by the centre of Mars: TGO's own is up to 12.8 ms off, in the rhythm of its orbit."""
    played = replay([(0.0, 0.0, 5e-6)])
    points = [
        replace(p, light_s=p.light_s + 0.0128 * np.sin(2 * np.pi * n / 15), error_s=0.0128) for n, p in enumerate(played.points)
    ]
    correlator = Correlator(RULES, TICKS)
    assert segments(correlator.feed(points)) == ["first"]
    health = correlator.health(points[-1].received)
    assert health.error_s > 0.0128 and errors_ms(correlator, played.points, played.truth) / 1e3 < health.error_s


def test_health_grows_worse_with_time_and_is_honest() -> None:
    played = replay([(0.0, 0.0, 5e-6)], noise_s=2e-4)
    correlator = Correlator(RULES, TICKS)
    with pytest.raises(TimeError, match="Wait for a time packet"):
        correlator.health(START)
    correlator.feed(played.points[:40])
    errors = np.abs(correlator.clock().tai_ns(np.array([p.ticks for p in played.points[40:]])) - played.truth[40:]) / SECOND
    assert all(e < correlator.health(int(t)).error_s for e, t in zip(errors, played.truth[40:], strict=True))
    last = played.points[39].received
    ages = [correlator.health(last + days * DAY).error_s for days in (0, 1, 7, 30)]
    print(f"expected error after 40 points, and 1, 7 and 30 days on: {', '.join(f'{a * 1e3:.2f} ms' for a in ages)}")
    assert ages == sorted(ages) and ages[0] < 1e-3 < ages[1]


def test_it_goes_on_from_its_state_as_if_nothing_had_happened() -> None:
    played = replay([(0.0, 0.0, 5e-6), (500.0, 0.05, 5e-6)], noise_s=2e-4)
    straight = Correlator(RULES, TICKS, "TGO")
    whole = straight.feed(played.points)
    for cut in (0, 1, 24, 26, 27, 40):  # 26 is between the doubtful points of the step
        first = Correlator(RULES, TICKS, "TGO")
        before = first.feed(played.points[:cut])
        second = Correlator.restored(RULES, json.loads(json.dumps(first.state())), "TGO")
        assert before + second.feed(played.points[cut:]) == whole
        assert second.state() == straight.state() and second.clock() == straight.clock()
    for broken in (
        {},
        {"version": 2},
        straight.state() | {"points": [["x"]]},
        straight.state() | {"points": []},
        straight.state() | {"present": [1]},
    ):
        with pytest.raises(UsageError, match="no state of a clock correlation"):
            Correlator.restored(RULES, broken)


def test_a_clock_whose_rate_wanders_is_followed_honestly() -> None:
    """Twenty days of passes of 8 hours: few points are kept, and the next pass is foretold within what is said to be expected."""
    random, correlator = np.random.default_rng(3), Correlator(RULES, TICKS)
    rate, gained_s, last, foretold, live = 6e-7, 0.0, 0, [], []
    for day in range(20):
        rate += random.normal(0, 4e-9)
        for second in range(day * 86400, day * 86400 + 8 * 3600, 240):
            gained_s, last = gained_s + rate * (second - last), second
            time, ticks = START + round((second + gained_s) * SECOND), 10**12 + second * TICKS
            if day and second % 86400 == 0:
                off_s = abs(int(correlator.clock().tai_ns(np.array([ticks]))[0]) - time) / SECOND
                foretold.append((off_s, correlator.health(time).error_s))
            point = TimePoint(ticks, time + round(random.normal(0, 1e-4) * SECOND), 0.0)
            assert isinstance(correlator.feed([point])[-1], PointUsed | SegmentBegun)
            live.append(abs(int(correlator.clock().tai_ns(np.array([ticks]))[0]) - time) / SECOND)
    health = correlator.health(time)
    worst, expected = max(foretold)
    print(
        f"after 16 hours of silence {worst * 1e3:.2f} ms off at most, {expected * 1e3:.2f} ms expected; {max(live) * 1e3:.2f} ms live"
    )
    assert all(off < said for off, said in foretold) and worst < 2e-3 and max(live) < 1.5e-3
    assert 5 < health.segments < 25 and health.rejected == 0 and len(correlator.state()["points"]) <= RULES.most_points


def test_the_assumed_change_of_rate_is_that_of_a_flown_clock() -> None:
    """Fits of the clock of TGO by ESA, 2016 to 2021: each foretells where the next one begins."""
    kernel = clock_from_kernel(shared("data/nav/spice/em16/sclk/em16_tgo_step_20210611.tsc").read_text())
    fits = [s for s in kernel.segments if abs(s.rate - 1) < 5e-6]  # between them stand steps of 60 s that join two fits
    elapsed_s = np.diff([s.ticks for s in fits]) / TICKS
    foretold_s = np.array([s.rate for s in fits[:-1]]) * elapsed_s
    off_s = np.abs(np.diff([s.start_ns for s in fits]) / SECOND - foretold_s)
    days = elapsed_s / 86400 > 3
    within = np.mean(off_s[days] < RULES.rate_change_per_s * elapsed_s[days] ** 2)
    print(f"{days.sum()} fits foretell the next within the assumed change of rate in {within:.0%} of cases")
    assert days.sum() > 70 and within > 0.9


def test_more_points_than_are_kept_make_one_line() -> None:
    random, correlator, rate = np.random.default_rng(1), Correlator(RULES, TICKS), 6.1e-7
    for second in range(0, 80_000, 80):
        time = START + round((second * (1 + rate) + random.normal(0, 2e-4)) * SECOND)
        correlator.feed([TimePoint(second * TICKS, time, 0.0)])
    health = correlator.health(time)
    assert health.segments == 1 and health.points == 1000 and len(correlator.state()["points"]) == RULES.most_points
    assert abs(health.rate - rate) < 4 * health.rate_sigma < 2e-9


@settings(deadline=None, max_examples=40)
@given(
    rate=st.floats(-1e-5, 1e-5),
    jump_s=st.one_of(st.floats(-1e6, -0.05), st.floats(0.05, 1e6)),
    at=st.integers(12, 40),
    seed=st.integers(0, 1000),
)
def test_any_jump_is_found_and_the_clock_right_on_both_sides(rate: float, jump_s: float, at: int, seed: int) -> None:
    assume(abs(abs(jump_s) - RULES.partition_jump_s) > 0.01)
    random, first = np.random.default_rng(seed), 5_000_000
    onboard = first + np.arange(60) * 20.0
    truth = START + np.rint((onboard - first) * (1 + rate) * SECOND).astype(np.int64)
    ticks = np.rint((onboard + np.where(np.arange(60) >= at, jump_s, 0.0)) * TICKS).astype(np.int64)
    noisy = truth + np.rint(random.normal(0, 1e-4, 60) * SECOND).astype(np.int64)
    correlator = Correlator(RULES, TICKS)
    begun = segments(correlator.feed(TimePoint(int(k), int(t), 0.0) for k, t in zip(ticks, noisy, strict=True)))
    parts = correlator.health(int(truth[-1])).partition
    assert begun == ["first", "step" if abs(jump_s) < RULES.partition_jump_s and ticks[at] > ticks[at - 1] else "reset"]
    clock = correlator.clock()
    before = clock.tai_ns(ticks[:at], 1 if parts > 1 else None)
    after = clock.tai_ns(ticks[at:], parts if parts > 1 else None)
    assert np.abs(np.concatenate([before, after]) - truth).max() < 1_000_000


def copies(
    site: Site, octets: NDArray[np.uint8], numbers: NDArray[np.int64], drift: Drift, noise_s: NDArray[np.float64]
) -> Copies:
    """Frames of the recording as a station hears them, with the emission time that it believes in."""
    way_s = light_by_frame_s(site)[numbers] + noise_s
    received = true_ns(numbers * FRAME_S, drift) + np.rint(way_s * SECOND).astype(np.int64)
    emitted = received - np.rint(light_of(site).at(received).light_s * SECOND).astype(np.int64)
    offset = np.arange(numbers.size) * octets.shape[1]
    length, zeros = np.full(numbers.size, octets.shape[1]), np.zeros(numbers.size, np.int64)
    buffer = octets[numbers].reshape(-1)
    return Copies(site.name, buffer, offset, length, received, emitted, zeros.astype(np.uint8), zeros, int(numbers[0]))


def test_two_lossy_stations_merged_frames_and_the_clock_at_the_end() -> None:
    """The whole way of the live complex: each station loses a fifth of the frames, 40 of them both; the drift is recovered."""
    found, drift = tgo(), [(0.0, 0.0, 5e-6)]
    octets = np.frombuffer(shared("data/telemetry/tgo/tgo_2023-05-24_first_half.tm").read_bytes(), np.uint8).reshape(FRAMES, -1)
    random = np.random.default_rng(8)
    heard = {site: random.random(FRAMES) > 0.2 for site in (MALARGUE, KALYAZIN)}
    for kept in heard.values():
        kept[1500:1540] = False
    merger, receiver = Merger(found.channel), FrameReceiver(found.channel)
    pairing, correlator = TimePackets(found.correlation.packets, found.channel), Correlator(found.correlation.rules, TICKS)
    position, indications, stations = 0, [], set()

    def process(merged: Merged) -> None:
        nonlocal position
        rows = np.flatnonzero(~merged.late)
        length = merged.length[rows]
        received = receiver.receive(merged.buffer, merged.offset[rows], length, position + np.cumsum(length) - length)
        position += int(length.sum())
        points = pairing.feed(received.frames, received.packets, merged_times(merged, rows))
        stations.update(point.station for point in points)
        indications.extend(correlator.feed(points))

    for first in range(0, FRAMES, 10):
        for site, kept in heard.items():
            numbers = first + np.flatnonzero(kept[first : first + 10])
            if numbers.size:
                batch = copies(site, octets, numbers, drift, random.normal(0, 2e-4, numbers.size))
                process(merger.feed(batch, int(batch.received_at[-1]) + SECOND))
        while (due := merger.next_deadline()) is not None and due < START + round((first * FRAME_S + 970) * SECOND):
            process(merger.on_timer(due))
    process(merger.finish())
    points = [i.point for i in indications if isinstance(i, PointUsed)]
    numbers = np.rint(np.array([p.emitted - START for p in points]) / SECOND / FRAME_S)
    off_ms = errors_ms(correlator, points, true_ns(numbers * FRAME_S, drift))
    print(f"two lossy stations, merged: {len(points)} points, {off_ms:.3f} ms off at most, of {sorted(stations)}")
    assert segments(indications) == ["first"] and len(points) > 45 and off_ms < 0.3 and len(stations) == 2
    assert [i for i in indications if isinstance(i, PointRejected)] == []


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 1000), st.sampled_from([0.02, 0.1, 0.5]))
def test_whatever_frames_are_lost_no_time_packet_goes_to_a_wrong_one(seed: int, loss: float) -> None:
    found, random = tgo(), np.random.default_rng(seed)
    pairing, points = TimePackets(found.correlation.packets, found.channel), []
    for batch in found.received:
        kept = np.flatnonzero(random.random(len(batch.frames)) > loss)
        number = batch.frames.number[kept]
        nothing = np.zeros(kept.size)
        times = FrameTimes(number, nothing, nothing, nothing, ("",) * kept.size)
        points += pairing.feed(batch.frames.select(kept), batch.packets, times)
    offset_s = np.array([p.ticks / TICKS - p.received * FRAME_S for p in points])
    assert len(points) > (40 if loss < 0.1 else 5) and np.ptp(offset_s) < 20e-6


def test_unknown_times_make_no_points() -> None:
    found = tgo()
    pairing = TimePackets(found.correlation.packets, found.channel)
    batch = found.received[0]
    times = replace(frame_numbers(batch), received=np.full(len(batch.frames), NO_TIME))
    assert pairing.feed(batch.frames, batch.packets, times) == []


@pytest.mark.parametrize("broken", [{"received": NO_TIME}, {"light_s": float("nan")}, {"error_s": float("inf")}])
def test_a_point_without_time_is_rejected(broken: dict[str, float]) -> None:
    correlator = Correlator(RULES, TICKS)
    point = replace(TimePoint(10 * TICKS, START, 900.0), **broken)  # type: ignore[arg-type]
    (found,) = correlator.feed([point])
    assert isinstance(found, PointRejected) and found.reason == "its time is unknown"


def test_delays_of_spacecraft_and_station_are_taken_off() -> None:
    point = TimePoint(10 * TICKS, START, 900.0, delay_s=0.25)
    correlator = Correlator(replace(RULES, onboard_delay_s=0.125), TICKS)
    correlator.feed([point])
    assert int(correlator.clock().tai_ns(np.array([10 * TICKS]))[0]) == START - round(900.375 * SECOND)


def test_definitions_are_read_strictly() -> None:
    text = 'grade = "assumed"\nsource = "none"\n'
    assert ClockCorrelation.from_toml(text).packets == TimePacketRule()
    assert ClockCorrelation.from_toml(text).rules == RULES
    for more, message in (
        ("[packets]\nevry = 3", "unknown key 'evry'"),
        ("[packets]\nevery = 8\nremainder = 8", r"packets: remainder: no counter has remainder 8 of 8"),
        ("[rules]\nnoise_s = 0", "rules: noise_s: 0.0 is not above zero"),
        ("[rules]\nconfirm = 1", "confirm: 1 is not a whole number"),
        ("surprise = 1", "unknown key"),
    ):
        with pytest.raises(DefinitionError, match=message):
            ClockCorrelation.from_toml((text if more != "surprise = 1" else text + more + "\n") + more * (more != "surprise = 1"))
