"""Keyword tables of the tracking data message TDM (CCSDS 503.0-B-1 and -2)."""

from .tables import COMMON_HEADER, Section, Standard, keywords

TDM = Standard(
    "TDM",
    ("1.0", "2.0"),
    Section("header", keywords(COMMON_HEADER.replace("CLASSIFICATION t O >=3.0", "").replace(">=3.0", ">=2.0")), mandatory=True),
    Section(
        "metadata",
        keywords("""
        TRACK_ID t O >=2.0
        DATA_TYPES t O >=2.0
        TIME_SYSTEM s M
        START_TIME e O
        STOP_TIME e O
        PARTICIPANT_n t O
        MODE =SEQUENTIAL|SINGLE_DIFF O
        PATH p O
        PATH_1 p O
        PATH_2 p O
        EPHEMERIS_NAME_n t O >=2.0
        TRANSMIT_BAND t O
        RECEIVE_BAND t O
        TURNAROUND_NUMERATOR i O
        TURNAROUND_DENOMINATOR i O
        TIMETAG_REF =TRANSMIT|RECEIVE O
        INTEGRATION_INTERVAL f O
        INTEGRATION_REF =START|MIDDLE|END O
        FREQ_OFFSET f O
        RANGE_MODE =COHERENT|CONSTANT|ONE_WAY O
        RANGE_MODULUS f O
        RANGE_UNITS =km|s|RU O
        ANGLE_TYPE t O
        REFERENCE_FRAME t O
        INTERPOLATION t O >=2.0
        INTERPOLATION_DEGREE i O >=2.0
        DOPPLER_COUNT_BIAS f O >=2.0
        DOPPLER_COUNT_SCALE i O >=2.0
        DOPPLER_COUNT_ROLLOVER =YES|NO O >=2.0
        TRANSMIT_DELAY_n f O
        RECEIVE_DELAY_n f O
        DATA_QUALITY =RAW|VALIDATED|DEGRADED O
        CORRECTION_ANGLE_1 f O
        CORRECTION_ANGLE_2 f O
        CORRECTION_DOPPLER f O
        CORRECTION_MAG f O >=2.0
        CORRECTION_RANGE f O
        CORRECTION_RCS f O >=2.0
        CORRECTION_RECEIVE f O
        CORRECTION_TRANSMIT f O
        CORRECTION_ABERRATION_YEARLY f O >=2.0
        CORRECTION_ABERRATION_DIURNAL f O >=2.0
        CORRECTIONS_APPLIED =YES|NO O
        """),
        stem="META",
        mandatory=True,
    ),
    (Section("observations", stem="DATA", rows="observation", line="observation", bare=True, mandatory=True),),
    segments=(1, 10_000_000),
    units=False,
    long="tracking data message",
)

# What a line of the data section may measure, and its unit (503.0-B-2, table 3-5); RANGE is in RANGE_UNITS
OBSERVABLES = keywords("""
ANGLE_1 f O deg
ANGLE_2 f O deg
CARRIER_POWER f O dBW
CLOCK_BIAS f O s
CLOCK_DRIFT f O s/s
DOPPLER_COUNT f O >=2.0
DOPPLER_INSTANTANEOUS f O km/s
DOPPLER_INTEGRATED f O km/s
DOR f O s
MAG f O >=2.0
PC_N0 f O dBHz
PR_N0 f O dBHz
PRESSURE f O hPa
RANGE f O
RCS f O m**2 >=2.0
RECEIVE_FREQ f O Hz
RECEIVE_FREQ_n f O Hz
RECEIVE_PHASE_CT_n f O >=2.0
RHUMIDITY f O %
STEC f O TECU
TEMPERATURE f O K
TRANSMIT_FREQ_n f O Hz
TRANSMIT_FREQ_RATE_n f O Hz/s
TRANSMIT_PHASE_CT_n f O >=2.0
TROPO_DRY f O m
TROPO_WET f O m
VLBI_DELAY f O s
""")
