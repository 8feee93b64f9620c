"""Keyword tables of the attitude messages APM, AEM (CCSDS 504.0-B-1 and -2) and ACM (504.0-B-2)."""

from .tables import COMMON_HEADER, Section, Standard, keywords

HEADER = Section("header", keywords(COMMON_HEADER.replace(">=3.0", ">=2.0")), mandatory=True)
_FRAMES = """
REF_FRAME_A t M
REF_FRAME_B t M
"""
_QUATERNION = """
Q1 f M
Q2 f M
Q3 f M
QC f M
Q1_DOT f O 1/s
Q2_DOT f O 1/s
Q3_DOT f O 1/s
QC_DOT f O 1/s
"""
_SPIN = """
SPIN_ALPHA f M deg
SPIN_DELTA f M deg
SPIN_ANGLE f M deg
SPIN_ANGLE_VEL f M deg/s
NUTATION f O deg
NUTATION_PER f O s
NUTATION_PHASE f O deg
"""
_INERTIA = """
IXX f M kg*m**2
IYY f M kg*m**2
IZZ f M kg*m**2
IXY f M kg*m**2
IXZ f M kg*m**2
IYZ f M kg*m**2
"""
_METADATA = Section(
    "metadata",
    keywords("""
    OBJECT_NAME t M
    OBJECT_ID t M
    CENTER_NAME t O
    TIME_SYSTEM s M
    """),
    mandatory=True,
)
_Q, _QD = ("Q1", "Q2", "Q3", "QC"), ("Q1_DOT", "Q2_DOT", "Q3_DOT", "QC_DOT")
ANGLES, RATES = ("X_ANGLE", "Y_ANGLE", "Z_ANGLE"), ("X_RATE", "Y_RATE", "Z_RATE")

APM_1 = Standard(
    "APM",
    ("1.0",),
    HEADER,
    _METADATA,
    (
        Section(
            "quaternionState",
            keywords("EPOCH e M", "Q_FRAME_A t M\nQ_FRAME_B t M\nQ_DIR =A2B|B2A M", _QUATERNION),
            mandatory=True,
            wraps={"quaternion": _Q, "quaternionRate": _QD},
        ),
        Section(
            "eulerElementsThree",
            keywords("""
            EULER_FRAME_A t M
            EULER_FRAME_B t M
            EULER_DIR =A2B|B2A M
            EULER_ROT_SEQ x M
            RATE_FRAME t O
            X_ANGLE f O deg
            Y_ANGLE f O deg
            Z_ANGLE f O deg
            X_RATE f O deg/s
            Y_RATE f O deg/s
            Z_RATE f O deg/s
            """),
            wraps={"rotationAngles": ANGLES, "rotationRates": RATES},
        ),
        Section("eulerElementsSpin", keywords("SPIN_FRAME_A t M\nSPIN_FRAME_B t M\nSPIN_DIR =A2B|B2A M", _SPIN)),
        Section(
            "spacecraftParameters",
            keywords("""
            INERTIA_REF_FRAME t O
            I11 f M kg*m**2
            I22 f M kg*m**2
            I33 f M kg*m**2
            I12 f M kg*m**2
            I13 f M kg*m**2
            I23 f M kg*m**2
            """),
        ),
        Section(
            "maneuverParameters",
            keywords("""
            MAN_EPOCH_START e M
            MAN_DURATION f M s
            MAN_REF_FRAME t M
            MAN_TOR_1 f M N*m
            MAN_TOR_2 f M N*m
            MAN_TOR_3 f M N*m
            """),
            many=True,
        ),
    ),
    long="attitude parameter message",
)

