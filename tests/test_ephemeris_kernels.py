"""Kernels that clash are refused by name, with the real files of agencies; gaps are named with their spans; stations by name."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import spiceypy
from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.ephemeris import (
    Attitudes,
    HermiteStates,
    Interval,
    attitude_gaps,
    ck_octets,
    coverage_gaps,
    covered,
    elevation_azimuth,
    furnish,
    kernel_clashes,
    light_times,
    mars_rotation,
    release,
    require_coverage,
    site_from_kernels,
    spk_octets,
    state,
)
from aelita.ephemeris.clashes import clashes_among
from aelita.ephemeris.inventory import text_inventory
from aelita.errors import DefinitionError, TimeError, UsageError
from aelita.time import DAY, SECOND, Segment, SpacecraftClock, et_from_tai_ns, kernel_from_clock, tai_ns_from_et, tai_ns_from_utc
from shared import shared

SPICE = "data/nav/spice/"
BEAR_LAKES = SPICE + "em16/spk/earthstns_ru_20210706.bsp"
RUSSIAN_NAMES = SPICE + "em16/fk/earthstns_ru_20210706.tf"
ESTRACK_NAMES = SPICE + "em16/fk/estrack_v04.tf"
CLOCKS = SPICE + "em16/sclk/em16_tgo_step_{}.tsc"
AT = int(tai_ns_from_utc("2016-12-08T20:30"))


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """Release whatever a test furnished, also after a failure; and load the planets."""
    light_times("EARTH", "MARS", np.array([AT]))
    before = {spiceypy.kdata(n, "ALL")[0] for n in range(spiceypy.ktotal("ALL"))}
    yield
    after = [spiceypy.kdata(n, "ALL")[0] for n in range(spiceypy.ktotal("ALL"))]
    release(*[one for one in after if one not in before])


@pytest.fixture
def malargue_as_bear_lakes(tmp_path: Path) -> Path:
    """A file that gives 399603 to Malargüe, as another public station file does."""
    path = tmp_path / "other_stations.bsp"
    rows = np.tile([1823.334828, -4850.439314, -3708.962262, 0.0, 0.0, 0.0], (2, 1))
    path.write_bytes(b"".join(spk_octets([HermiteStates(399603, 399, np.array([4e8, 9e8]), rows, "ITRF93", 1, "MALARGUE")])))
    return path


def test_two_stations_of_one_number_are_refused_by_name(malargue_as_bear_lakes: Path) -> None:
    names, places = shared(RUSSIAN_NAMES), shared(BEAR_LAKES)
    furnish(places)
    with pytest.raises(DefinitionError) as caught:
        furnish(malargue_as_bear_lakes)
    print(caught.value)
    assert re.search(r"399603 is BEAR_LAKES in earthstns_ru_20210706\.bsp and MALARGUE, 1\d,\d\d\d\.\d km", str(caught.value))
    assert caught.value.where == str(malargue_as_bear_lakes) and "prefer" in caught.value.remedy
    furnish(names)
    assert site_from_kernels("Bear Lakes", AT).position_km[0] == pytest.approx(
        2828.547, abs=0.001
    )  # the refused one is not loaded
    release(places)  # the text kernel alone knows where Bear Lakes is, by its topocentric frame
    with pytest.raises(DefinitionError, match=r"399603 is BEAR LAKES at 37\.95 deg E, 55\.87 deg N .* MALARGUE at -69\.40 deg E"):
        furnish(malargue_as_bear_lakes)


def test_which_one_is_meant_can_be_said(malargue_as_bear_lakes: Path) -> None:
    places = shared(BEAR_LAKES)
    furnish(malargue_as_bear_lakes, prefer=[places])
    assert (
        np.abs(
            spiceypy.spkpos("399603", float(et_from_tai_ns(AT)), "ITRF93", "NONE", "399")[0] - [2828.547, 2206.064, 5256.396]
        ).max()
        < 0.01
    )
    release(malargue_as_bear_lakes, places)
    furnish(places, prefer=[malargue_as_bear_lakes])
    assert spiceypy.spkpos("399603", float(et_from_tai_ns(AT)), "ITRF93", "NONE", "399")[0][0] == pytest.approx(1823.33, abs=0.01)
    furnish(places, check=False)  # what SPICE does by itself: the last one counts, in silence
    assert spiceypy.spkpos("399603", float(et_from_tai_ns(AT)), "ITRF93", "NONE", "399")[0][0] == pytest.approx(2828.55, abs=0.01)


def test_one_name_with_two_numbers_is_refused() -> None:
    """New Norcia is 399507 in ESA's older station file and 398990 in the newer."""
    old, new = shared(SPICE + "em16/fk/estrack_v01.tf"), shared(ESTRACK_NAMES)
    found = [one.what for one in kernel_clashes(old, new)]
    assert any("NEW NORCIA has the number 399507 in estrack_v01.tf and 398990 in estrack_v04.tf" in what for what in found)
    with pytest.raises(DefinitionError, match=r"estrack_v01\.tf and .*estrack_v04\.tf"):
        furnish(old, new)
    furnish(old, prefer=[new])
    assert spiceypy.bodn2c("NEW_NORCIA") == 398990


