"""The recordings of the three spacecraft of the mission `fleet`: their channels, and where they are."""

RECORDINGS = {
    "tgo": ("tgo", "data/telemetry/tgo/tgo_2023-05-24_first_half.tm"),
    "hera": ("hera", "data/telemetry/hera/hera_low_rate_frames_2024_10_07_16_24_20.u8"),
    "mars2020": ("cruise", "data/telemetry/mars2020/mars2020_frames.u8"),
}