APM_2 = Standard(
    "APM",
    ("2.0",),
    HEADER,
    _METADATA,
    (
        Section("epoch", keywords("EPOCH e M"), mandatory=True, bare=True),
        Section(
            "quaternionState",
            keywords(_FRAMES, _QUATERNION),
            stem="QUAT",
            many=True,
            wraps={"quaternion": _Q, "quaternionDot": _QD},
        ),
        Section(
            "eulerAngleState",
            keywords(
                _FRAMES,
                """
                EULER_ROT_SEQ x M
                ANGLE_1 f M deg
                ANGLE_2 f M deg
                ANGLE_3 f M deg
                ANGLE_1_DOT f O deg/s
                ANGLE_2_DOT f O deg/s
                ANGLE_3_DOT f O deg/s
                """,
            ),
            stem="EULER",
            many=True,
        ),
        Section(
            "angularVelocity",
            keywords(_FRAMES, "ANGVEL_FRAME t M\nANGVEL_X f M deg/s\nANGVEL_Y f M deg/s\nANGVEL_Z f M deg/s"),
            stem="ANGVEL",
            many=True,
        ),
        Section(
            "spin",
            keywords(_FRAMES, _SPIN, "MOMENTUM_ALPHA f O deg\nMOMENTUM_DELTA f O deg\nNUTATION_VEL f O deg/s"),
            stem="SPIN",
            many=True,
        ),
        Section("inertia", keywords("INERTIA_REF_FRAME t M", _INERTIA), stem="INERTIA", many=True),
        Section(
            "maneuverParameters",
            keywords("""
            MAN_EPOCH_START e M
            MAN_DURATION f M s
            MAN_REF_FRAME t M
            MAN_TOR_X f M N*m
            MAN_TOR_Y f M N*m
            MAN_TOR_Z f M N*m
            MAN_DELTA_MASS f O kg
            """),
            stem="MAN",
            many=True,
        ),
    ),
    long="attitude parameter message",
)

AEM = Standard(
    "AEM",
    ("1.0", "2.0"),
    HEADER,
    Section(
        "metadata",
        keywords("""
        OBJECT_NAME t M
        OBJECT_ID t M
        CENTER_NAME t O
        REF_FRAME_A t M
        REF_FRAME_B t M
        ATTITUDE_DIR =A2B|B2A O <=1.0
        TIME_SYSTEM s M
        START_TIME e M
        USEABLE_START_TIME e O
        USEABLE_STOP_TIME e O
        STOP_TIME e M
        ATTITUDE_TYPE t M
        QUATERNION_TYPE =FIRST|LAST O <=1.0
        EULER_ROT_SEQ x O
        RATE_FRAME t O <=1.0
        ANGVEL_FRAME t O >=2.0
        INTERPOLATION_METHOD t O
        INTERPOLATION_DEGREE i O
        """),
        stem="META",
        mandatory=True,
    ),
    (Section("attitude", stem="DATA", rows="attitude", line="attitudeState", bare=True, mandatory=True),),
    segments=(1, 10_000_000),
    units=False,
    long="attitude ephemeris message",
)
# Columns of an attitude line (504.0-B-1, table 4-4; 504.0-B-2, table 4-4) and its XML element, in version 1 and later
_ROTATIONS, _TURNS = ("ANGLE_1", "ANGLE_2", "ANGLE_3"), ("RATE_1", "RATE_2", "RATE_3")
_ANGVEL = ("ANGVEL_X", "ANGVEL_Y", "ANGVEL_Z")
_SPINNING = ("SPIN_ALPHA", "SPIN_DELTA", "SPIN_ANGLE", "SPIN_ANGLE_VEL")
ATTITUDES: dict[str, tuple[tuple[str, ...], str, str]] = {
    "QUATERNION": (_Q, "quaternionState", "quaternionEphemeris"),
    "QUATERNION/DERIVATIVE": (_Q + _QD, "quaternionDerivative", "quaternionDerivative"),
    "QUATERNION/RATE": (_Q + _TURNS, "quaternionEulerRate", "quaternionEulerRate"),
    "QUATERNION/ANGVEL": (_Q + _ANGVEL, "quaternionAngVel", "quaternionAngVel"),
    "EULER_ANGLE": (_ROTATIONS, "eulerAngle", "eulerAngle"),
    "EULER_ANGLE/RATE": (_ROTATIONS + _TURNS, "eulerAngleRate", "eulerAngleRate"),
    "EULER_ANGLE/DERIVATIVE": (
        (*_ROTATIONS, "ANGLE_1_DOT", "ANGLE_2_DOT", "ANGLE_3_DOT"), "eulerAngleDerivative", "eulerAngleDerivative"
    ),
    "EULER_ANGLE/ANGVEL": (_ROTATIONS + _ANGVEL, "eulerAngleAngVel", "eulerAngleAngVel"),
    "SPIN": (_SPINNING, "spin", "spin"),
    "SPIN/NUTATION": ((*_SPINNING, "NUTATION", "NUTATION_PER", "NUTATION_PHASE"), "spinNutation", "spinNutation"),
    "SPIN/NUTATION_MOM": (
        (*_SPINNING, "MOMENTUM_ALPHA", "MOMENTUM_DELTA", "NUTATION_VEL"), "spinNutationMom", "spinNutationMom"
    ),
}  # fmt: skip