def test_two_clocks_and_clocks_of_others_are_refused() -> None:
    first, second = shared(CLOCKS.format("20191109")), shared(CLOCKS.format("20210611"))
    rover = shared(SPICE + "altec/lesson_exomarsrsp/kernels/sclk/emrsp_rm_test_ret_20191128_v001.tsc")
    attitude = shared(SPICE + "em16/ck/em16_tgo_sc_ssm_20180311_20190101_s20191109_v02.bc")
    with pytest.raises(
        DefinitionError, match=r"two clocks of -143, in em16_tgo_step_20191109\.tsc and em16_tgo_step_20210611\.tsc"
    ):
        furnish(first, second)
    furnish(first, prefer=[second])
    furnish(rover)  # what was settled is not asked again
    release(rover)
    with pytest.raises(DefinitionError, match="two clocks of -143"):
        furnish(first)  # above the one that is meant
    release(second)
    furnish(first)
    with pytest.raises(DefinitionError, match="two clocks of -143"):
        furnish(second)
    release(first, second)
    with pytest.raises(
        DefinitionError, match=r"emrsp_rm_test_ret_20191128_v001\.tsc is the clock of -174, another spacecraft than -143"
    ):
        furnish(first, rover, spacecraft=[-143])
    with pytest.raises(
        DefinitionError, match=r"attitude of -143000 by the clock of -143, and emrsp_rm_test_ret.* is that of -174"
    ):
        furnish(attitude, rover)
    furnish(attitude, first, rover)
    assert spiceypy.sce2c(-143, 6e8) > 0
    with pytest.raises(DefinitionError, match="two clocks of -143"):
        furnish(second, check=True)


def test_local_time_is_a_clock_of_the_rover() -> None:
    lmst = shared(SPICE + "altec/lesson_exomarsrsp/kernels/sclk/emrsp_rm_lmst_20190401_v001.tsc")
    furnish(lmst, spacecraft=[-174])
    with pytest.raises(DefinitionError, match="clock of -174900"):
        furnish(lmst, spacecraft=[-143])


