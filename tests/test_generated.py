"""Generated kernels give what the generic kernel gives, and their store survives other processes and damage."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from aelita.mdb import Field, Table, table_of
from aelita.mdb.encodings import BCD, IEEE_HALF, MIL_1750A, ONES_COMPLEMENT, SIGN_MAGNITUDE, TWOS_COMPLEMENT, UNSIGNED, Reading
from aelita.services.kernel_cache import KernelCache, cache_folder
from aelita.telemetry import Decoder, Kernel, generated_source
from aelita.telemetry.extract import columns_of, numeric_columns, output_of, views_of
from aelita.telemetry.generated import MOST_FIELDS, decode_table, parts_of
from bench_database import Batch, batch_of, bench_database, bench_packets

SPACE = 40  # octets of a packet that fields lie in


@st.composite
def readings(draw: st.DrawFn) -> Reading:
    kind = draw(
        st.sampled_from([UNSIGNED, UNSIGNED, TWOS_COMPLEMENT, SIGN_MAGNITUDE, ONES_COMPLEMENT, BCD, IEEE_HALF, MIL_1750A])
    )
    if kind in (IEEE_HALF, MIL_1750A):
        return Reading(16, kind, "f4" if kind == IEEE_HALF else "f8")
    bits = draw(st.integers(1, 64)) if kind != BCD else 8 * draw(st.integers(1, 8))
    octets = next(n for n in (1, 2, 4, 8) if bits <= 8 * n)
    count = (bits + 7) // 8
    orders = st.permutations(range(count)).map(tuple) if bits % 8 == 0 else st.just(tuple(range(count)))
    order = draw(st.one_of(st.just(()), orders))
    return Reading(bits, kind, f"{'u' if kind in (UNSIGNED, BCD) else 'i'}{octets}", order, draw(st.integers(0, 9)) == 0)


@st.composite
def tables(draw: st.DrawFn, least: int = 2, most: int = 8) -> Table:
    made = draw(st.lists(readings(), min_size=least, max_size=most))
    places = [draw(st.integers(0, 8 * SPACE - r.bits)) for r in made]
    return table_of(tuple(Field(f"/f{i}", f"/f{i}", "/t", at, r) for i, (at, r) in enumerate(zip(places, made, strict=True))))


class Given:
    """Kernels of which there is one."""

    def __init__(self, kernel: Kernel | None) -> None:
        self.given = kernel

    def kernel(self, table: Table, rows: int) -> Kernel | None:
        return self.given


def plain_python(table: Table) -> Kernel | None:
    text = generated_source(table)
    if text is None:
        return None
    scope: dict[str, Any] = {}
    exec(text, scope)
    kernel: Kernel = scope["decode"]
    return kernel


def equal_by_both(table: Table, kernel: Kernel | None, buffer: NDArray[np.uint8], first: Any, end: Any) -> None:
    first, end = np.array(first, np.int64), np.array(end, np.int64)
    expected = numeric_columns(table, buffer, first, end)
    places, out = output_of(table, first.size)
    faults = np.zeros((len(table.fields) + 1, first.size), np.bool_)
    decode_table(table, buffer, first, end, places, views_of(out), faults, Given(kernel))
    for name, column in columns_of(table, places, out, first, end, faults).items():
        assert column.values.tobytes() == expected[name].values.tobytes()
        np.testing.assert_array_equal(column.mask(), expected[name].mask())


@given(tables(), st.binary(min_size=SPACE, max_size=6 * SPACE), st.lists(st.integers(0, 5 * SPACE), min_size=1, max_size=6))
def test_the_text_run_by_python_gives_the_generic_kernels_columns(table: Table, data: bytes, starts: list[int]) -> None:
    buffer = np.frombuffer(data, np.uint8)
    first = [8 * min(s, buffer.size - SPACE) for s in starts]
    with np.errstate(over="ignore"):
        equal_by_both(table, plain_python(table), buffer, first, [f + 8 * SPACE for f in first])


@given(tables(), st.binary(max_size=3 * SPACE), st.lists(st.tuples(st.integers(0, 900), st.integers(0, 400)), max_size=6))
def test_packets_of_any_place_and_length(table: Table, data: bytes, spans: list[tuple[int, int]]) -> None:
    buffer = np.frombuffer(data, np.uint8)
    first = [min(at, 8 * buffer.size) for at, _ in spans]
    end = [min(f + n, 8 * buffer.size) for f, (_, n) in zip(first, spans, strict=True)]
    with np.errstate(over="ignore"):
        equal_by_both(table, plain_python(table), buffer, first, end)


@settings(max_examples=3, deadline=None)
@given(tables(least=12, most=16), st.integers(0, 2**32))
def test_compiled_kernels_of_random_layouts(tmp_path_factory: pytest.TempPathFactory, table: Table, seed: int) -> None:
    kernel = KernelCache(tmp_path_factory.mktemp("kernels"), 0).kernel(table, 1)
    assert (kernel is None) == (parts_of(table).plain.size < 2)
    buffer = np.random.default_rng(seed).integers(0, 256, 1500 * SPACE, dtype=np.uint8)
    first = 8 * SPACE * np.arange(1500)
    equal_by_both(table, kernel, buffer, first, first + 8 * SPACE)


def small(*bits: int, start: int = 0) -> Table:
    ends = start + np.cumsum(bits)
    return table_of(
        tuple(
            Field(f"/f{i}", f"/f{i}", "/t", int(end - n), Reading(n, UNSIGNED, f"u{next(k for k in (1, 2, 4, 8) if n <= 8 * k)}"))
            for i, (n, end) in enumerate(zip(bits, ends, strict=True))
        )
    )


def test_every_width_at_every_bit_offset() -> None:
    buffer = np.random.default_rng(1).integers(0, 256, 60, dtype=np.uint8)
    for skip in range(8):
        table = small(*range(1, 65), start=skip)
        fields = [f for f in table.fields if f.first_bit + f.reading.bits <= 8 * 60]
        chosen = table_of(tuple(fields))
        equal_by_both(chosen, plain_python(chosen), buffer, [0], [480])


def test_too_few_or_too_many_fields_have_no_kernel() -> None:
    assert generated_source(small(8)) is None
    assert generated_source(small(*[8] * (MOST_FIELDS + 1))) is None
    assert generated_source(small(*[8] * MOST_FIELDS)) is not None


def test_a_layout_gets_its_kernel_when_it_is_hot_and_at_once_in_later_sessions(tmp_path: Path) -> None:
    table, cache = small(3, 5, 16), KernelCache(tmp_path, after_rows=1000)
    assert [cache.kernel(table, 500) is None for _ in range(3)] == [True, True, False]
    assert KernelCache(tmp_path, after_rows=10**9).kernel(table, 1) is not None
    assert KernelCache(tmp_path, after_rows=10**9).kernel(small(4, 4, 16), 1) is None


def hits(folder: Path, table: Table) -> int:
    kernel: Any = KernelCache(folder, 0).kernel(table, 1)
    return sum(kernel.stats.cache_hits.values())


def files(folder: Path, pattern: str) -> list[Path]:
    return sorted(folder.rglob(pattern))


@pytest.mark.parametrize("pattern", ["*.nbi", "*.nbc"])
@pytest.mark.parametrize("damage", [b"", b"garbage", b"\x80\x05K\x01.", None])
def test_damaged_machine_code_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pattern: str, damage: bytes | None
) -> None:
    monkeypatch.setattr("numba.core.config.CACHE_DIR", "")
    table = small(7, 9)
    assert hits(tmp_path, table) == 0
    assert hits(tmp_path, table) == 1
    for path in files(tmp_path, pattern):
        path.write_bytes(path.read_bytes()[:100] if damage is None else damage)
    kernel = KernelCache(tmp_path, 10**9).kernel(table, 1)
    equal_by_both(table, kernel, np.arange(20, dtype=np.uint8), [0, 16], [16, 32])
    assert hits(tmp_path, table) == 1


def test_altered_source_is_never_run(tmp_path: Path) -> None:
    table = small(7, 9)
    hits(tmp_path, table)
    (source,) = files(tmp_path, "*.py")
    text = source.read_text()
    source.write_text("raise SystemExit('altered')\n")
    equal_by_both(table, KernelCache(tmp_path, 0).kernel(table, 1), np.arange(20, dtype=np.uint8), [0], [16])
    assert source.read_text() == text


def test_without_a_folder_the_generic_kernel_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = KernelCache(tmp_path / "file" / "kernels", 0)
    assert cache.kernel(small(7, 9), 10) is None
    assert cache.kernel(small(7, 9), 10) is None


def test_the_folder_is_in_the_users_cache() -> None:
    assert cache_folder({"XDG_CACHE_HOME": "/c"}) == Path("/c/aelita/kernels")
    assert cache_folder({"HOME": "/h"}) == Path("/h/.cache/aelita/kernels")


TWO = """
import sys
from pathlib import Path
import numpy as np
sys.path.insert(0, sys.argv[2])
from aelita.services.kernel_cache import KernelCache
from test_generated import equal_by_both, small
table = small(12, 20, 33)
kernel = KernelCache(Path(sys.argv[1]), 0).kernel(table, 1)
equal_by_both(table, kernel, np.arange(90, dtype=np.uint8), [0, 80], [80, 160])
print(sum(kernel.stats.cache_hits.values()))
"""


def test_processes_share_the_folder(tmp_path: Path) -> None:
    command = [sys.executable, "-c", TWO, str(tmp_path), str(Path(__file__).parent)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [p.communicate()[0].strip() in ("0", "1") for p in both] == [True, True]
    assert [p.returncode for p in both] == [0, 0]
    assert len(files(tmp_path, "*.py")) == 1
    assert not files(tmp_path, ".new-*")
    for _ in range(2):  # when both wrote at once, the first one after them may compile once more
        last = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    assert last == "1"


def test_decoders_with_and_without_generated_kernels_agree(tmp_path: Path) -> None:
    batch = bench_packets(100)
    packets = [batch.buffer[o : o + n].tobytes() for o, n in zip(batch.offset, batch.length, strict=True)]
    short = [p if i != 13 else p[:40] for i, p in enumerate(packets)]
    generic, generated = Decoder(bench_database()), Decoder(bench_database(), kernels=KernelCache(tmp_path, 0))
    for given_batch in (batch, batch_of(short), Batch(batch.buffer.copy(), batch.offset, batch.length)):
        ours, theirs = generated.decode(given_batch), generic.decode(given_batch)
        assert ours.faults == theirs.faults
        for one, other in zip(ours, theirs, strict=True):
            assert one.container == other.container
            for name, column in one.raw.items():
                np.testing.assert_array_equal(column.values, other.raw[name].values)
                np.testing.assert_array_equal(column.mask(), other.raw[name].mask())