_SENSOR = Section(
    "sensorData",
    keywords("""
    SENSOR_NUMBER i O
    SENSOR_USED t O
    NUMBER_SENSOR_NOISE_COVARIANCE i O
    SENSOR_NOISE_STDDEV v O deg
    SENSOR_FREQUENCY f O Hz
    """),
    stem="SENSOR",
    many=True,
)
ACM = Standard(
    "ACM",
    ("2.0",),
    HEADER,
    Section(
        "metadata",
        keywords("""
        CLASSIFICATION t O
        OBJECT_NAME t M
        INTERNATIONAL_DESIGNATOR t O
        CATALOG_NAME t O
        OBJECT_DESIGNATOR t O
        ORIGINATOR_POC t O
        ORIGINATOR_POSITION t O
        ORIGINATOR_PHONE t O
        ORIGINATOR_EMAIL t O
        ORIGINATOR_ADDRESS t O
        ODM_MSG_LINK t O
        CENTER_NAME t O
        TIME_SYSTEM s M
        EPOCH_TZERO e M
        ACM_DATA_ELEMENTS t O
        START_TIME r O
        STOP_TIME r O
        TAIMUTC_AT_TZERO f O s
        NEXT_LEAP_EPOCH u O
        NEXT_LEAP_TAIMUTC f O s
        """),
        stem="META",
        mandatory=True,
    ),
    (
        Section(
            "att",
            keywords(
                "ATT_ID t O\nATT_PREV_ID t O\nATT_BASIS t O\nATT_BASIS_ID t O",
                _FRAMES,
                """
                NUMBER_STATES i M
                ATT_TYPE =QUATERNION|EULER_ANGLES|DCM M
                EULER_ROT_SEQ x O
                RATE_TYPE =ANGVEL|Q_DOT|GYRO_BIAS|NONE O
                """,
            ),
            stem="ATT",
            many=True,
            rows="pointing",
            line="attLine",
        ),
        Section(
            "phys",
            keywords(
                """
                DRAG_COEFF f O
                WET_MASS f O kg
                DRY_MASS f O kg
                CP_REF_FRAME t O
                CP v O m
                INERTIA_REF_FRAME t O
                """,
                _INERTIA.replace(" M ", " O "),
            ),
            stem="PHYS",
        ),
        Section(
            "cov",
            keywords("""
            COV_ID t O
            COV_PREV_ID t O
            COV_BASIS t O
            COV_BASIS_ID t O
            COV_REF_FRAME t O
            COV_TYPE t M
            """),
            stem="COV",
            many=True,
            rows="diagonal",
            line="covLine",
        ),
        Section(
            "man",
            keywords("""
            MAN_ID t O
            MAN_PREV_ID t O
            MAN_PURPOSE t M
            MAN_BEGIN_TIME r M s
            MAN_END_TIME r O s
            MAN_DURATION f O s
            ACTUATOR_USED t O
            TARGET_MOMENTUM v O N*m*s
            TARGET_MOM_FRAME t O
            TARGET_ATTITUDE v O
            TARGET_SPINRATE f O deg/s
            """),
            stem="MAN",
            many=True,
        ),
        Section(
            "ad",
            keywords(
                """
                AD_ID t O
                AD_PREV_ID t O
                AD_METHOD t O
                ATTITUDE_SOURCE t O
                NUMBER_STATES i O
                ATTITUDE_STATES t M
                EULER_ROT_SEQ x O
                COV_TYPE t O
                """,
                _FRAMES,
                """
                RATE_STATES t O
                SIGMA_U f O deg/s**1.5
                SIGMA_V f O deg/s**0.5
                RATE_PROCESS_NOISE_STDDEV f O deg/s**1.5
                """,
            ),
            stem="AD",
            sections=(_SENSOR,),
        ),
        Section("user", stem="USER", user=True),
    ),
    long="attitude comprehensive message",
)
# Columns of an ACM line (504.0-B-2, annex B4 and B6)
POINTINGS = {
    "QUATERNION": _Q, "EULER_ANGLES": _ROTATIONS, "DCM": tuple(f"C{row}{column}" for row in "123" for column in "123")
}  # fmt: skip
POINTING_RATES = {
    "ANGVEL": _ANGVEL, "Q_DOT": _QD, "GYRO_BIAS": ("BIAS_X", "BIAS_Y", "BIAS_Z"), "NONE": ()
}  # fmt: skip
DIAGONALS = {
    "ANGLE": 3,
    "ANGLE_GYROBIAS": 6,
    "ANGLE_ANGVEL": 6,
    "QUATERNION": 4,
    "QUATERNION_GYROBIAS": 7,
    "QUATERNION_ANGVEL": 7,
}