def test_older_constants_over_newer_are_refused() -> None:
    """SPICE itself takes pck00010 over pck00011 and fails when it is asked for the rotation of Mars."""
    old, new, safe = (shared(SPICE + f"generic/{name}") for name in ("pck00010.tpc", "pck00011.tpc", "mars_iau2000_v1.tpc"))
    ets = np.array([6e8])
    furnish(new, old, check=False)
    with pytest.raises(UsageError, match="INSUFFICIENTANGLES"):
        mars_rotation(ets, "IAU_MARS")
    release(new, old)
    with pytest.raises(
        DefinitionError, match=r"pck00010\.tpc over pck00011\.tpc breaks the rotation of 499.*pck00011\.tpc last"
    ) as caught:
        furnish(new, old)
    print(caught.value)
    furnish(new)
    with pytest.raises(DefinitionError, match="breaks the rotation of 499"):
        furnish(old, prefer=[old])  # wanting it does not mend it
    release(new)
    furnish(old, new)  # the other way round is right
    assert np.abs(mars_rotation(ets, "IAU_MARS") - mars_rotation(ets, "IAU2015")).max() < 1e-10
    furnish(safe)
    assert np.abs(mars_rotation(ets, "IAU_MARS") - mars_rotation(ets, "IAU2000")).max() < 1e-10
    furnish(old)  # its makers say that after it older ones are safe
    assert np.abs(mars_rotation(ets, "IAU_MARS") - mars_rotation(ets, "IAU2000")).max() < 1e-10


def test_what_agencies_publish_together_is_taken() -> None:
    """No set of kernels that belongs together is refused; one slip in them is found: a topocentric frame of Goonhilly."""
    rover = (
        "fk/emrsp_rm_v004.tf",
        "fk/emrsp_sp_v000.tf",
        "sclk/emrsp_rm_test_ret_20191128_v001.tsc",
        "spk/emrsp_rm_sites_v001.bsp",
    )
    more = ("ck/emrsp_rm_surf_rec_0001_v001.bc", "spk/emrsp_rm_rec_0001_v001.bsp")
    together = [
        [SPICE + "em16/spk/estrack_v04.bsp", ESTRACK_NAMES, SPICE + "em16/fk/earthfixeditrf93.tf"],
        [BEAR_LAKES, RUSSIAN_NAMES, SPICE + "em16/spk/earthstns_itrf93_050714.bsp", SPICE + "em16/fk/earth_topo_050714.tf"],
        [CLOCKS.format("20191109"), SPICE + "em16/fk/em16_tgo_v24.tf", SPICE + "em16/spk/em16_tgo_struct_v05.bsp"],
        [SPICE + "altec/lesson_exomarsrsp/kernels/" + name for name in (*rover, *more)],
    ]
    for those in together:
        paths = [shared(one) for one in those]
        furnish(*paths)
        release(*paths)
    (slip,) = kernel_clashes(shared(SPICE + "em16/spk/estrack_v04.bsp"), shared(ESTRACK_NAMES))
    print(slip.what)
    assert not slip.refused and "GOONHILLY at 5.18 deg E" in slip.what and "-5.18 deg E" in slip.what


def test_a_meta_kernel_is_looked_into(tmp_path: Path) -> None:
    for name in ("pck00010.tpc", "pck00011.tpc"):
        shutil.copy(shared(SPICE + "generic/" + name), tmp_path / name)
    meta = tmp_path / "all.tm"
    meta.write_text(
        f"KPL/MK\n\\begindata\nPATH_VALUES = ( '{tmp_path}' )\nPATH_SYMBOLS = ( 'K' )\n"
        "KERNELS_TO_LOAD = ( '$K/pck000+'\n '11.tpc', '$K/pck00010.tpc' )\n\\begintext\n"
    )
    with pytest.raises(DefinitionError, match=r"pck00010\.tpc over pck00011\.tpc"):
        furnish(meta)
    meta.write_text(meta.read_text().replace("00010", "00012"))
    with pytest.raises(DefinitionError, match=r"pck00012\.tpc: there is no such kernel"):
        furnish(meta)


