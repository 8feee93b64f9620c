"""Link budgets: what power arrives, what noise it meets, and how far it stands above what the code needs."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import UsageError
from .plasma import checked_frequency, scintillation_index, scintillation_loss_db

Reals = NDArray[np.float64]
C_M_S, BOLTZMANN_DB = 299_792_458.0, -228.5991672  # 10 log10 of 1.380649e-23 J/K, exact since 2019
SKY_K = 2.725  # cosmic background (Fixsen, Astrophys. J. 707, 2009, p. 916)
SUN_K = 20_000.0  # brightness of the quiet Sun at X-band (order of size, C); 0.267 deg is the radius of its disc
LOWEST_ELEVATION_DEG = 3.0


@dataclass(frozen=True, slots=True)
class Code:
    """A channel code: information per symbol, and the Eb/N0 (dB, of information bits) that gives the error rate named."""

    name: str
    rate: float
    required_db: float
    errors: str


# CCSDS 130.1-G (TM Synchronization and Channel Coding: Summary of Concept and Rationale), read from its figures to 0.2 dB (C);
# without code exact; the concatenated code agrees with what our own decoder does (test_coding_gain).
CODES = {
    code.name: code
    for code in (
        Code("none", 1.0, 9.59, "1e-5 of bits"),
        Code("bch", 56 / 63, 9.6, "commands; as without code, no gain is counted (ECSS-E-ST-50-05)"),
        Code("reed-solomon", 223 / 255, 6.3, "1e-6 of bits"),
        Code("convolutional-1/2", 0.5, 4.4, "1e-5 of bits"),
        Code("concatenated", 0.5 * 223 / 255, 2.6, "1e-6 of bits, depth 5"),
        Code("turbo-1/2", 1 / 2, 1.1, "1e-4 of frames of 8920 bits"),
        Code("turbo-1/3", 1 / 3, 0.5, "1e-4 of frames of 8920 bits"),
        Code("turbo-1/4", 1 / 4, 0.2, "1e-4 of frames of 8920 bits"),
        Code("turbo-1/6", 1 / 6, 0.0, "1e-4 of frames of 8920 bits"),
        Code("ldpc-1/2", 1 / 2, 1.3, "1e-5 of frames of 4096 bits"),
        Code("ldpc-7/8", 7136 / 8160, 4.0, "1e-5 of frames of 7136 bits"),
    )
}


@dataclass(frozen=True, slots=True)
class Antenna:
    """One end of a link: a dish, the transmitter behind it, and the noise of its receiver without the sky.

    `losses_db` lie between transmitter and dish, `noise_k` holds receiver and spillover at the dish, `pointing_deg` is how far
    the beam is off. Grades of the values are in the file they come from.
    """

    key: str
    dish_m: float
    efficiency: float
    power_w: float
    losses_db: float
    noise_k: float
    pointing_deg: float

    def gain_dbi(self, frequency_hz: float) -> float:
        """Return the gain on the axis, in dB over isotropic."""
        return float(10 * np.log10(self.efficiency * (np.pi * self.dish_m * checked_frequency(frequency_hz) / C_M_S) ** 2))

    def beamwidth_deg(self, frequency_hz: float) -> float:
        """Return the width of the beam at half power, 70 wavelengths over the diameter."""
        return 70 * C_M_S / checked_frequency(frequency_hz) / self.dish_m

    def pointing_loss_db(self, frequency_hz: float) -> float:
        """Return what is lost by pointing off the axis, for a Gaussian beam: 3 dB at half its width."""
        return 12 * (self.pointing_deg / self.beamwidth_deg(frequency_hz)) ** 2

    def eirp_dbw(self, frequency_hz: float) -> float:
        """Return the radiated power towards the axis, in dBW."""
        return float(10 * np.log10(self.power_w)) - self.losses_db + self.gain_dbi(frequency_hz)


@dataclass(frozen=True, slots=True)
class Weather:
    """What the air over a station takes at zenith (dB) at the frequency of the link, and how warm it radiates (K)."""

    name: str
    zenith_db: float
    air_k: float = 275.0

    def attenuation_db(self, elevation_deg: ArrayLike) -> Reals:
        """Return the loss at an elevation, as of a level layer; below 3 deg as at 3 deg."""
        return np.asarray(self.zenith_db / np.sin(np.radians(np.maximum(elevation_deg, LOWEST_ELEVATION_DEG))))

    def noise_k(self, elevation_deg: ArrayLike) -> Reals:
        """Return the noise of air and sky that an antenna hears at an elevation."""
        passed = 10 ** (-self.attenuation_db(elevation_deg) / 10)
        return self.air_k * (1 - passed) + SKY_K * passed


@dataclass(frozen=True, slots=True)
class Link:
    """A transmitter, a receiver and the signal between them; the station is at one end and the weather over it.

    `data_share` is the part of the power in the data (sin^2 of the modulation index), `implementation_db` what demodulator and
    others lose. `station_receives` tells on which end the Earth is.
    """

    transmitter: Antenna
    receiver: Antenna
    frequency_hz: float
    code: Code
    weather: Weather
    station_receives: bool = True
    data_share: float = 1.0
    implementation_db: float = 1.0
    polarisation_db: float = 0.1

    def __post_init__(self) -> None:
        checked_frequency(self.frequency_hz)
        if not 0 < self.data_share <= 1:
            raise UsageError(f"a share of power in the data of {self.data_share}", remedy="Give a part above 0, up to 1")

    def noise_temperature_k(self, elevation_deg: ArrayLike = 90.0, sun_angle_deg: ArrayLike = 180.0) -> Reals:
        """Return the noise of the whole receiving system: receiver, air and sky, and the Sun where it is near the beam."""
        elevation, angle = np.asarray(elevation_deg, np.float64), np.asarray(sun_angle_deg, np.float64)
        if not self.station_receives:
            return self.receiver.noise_k + SKY_K + 0 * (elevation + angle)
        return self.receiver.noise_k + self.weather.noise_k(elevation) + sun_noise_k(angle)

    def budget(
        self, distance_km: ArrayLike, rate_bps: ArrayLike, *, elevation_deg: ArrayLike = 90.0, sun_angle_deg: ArrayLike = 180.0,
        availability: float = 0.9,
    ) -> "Budget":  # fmt: skip
        """Return the budget over distances, rates of information, elevations and angles from the Sun, which broadcast.

        Near the Sun the margin for fades is that which `availability` of the time needs. Raises UsageError for values that cannot
        be.
        """
        distance, rate, elevation, angle = np.broadcast_arrays(
            *(np.asarray(v, np.float64) for v in (distance_km, rate_bps, elevation_deg, sun_angle_deg))
        )
        if np.any(distance <= 0) or np.any(rate <= 0):
            raise UsageError("a distance or a rate that is not above zero", remedy="Give kilometres and bits per second")
        f, ends = self.frequency_hz, (self.transmitter, self.receiver)
        losses = {
            "free space": free_space_loss_db(distance, f),
            "pointing": np.full(distance.shape, sum(end.pointing_loss_db(f) for end in ends)),
            "polarisation": np.full(distance.shape, self.polarisation_db),
            "air": self.weather.attenuation_db(elevation),
            "scintillation": scintillation_loss_db(scintillation_index(angle, f), availability),
        }
        figure = self.receiver.gain_dbi(f) - 10 * np.log10(self.noise_temperature_k(elevation, angle))
        carrier = self.transmitter.eirp_dbw(f) - sum(losses.values()) + figure - BOLTZMANN_DB
        bit = carrier + 10 * np.log10(self.data_share) - 10 * np.log10(rate) - self.implementation_db
        return Budget(self, losses, np.asarray(figure), np.asarray(carrier), bit, bit - self.code.required_db)

    def best_rate_bps(
        self, distance_km: ArrayLike, *, margin_db: float = 3.0, elevation_deg: ArrayLike = 90.0,
        sun_angle_deg: ArrayLike = 180.0, availability: float = 0.9,
    ) -> Reals:  # fmt: skip
        """Return the rate of information (bits per second) that leaves a margin."""
        one = self.budget(
            distance_km, 1.0, elevation_deg=elevation_deg, sun_angle_deg=sun_angle_deg, availability=availability
        ).margin_db
        return np.asarray(10 ** ((one - margin_db) / 10))


@dataclass(frozen=True, slots=True, eq=False)
class Budget:
    """A budget: losses by name (dB), G/T (dB/K), carrier over noise density (dBHz), Eb/N0 and the margin over the code (dB)."""

    link: Link
    losses_db: dict[str, Reals]
    g_over_t_db: Reals
    c_over_n0_dbhz: Reals
    eb_over_n0_db: Reals
    margin_db: Reals

    def lines(self) -> tuple[tuple[str, float, str], ...]:
        """Return name, value and unit of each line, in the order in which a budget is read. Only for a single case."""
        if self.margin_db.size != 1:
            raise UsageError(f"{self.margin_db.size} budgets at once", remedy="Ask for one distance, rate, elevation and angle")
        link, f = self.link, self.link.frequency_hz
        return (
            ("transmitter", float(10 * np.log10(link.transmitter.power_w)), "dBW"),
            ("transmitter losses", -link.transmitter.losses_db, "dB"),
            ("transmitter gain", link.transmitter.gain_dbi(f), "dBi"),
            *((f"{name} loss", -loss.item(), "dB") for name, loss in self.losses_db.items()),
            ("receiver G/T", self.g_over_t_db.item(), "dB/K"),
            ("C/N0", self.c_over_n0_dbhz.item(), "dBHz"),
            ("Eb/N0", self.eb_over_n0_db.item(), "dB"),
            (f"required by {link.code.name}", link.code.required_db, "dB"),
            ("margin", self.margin_db.item(), "dB"),
        )


def free_space_loss_db(distance_km: ArrayLike, frequency_hz: float) -> Reals:
    """Return the loss between isotropic antennas, in dB."""
    way_m = np.asarray(distance_km, np.float64) * 1000
    return np.asarray(20 * np.log10(4 * np.pi * way_m * checked_frequency(frequency_hz) / C_M_S))


def sun_noise_k(sun_angle_deg: ArrayLike) -> Reals:
    """Return how much the Sun adds to the noise of a large dish at X-band that points so far from its centre (E).

    A disc of 20,000 K within 0.27 deg (a quiet Sun; the dish sees little else), then sidelobes that fall with the cube of the
    angle, 25 K at 1 deg: of the size that large antennas show, to a factor of 2.
    """
    angle = np.asarray(sun_angle_deg, np.float64)
    return np.where(angle < 0.27, SUN_K, 25.0 * np.maximum(angle, 0.27) ** -3.0)
