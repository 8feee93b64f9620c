"""The mission database of the peer benchmark, built from its own model of packets (peers/yamcs/model.py), and its packets."""

import importlib.util
import sys
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aelita.mdb import (
    Alarm,
    AlarmRules,
    BooleanType,
    Calibration,
    Calibrator,
    Comparison,
    Container,
    Database,
    EnumeratedType,
    EnumerationEntry,
    FloatEncoding,
    FloatType,
    IntegerEncoding,
    IntegerScheme,
    IntegerType,
    Location,
    NormalRange,
    Operator,
    Origin,
    Parameter,
    ParameterEntry,
    ParameterType,
    Placement,
    Polynomial,
    Reference,
    Severity,
    Spline,
    TypeFacts,
)
from shared import shared


@dataclass(frozen=True, slots=True)
class Batch:
    """Packets one after another in a buffer."""

    buffer: NDArray[np.uint8]
    offset: NDArray[np.int64]
    length: NDArray[np.int64]


def batch_of(packets: list[bytes]) -> Batch:
    lengths = np.array([len(p) for p in packets], np.int64)
    return Batch(np.frombuffer(b"".join(packets), np.uint8), np.cumsum(lengths) - lengths, lengths)


def peer_module(name: str) -> ModuleType:
    """Return a module of the peer harness: `model`, `gen_packets`."""
    path = shared(f"peers/yamcs/{name}.py")
    if name in sys.modules:
        return sys.modules[name]
    if name != "model":
        peer_module("model")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    keep, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    spec.loader.exec_module(module)
    sys.dont_write_bytecode = keep
    return module


def equal(parameter: str, value: str) -> Comparison:
    return Comparison(Reference(parameter, calibrated=False), Operator.EQUAL, value)


def alarm_of(p: Any) -> AlarmRules:
    if p.kind == "enum":
        return AlarmRules(Alarm(labels=(("FAULT", Severity.CRITICAL),)))
    if not p.limits:
        return AlarmRules()
    low, high, lowest, highest = p.limits
    ranges = (NormalRange(Severity.WARNING, low, high), NormalRange(Severity.CRITICAL, lowest, highest))
    return AlarmRules(Alarm(ranges=ranges))


def calibrator_of(p: Any) -> Calibrator | None:
    if p.calibrator is None:
        return None
    kind, *points = p.calibrator
    return Polynomial(tuple(points[0])) if kind == "poly" else Spline(tuple(points[0]), tuple(points[1]))


def type_of(model: ModuleType, p: Any) -> ParameterType:
    facts = TypeFacts(p.qualified + "_t", alarms=alarm_of(p))
    bits = model.BITS[p.kind]
    if p.kind in ("f32", "f64"):
        return FloatType(facts, FloatEncoding(bits))
    scheme = IntegerScheme.TWOS_COMPLEMENT if p.kind == "i16" else IntegerScheme.UNSIGNED
    encoding = IntegerEncoding(bits, scheme, calibration=Calibration(calibrator_of(p)))
    if p.kind in ("enum", "b_mode"):
        words = model.ENUM if p.kind == "enum" else model.MODE
        return EnumeratedType(facts, encoding, tuple(EnumerationEntry(label, v, v) for v, label in words))
    if p.kind == "b_flag":
        return BooleanType(facts, encoding)
    return FloatType(facts, encoding, 64) if p.calibrator else IntegerType(facts, encoding, signed=False)


HEADER = (("version", 3), ("type", 1), ("secondary", 1), ("apid", 11), ("flags", 2), ("count", 14), ("length", 16))


def bench_database() -> Database:
    """Return the database: a header container, one container below it for telemetry with PUS headers, ten below that."""
    model = peer_module("model")
    types: dict[str, ParameterType] = {}
    parameters: dict[str, Parameter] = {}

    def add(name: str, kind: ParameterType) -> str:
        types[kind.facts.name] = kind
        parameters[name] = Parameter(name, kind.facts.name)
        return name

    def unsigned(name: str, bits: int) -> str:
        return add(f"/bench/{name}", IntegerType(TypeFacts(f"/bench/{name}_t"), IntegerEncoding(bits), signed=False))

    header = tuple(ParameterEntry(unsigned(name, bits)) for name, bits in HEADER)
    pus = [unsigned("service", 8), unsigned("subtype", 8), unsigned("messages", 16)]
    places = [Placement(Location(bits=8)), Placement(), Placement()]
    containers = {
        "/bench/packet": Container("/bench/packet", header, abstract=True),
        "/bench/pus": Container(
            "/bench/pus",
            tuple(ParameterEntry(name, place) for name, place in zip(pus, places, strict=True)),
            abstract=True,
            base="/bench/packet",
            restriction=equal("/bench/secondary", "1"),
        ),
    }
    for apid in model.APIDS:
        name = f"/bench/{model.SUBSYSTEMS[apid - model.APID0]}/hk"
        entries = []
        for i, p in enumerate(model.params_of(apid)):
            place = Placement(Location(Origin.CONTAINER_START, p.bit)) if i == 0 else Placement()
            entries.append(ParameterEntry(add(p.qualified, type_of(model, p)), place))
        containers[name] = Container(name, tuple(entries), base="/bench/pus", restriction=equal("/bench/apid", str(apid)))
    return Database("bench", "1", "0" * 64, types, parameters, containers)


def bench_packets(count: int) -> Batch:
    """Return the first packets of the peer's generator (a multiple of 10)."""
    buffer = peer_module("gen_packets").stream(0, count)
    model = peer_module("model")
    lengths = np.tile(np.array([model.packet_len(a) for a in model.APIDS], np.int64), count // 10)
    return Batch(buffer, np.cumsum(lengths) - lengths, lengths)