KEYS = st.sampled_from(
    [
        "NAIF_BODY_NAME", "NAIF_BODY_CODE", "BODY499_NUT_PREC_RA", "BODY4_NUT_PREC_ANGLES", "BODY4_MAX_PHASE_DEGREE",
        "SCLK_DATA_TYPE_143", "SCLK01_COEFFICIENTS_143", "CK_-143000_SCLK", "FRAME_1399603_CENTER", "FRAME_1399603_NAME",
        "TKFRAME_1399603_ANGLES", "TKFRAME_1399603_AXES", "TKFRAME_1399603_UNITS", "DELTET/DELTA_AT",
    ]
)  # fmt: skip
ITEMS = st.sampled_from(["1", "3", "2", "399603", "-143", "1D3", "1e999", "nan", "'A'", "'DEGREES'", "x", "@2017-JAN-1", ""])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(st.tuples(KEYS, st.booleans(), st.lists(ITEMS, max_size=4)), max_size=8), min_size=1, max_size=3))
def test_whatever_text_kernels_say_is_judged(files: list[list[tuple[str, bool, list[str]]]]) -> None:
    texts = ["\\begindata\n" + "\n".join(f"{k} {'+' * more}= ( {' '.join(v)} )" for k, more, v in rows) for rows in files]
    kernels = [text_inventory(f"{n}.t", text) for n, text in enumerate(texts)]
    for clash in clashes_among(kernels, [-143]):
        assert clash.what and {clash.first, clash.second} <= {one.path for one in kernels}
    assert not list(clashes_among([text_inventory("a.t", "no data"), text_inventory("b.t", "")]))


def test_a_meta_kernel_in_another_is_refused(tmp_path: Path) -> None:
    meta = tmp_path / "loop.tm"
    meta.write_text(f"KPL/MK\n\\begindata\nKERNELS_TO_LOAD = ( '{meta}' )\n\\begintext\n")
    with pytest.raises(DefinitionError, match=r"a meta-kernel is named in .*loop\.tm"):
        furnish(meta)


def test_damaged_and_old_kernels_are_refused(tmp_path: Path) -> None:
    whole = shared(SPICE + "em16/spk/earthstns_itrf93_050714.bsp").read_bytes()
    cut = tmp_path / "cut.bsp"
    cut.write_bytes(whole[:5000])
    with pytest.raises(DefinitionError, match=r"cut\.bsp: segment 8 of record 3 reaches beyond the file.*cut or damaged"):
        furnish(cut)
    leaps = tmp_path / "old.tls"
    text = shared(SPICE + "em16/lsk/naif0012.tls").read_text()
    furnish(shared(SPICE + "em16/lsk/naif0012.tls"))
    leaps.write_text(re.sub(r"37,\s*@2017-JAN-1", "", text))
    with pytest.raises(DefinitionError, match=r"old\.tls holds 27 leap seconds of 28"):
        furnish(leaps)


def test_gaps_are_named_with_their_spans(tmp_path: Path) -> None:
    """The excerpts of TGO's orbit hold 70 minutes of each of several days."""
    names = ("065_01_20181120_20190429_v03", "082_01_20190318_20190903_v03", "116_01_20191111_20200425_v02")
    paths = [shared(f"{SPICE}em16/spk/em16_tgo_fsp_{name}.bsp") for name in names]
    furnish(*paths)
    start, stop = int(tai_ns_from_utc("2018-12-01")), int(tai_ns_from_utc("2019-12-01"))
    held = covered("-143", start, stop)
    assert [round(one.length_s) for one in held] == [4200, 4200, 4200]
    left = coverage_gaps("-143", start, stop)
    assert len(left) == 4 and sum(one.stop - one.start for one in (*held, *left)) == stop - start
    with pytest.raises(TimeError) as caught:
        require_coverage("-143", start, stop)
    print(caught.value)
    assert re.search(
        r"no kernel holds -143 from 2018-12-01T00:00:00\.000 to 2018-12-08T20:10:00\.\d+ \(677400\.000 s\), from 2018-12-08T21:20",
        str(caught.value),
    )
    require_coverage("-143", held[0].start + SECOND, held[0].stop - SECOND)
    require_coverage("MARS", start, stop)
    assert coverage_gaps("-143", stop, start) == ()
    with pytest.raises(UsageError, match="BARSOOM"):
        require_coverage("BARSOOM", start, stop)
    make = HermiteStates(-999_333, 499, np.array([6e8, 6e8 + 100]), np.ones((2, 6)))
    later = HermiteStates(-999_333, 499, np.array([6e8 + 160, 6e8 + 300]), np.ones((2, 6)))
    path = tmp_path / "gap.bsp"
    path.write_bytes(b"".join(spk_octets([make, later])))
    furnish(path)
    first = int(tai_ns_from_et(6e8))
    (gap,) = coverage_gaps("-999333", first, first + 300 * SECOND)
    assert gap.length_s == pytest.approx(60, abs=1e-6)
    with pytest.raises(TimeError):
        state("-999333", "MARS", np.array([gap.start + 30 * SECOND]))


