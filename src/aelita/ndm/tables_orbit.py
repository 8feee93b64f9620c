"""Keyword tables of the orbit messages OPM, OMM and OEM (CCSDS 502.0-B-1, -2 and -3)."""

from .tables import CARTESIAN, COMMON_HEADER, STATE, Section, Standard, keywords

HEADER = Section("header", keywords(COMMON_HEADER), mandatory=True)
_OBJECT = """
OBJECT_NAME t M
OBJECT_ID t M
CENTER_NAME t M
REF_FRAME t M
REF_FRAME_EPOCH e O >=2.0
TIME_SYSTEM s M
"""
_SPACECRAFT = """
MASS f O kg
SOLAR_RAD_AREA f O m**2
SOLAR_RAD_COEFF f O
DRAG_AREA f O m**2
DRAG_COEFF f O
"""
_COVARIANCE = "COV_REF_FRAME t O >=2.0"
SPACECRAFT = Section("spacecraftParameters", keywords(_SPACECRAFT))
COVARIANCE = Section("covarianceMatrix", keywords(_COVARIANCE, CARTESIAN))
USER_DEFINED = Section("userDefinedParameters", user=True)

OPM = Standard(
    "OPM",
    ("1.0", "2.0", "3.0"),
    HEADER,
    Section("metadata", keywords(_OBJECT), mandatory=True),
    (
        Section("stateVector", keywords("EPOCH e M", STATE), mandatory=True),
        Section(
            "keplerianElements",
            keywords("""
            SEMI_MAJOR_AXIS f M km
            ECCENTRICITY f M
            INCLINATION f M deg
            RA_OF_ASC_NODE f M deg
            ARG_OF_PERICENTER f M deg
            TRUE_ANOMALY f O deg
            MEAN_ANOMALY f O deg
            GM f M km**3/s**2
            """),
        ),
        SPACECRAFT,
        COVARIANCE,
        Section(
            "maneuverParameters",
            keywords("""
            MAN_EPOCH_IGNITION e M
            MAN_DURATION f O s
            MAN_DELTA_MASS f O kg
            MAN_REF_FRAME t O
            MAN_DV_1 f O km/s
            MAN_DV_2 f O km/s
            MAN_DV_3 f O km/s
            """),
            many=True,
        ),
        USER_DEFINED,
    ),
    long="orbit parameter message",
)

OMM = Standard(
    "OMM",
    ("2.0", "3.0"),
    HEADER,
    Section("metadata", keywords(_OBJECT, "MEAN_ELEMENT_THEORY t M"), mandatory=True),
    (
        Section(
            "meanElements",
            keywords("""
            EPOCH e M
            SEMI_MAJOR_AXIS f O km
            MEAN_MOTION f O rev/day
            ECCENTRICITY f M
            INCLINATION f M deg
            RA_OF_ASC_NODE f M deg
            ARG_OF_PERICENTER f M deg
            MEAN_ANOMALY f M deg
            GM f O km**3/s**2
            """),
            mandatory=True,
        ),
        SPACECRAFT,
        Section(
            "tleParameters",
            keywords("""
            EPHEMERIS_TYPE i O
            CLASSIFICATION_TYPE t O
            NORAD_CAT_ID i O
            ELEMENT_SET_NO i O
            REV_AT_EPOCH i O
            BSTAR f O 1/ER
            BTERM f O m**2/kg >=3.0
            MEAN_MOTION_DOT f O rev/day**2
            MEAN_MOTION_DDOT f O rev/day**3
            AGOM f O m**2/kg >=3.0
            """),
        ),
        COVARIANCE,
        USER_DEFINED,
    ),
    long="orbit mean-elements message",
)

OEM = Standard(
    "OEM",
    ("1.0", "2.0", "3.0"),
    HEADER,
    Section(
        "metadata",
        keywords(
            _OBJECT,
            """
            START_TIME e M
            USEABLE_START_TIME e O
            USEABLE_STOP_TIME e O
            STOP_TIME e M
            INTERPOLATION t O
            INTERPOLATION_DEGREE i O
            """,
        ),
        stem="META",
        mandatory=True,
    ),
    (
        Section("ephemeris", rows="states", line="stateVector", bare=True, mandatory=True),
        Section("covarianceMatrix", keywords("EPOCH e M", _COVARIANCE, CARTESIAN), stem="COVARIANCE", rows="triangle", many=True),
    ),
    segments=(1, 10_000_000),
    units=False,
    long="orbit ephemeris message",
)
