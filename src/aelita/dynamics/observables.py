"""Computed values of any tracking observations, with partial derivatives."""

from .light_paths import Motion
from .network import Network
from .one_way import delta_dor, one_way_doppler
from .round_trips import Computed, compute_round_trip
from .tracking import Kind, Observations

_ONE_WAY = {Kind.DOPPLER_1: one_way_doppler, Kind.DELTA_DOR: delta_dor}


def compute(observations: Observations, motion: Motion, network: Network) -> Computed:
    """Return computed values of observations of a spacecraft in a motion, with partial derivatives.

    Raises UsageError for an unknown station and DataError for absent ramps, by name; TimeError where kernels end. Accuracy:
    two-way light times are SPICE's to 0.02 ns and those that the DSN measured as well as the data are; Doppler is the difference
    of ranges to 0.1 mHz (`test_determination_observables.py`). Not modelled: delays by planets (at most 0.1 ns), the local frame
    of the centre (some centimetres), antenna offsets.
    """
    return _ONE_WAY.get(observations.kind, compute_round_trip)(observations, motion, network)
