"""Memory images and what is known of memories: beside plain dictionaries of octets, and on the dumps of the Trace Gas Orbiter."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.commanding import (
    MemoryImage,
    MemoryMap,
    MemorySource,
    StretchKind,
    check_requests,
    dump_requests,
    image_areas,
    load_calls,
    load_requests,
    most_in_a_load,
)
from aelita.errors import UsageError
from aelita.mdb import compile_commands, encode_command, load_database
from aelita.pus import (
    HeaderLayout,
    LoadMemory,
    MemoryBlock,
    MemoryCheck,
    MemoryChecks,
    MemoryDump,
    TelecommandLayout,
    Widths,
    decode_report,
    decode_request,
    encode_request,
    read_headers,
)
from aelita.services import find_mission
from recording import tgo_packets
from spacecraft_material import COMMAND_APID, Ground, Heard, definition, iso, listen, twin

runs = st.lists(st.tuples(st.integers(0, 40), st.binary(max_size=12)), max_size=6)


def octets(given_: list[tuple[int, bytes]]) -> dict[int, int]:
    return {at + n: one for at, data in given_ for n, one in enumerate(data)}


@st.composite
def images(draw: st.DrawFn) -> MemoryImage:
    held = draw(st.dictionaries(st.integers(0, 60), st.integers(0, 255), min_size=1, max_size=40))
    return MemoryImage.of("software", "1", 6, [(at, bytes([value])) for at, value in held.items()])


@given(images())
def test_an_image_is_the_same_however_it_was_written(image: MemoryImage) -> None:
    held = octets(list(image.runs))
    again = MemoryImage.of("other", "2", 6, [(at, bytes([held[at]])) for at in sorted(held, reverse=True)])
    assert again.runs == image.runs and again.digest == image.digest and image.octets == len(held)
    assert all(b[0] > a[0] + len(a[1]) for a, b in zip(image.runs, image.runs[1:], strict=False))
    assert MemoryImage.of("x", "1", 7, image.runs).digest != image.digest
    at = min(held)
    other = MemoryImage.of("x", "1", 6, [(key, bytes([value ^ (key == at)])) for key, value in held.items()])
    assert other.digest != image.digest


@given(images(), st.integers(40, 60), st.sampled_from(["A", "C"]), st.sampled_from(["iso", "crc16", "none"]))
def test_loads_fit_the_link_and_hold_the_image(image: MemoryImage, most: int, variant: str, kind: str) -> None:
    layout = TelecommandLayout(variant, 2 if variant == "C" else 1)
    widths = Widths(block_checksum=kind)
    memory: dict[int, int] = {}
    room = most_in_a_load(layout, widths, most)
    for number, one in enumerate(load_requests(image, layout, widths, most)):
        made = encode_request(one, layout, widths, apid=1, sequence_count=number)
        assert len(made) <= most and len(one.blocks[0].data) <= room
        back = decode_request(made, layout, widths)[1]
        assert isinstance(back, LoadMemory) and back.blocks[0].good is (None if kind == "none" else True)
        memory |= octets([(block.address, block.data) for block in back.blocks])
    assert memory == octets(list(image.runs))
    full = MemoryImage.of("full", "1", 1, [(0, bytes(room))])
    (one,) = load_requests(full, layout, widths, most)
    assert len(encode_request(one, layout, widths, apid=1, sequence_count=0)) == most


def test_a_load_is_bounded_by_its_length_field_and_needs_room() -> None:
    layout = TelecommandLayout("A", 1)
    assert most_in_a_load(layout, Widths(block_length_octets=1), 1000) == 255
    with pytest.raises(UsageError, match="no octet of an image fits"):
        load_requests(MemoryImage.of("x", "1", 1, [(0, b"a")]), layout, Widths(), 12)


@settings(max_examples=300)
@given(st.lists(st.tuples(runs, st.integers(0, 5), st.sampled_from(list(MemorySource))), max_size=5), images())
def test_what_is_known_is_the_newest_of_each_octet(
    writes: list[tuple[list[tuple[int, bytes]], int, MemorySource]], image: MemoryImage
) -> None:
    known = MemoryMap()
    model: dict[int, tuple[int, int, MemorySource]] = {}
    for given_, at_ns, source in writes:
        for address, data in given_:
            known.write([(address, data)], at_ns, source)
            for where, value in octets([(address, data)]).items():
                if where not in model or model[where][0] <= at_ns:
                    model[where] = (at_ns, value, source)
    assert {at: value for at, (_, value, _) in model.items()} == octets([(one.address, one.data) for one in known.known])
    assert {at: (when, source) for at, (when, _, source) in model.items()} == {
        at: (one.at_ns, one.source) for one in known.known for at in range(one.address, one.end)
    }
    assert sum(length for _, length, _, _ in known.areas()) == len(model)
    wanted = octets(list(image.runs))
    told = {
        at + n: one.kind for one in known.compare(image) for at, n in [(one.address, n) for n in range(len(one.wanted))]
    }  # fmt: skip
    assert told == {
        at: StretchKind.UNKNOWN if at not in model else StretchKind.SAME if model[at][1] == value else StretchKind.DIFFERENT
        for at, value in wanted.items()
    }
    stretches = known.compare(image)
    for a, b in itertools.pairwise(stretches):  # as long as can be
        assert b.address > a.address and (a.kind is not b.kind or a.address + len(a.wanted) < b.address)


@given(images(), images())
def test_only_what_changed_is_loaded_over_an_older_version(old: MemoryImage, new: MemoryImage) -> None:
    memory = octets(list(old.runs))
    patch = new.changed(old)
    assert patch is None or all(memory.get(at) != value for at, value in octets(list(patch.runs)).items())
    if patch is not None:
        memory |= octets(list(patch.runs))
    assert all(memory[at] == value for at, value in octets(list(new.runs)).items())


def test_bad_dumps_tell_nothing_and_checksums_are_compared() -> None:
    known = MemoryMap()
    known.dumped(MemoryDump(6, (MemoryBlock(10, b"abcd", True), MemoryBlock(20, b"xxxx", False)), base=None), 5)
    known.dumped(MemoryDump(6, (MemoryBlock(4, b"zz", None),), base=100), 6)
    assert [(one.address, one.data) for one in known.known] == [(10, b"abcd"), (104, b"zz")] and known.bad == [(20, 4, 5)]
    known.loaded(LoadMemory(6, (MemoryBlock(12, b"CD"),)), 7)
    assert known.read(10, 4) == b"abCD" and known.read(10, 5) is None
    assert known.areas() == [(10, 4, 5, 7), (104, 2, 6, 6)]
    checks = MemoryChecks(6, (MemoryCheck(10, 4, iso(b"abCD")), MemoryCheck(10, 4, iso(b"abcd")), MemoryCheck(50, 2, b"ab")))
    assert known.checks(checks, "iso") == [(10, 4, True), (10, 4, False), (50, 2, None)]
    with pytest.raises(UsageError, match="checksum 'sum' is unknown"):
        known.checks(checks, "sum")
    known.lost()
    assert known.areas() == []


def test_images_that_contradict_themselves_are_refused() -> None:
    with pytest.raises(UsageError, match="address 0xb are given twice"):
        MemoryImage.of("x", "1", 1, [(10, b"ab"), (11, b"c")])
    with pytest.raises(UsageError, match="1 to"):
        MemoryImage.of("x", "1", 1, [(10, b"")])
    with pytest.raises(UsageError):
        MemoryImage.of("x", "1", 1, [(-1, b"ab")])


def test_the_known_memory_of_the_trace_gas_orbiter() -> None:
    """813 dumps of memory 6 in the recording; what is known of it agrees with a dictionary of octets."""
    packets = [p for p in tgo_packets() if p[0] & 8]
    length = np.array([len(p) for p in packets], np.int64)
    joined = b"".join(packets)
    headers = read_headers(np.frombuffer(joined, np.uint8), np.cumsum(length) - length, length, HeaderLayout("A", 0, 1, 6))
    widths = Widths(structure_octets=4, block_count_octets=0, block_length_octets=4)
    known, dumps = MemoryMap(), 0
    model: dict[int, int] = {}
    for n in np.flatnonzero((headers.service == 6) & (headers.subtype == 6)).tolist():
        at = int(headers.data_offset[n])
        report = decode_report(6, 6, joined[at : at + int(headers.data_length[n])], widths)
        assert isinstance(report, MemoryDump) and report.memory == 6
        known.dumped(report, dumps)
        model |= octets([(one.address, one.data) for one in report.blocks])
        dumps += 1
    assert dumps == 813 and not known.bad
    assert octets([(one.address, one.data) for one in known.known]) == model
    print(f"\n{dumps} dumps, {len(model)} octets known in {len(known.areas())} areas")
    image = MemoryImage.of("seen", "recording", 6, [(one.address, one.data) for one in known.known])
    assert {one.kind for one in known.compare(image)} == {StretchKind.SAME}
    assert image.octets == len(model)


def test_commands_of_the_mission_load_the_same_octets() -> None:
    commands = compile_commands(load_database(find_mission("exomars").craft("tgo").command_databases))
    image = MemoryImage.of("patch", "3", 6, [(0x100, bytes(range(50))), (0x200, b"\xff\x00")])
    made = [encode_command(commands, one.command, dict(one.arguments)).octets for one in load_calls(image, 20)]
    assert len(made) == 4
    layout = TelecommandLayout("A", 1)
    widths = Widths(block_count_octets=0, block_length_octets=4)
    memory: dict[int, int] = {}
    for one in made:
        request = decode_request(one, layout, widths)[1]
        assert isinstance(request, LoadMemory) and request.memory == 6 and request.blocks[0].good
        memory |= octets([(block.address, block.data) for block in request.blocks])
    assert memory == octets(list(image.runs))


def test_a_simulated_spacecraft_is_loaded_checked_and_dumped() -> None:
    """Its receiving side was written by another hand; the image goes up in packets of at most 120 octets."""
    craft, ground, heard = twin(), Ground(), Heard()
    widths, layout = definition().widths, TelecommandLayout("A", 1)
    memory = definition().memories[0].ident
    image = MemoryImage.of("patch", "1", memory, [(0x40, bytes(range(200))), (0x200, b"end")])
    requests = [*load_requests(image, layout, widths, 120), *dump_requests(memory, image_areas(image, 64)),
                *check_requests(memory, image_areas(image, 200))]  # fmt: skip
    known, count = MemoryMap(), 0
    for count, one in enumerate(requests, 1):
        ground.ask(craft, encode_request(one, layout, widths, apid=COMMAND_APID, sequence_count=count, source=4))
    for _ in range(200):
        listen(craft, 1, heard)
        if 7 in heard.stages(count):
            break
    assert all(7 in heard.stages(number) for number in range(1, count + 1))
    for report in heard.reports(6, 6):
        told = decode_report(6, 6, report[16:-2], widths)
        assert isinstance(told, MemoryDump)
        known.dumped(told, craft.now_ns)
    assert {one.kind for one in known.compare(image)} == {StretchKind.SAME}
    found = heard.reports(6, 10)
    assert len(found) == len(image_areas(image, 200)) and all(
        one[-4:-2] in (iso(bytes(range(200))), iso(b"end")) for one in found
    )