def test_gaps_of_attitude_are_told() -> None:
    attitude = shared(SPICE + "em16/ck/em16_tgo_sc_ssm_20180311_20190101_s20191109_v02.bc")
    furnish(attitude)
    start, stop = int(tai_ns_from_utc("2018-12-01")), int(tai_ns_from_utc("2019-01-01"))
    with pytest.raises(UsageError, match="SCLK"):
        attitude_gaps(-143_000, start, stop)
    furnish(shared(CLOCKS.format("20191109")))
    left = attitude_gaps(-143_000, start, stop)
    assert left[0].start == start and left[-1].stop == stop
    held_s = (stop - start) / SECOND - sum(one.length_s for one in left)
    print(f"attitude of TGO: {held_s:.0f} s of December 2018, {len(left)} gaps")
    assert 4000 < held_s < 4300  # the excerpt is of 70 minutes
    middle = float(et_from_tai_ns((left[0].stop + left[1].start) // 2))
    assert spiceypy.ckgp(-143_000, spiceypy.sce2c(-143, middle), 0.0, "J2000")[1] > 0
    assert attitude_gaps(-999_000, start, stop) == (Interval(start, stop),) and attitude_gaps(-143_000, stop, start) == ()


def test_stations_are_known_by_name() -> None:
    furnish(shared(BEAR_LAKES), shared(RUSSIAN_NAMES), shared(SPICE + "em16/spk/estrack_v04.bsp"), shared(ESTRACK_NAMES), shared(SPICE + "em16/fk/earthfixeditrf93.tf"))  # fmt: skip
    lakes, malargue = site_from_kernels("Bear Lakes", AT), site_from_kernels("MALARGUE", AT)
    assert np.abs(np.array(lakes.position_km) - [2828.547498, 2206.064086, 5256.395991]).max() < 1e-3
    assert np.abs(1e6 * np.array(lakes.velocity_km_per_year) - [-14, 17, 12]).max() < 0.6  # mm a year, of the facts
    assert np.abs(np.array(malargue.position_km) - [1823.334828, -4850.439314, -3708.962262]).max() < 1e-6
    assert elevation_azimuth(malargue, "MARS", np.array([AT])).elevation_deg[0] < 90
    with pytest.raises(UsageError, match="named 'Barsoom'"):
        site_from_kernels("Barsoom", AT)
    with pytest.raises(UsageError, match="named '399603'"):
        site_from_kernels("399603", AT)
    with pytest.raises(TimeError, match="Bear Lakes on the Earth at 1999"):
        site_from_kernels("Bear Lakes", int(tai_ns_from_utc("1999-01-01")))


def test_kernels_of_ours_stand_beside_each_other(tmp_path: Path) -> None:
    clock, attitude = tmp_path / "c.tsc", tmp_path / "a.bc"
    clock.write_text(kernel_from_clock(SpacecraftClock("c", 256, (Segment(0, 0),)), -888))
    attitude.write_bytes(b"".join(ck_octets([Attitudes(-888_000, np.arange(3.0), np.tile([1.0, 0, 0, 0], (3, 1)))])))
    assert kernel_clashes(clock, attitude, spacecraft=[-888]) == ()
    furnish(clock, attitude)
    furnish(clock, attitude)  # a second time changes nothing
    again = tmp_path / "again.tsc"
    again.write_text(clock.read_text())
    furnish(again)  # the same clock under another name is no other clock
    assert covered("MARS", AT, AT + DAY)[0].length_s == 86400
