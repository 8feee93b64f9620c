"""Keyword tables of the conjunction message CDM (CCSDS 508.0-B-1) and the re-entry message RDM (508.1-B-1).

The CDM rows below each "draft" line are those of the draft of version 2 (508.0-P-1.0.2). Producers write them in messages of
version 1.0 too, so they are read in either.
"""

from .tables import CARTESIAN, STATE, Section, Standard, covariance, keywords


def _extended(axes: tuple[str, ...]) -> str:
    names = [*axes, *(f"{axis}DOT" for axis in axes)]
    units = {
        "DRG": ["m**3/kg"] * 3 + ["m**3/(kg*s)"] * 3 + ["m**4/kg**2"],
        "SRP": ["m**3/kg"] * 3 + ["m**3/(kg*s)"] * 3 + ["m**4/kg**2"] * 2,
        "THR": ["m**2/s**2"] * 3 + ["m**2/s**3"] * 3 + ["m**3/(kg*s**2)"] * 2 + ["m**2/s**4"],
    }
    columns = [*names, "DRG", "SRP", "THR"]
    return "\n".join(
        f"C{row}_{column} f O {unit}" for row, of in units.items() for column, unit in zip(columns, of, strict=False)
    )


def _nine(axes: tuple[str, str, str]) -> str:
    """Return the rows of a 9x9 covariance: position, velocity, and drag, solar pressure and thrust, which are optional."""
    rates = tuple(f"{axis}DOT" for axis in axes)
    return covariance(axes, rates, "m", "M") + "\n" + _extended(axes)


_DETERMINATION = """
TIME_LASTOB_START e O
TIME_LASTOB_END e O
RECOMMENDED_OD_SPAN f O d
ACTUAL_OD_SPAN f O d
OBS_AVAILABLE i O
OBS_USED i O
TRACKS_AVAILABLE i O
TRACKS_USED i O
RESIDUALS_ACCEPTED f O %
WEIGHTED_RMS f O
"""

CDM = Standard(
    "CDM",
    ("1.0", "2.0"),
    Section(
        "header",
        keywords("""
        CLASSIFICATION t O
        CREATION_DATE u M
        ORIGINATOR t M
        MESSAGE_FOR t O
        MESSAGE_ID t M
        """),
        mandatory=True,
    ),
    Section(
        "metadata",
        keywords("""
        OBJECT =OBJECT1|OBJECT2 M
        OBJECT_DESIGNATOR t M
        CATALOG_NAME t M
        OBJECT_NAME t M
        INTERNATIONAL_DESIGNATOR t M
        OBJECT_TYPE =PAYLOAD|ROCKET_BODY|DEBRIS|UNKNOWN|OTHER O
        OPERATOR_CONTACT_POSITION t O
        OPERATOR_ORGANIZATION t O
        OPERATOR_PHONE t O
        OPERATOR_EMAIL t O
        EPHEMERIS_NAME t M
        COVARIANCE_METHOD =CALCULATED|DEFAULT M
        COVARIANCE_SOURCE t O
        ODM_MSG_LINK t O
        ADM_MSG_LINK t O
        OBS_BEFORE_NEXT_MESSAGE =YES|NO O
        MANEUVERABLE =YES|NO|N/A M
        ORBIT_CENTER t O
        REF_FRAME t M
        ALT_COV_TYPE t O
        ALT_COV_REF_FRAME t O
        GRAVITY_MODEL t O
        ATMOSPHERIC_MODEL t O
        N_BODY_PERTURBATIONS t O
        SOLAR_RAD_PRESSURE =YES|NO O
        EARTH_TIDES =YES|NO O
        INTRACK_THRUST =YES|NO O
        """),
        mandatory=True,
    ),
    (
        Section("odParameters", keywords(_DETERMINATION, "OD_EPOCH e O")),
        Section(
            "additionalParameters",
            keywords("""
            AREA_PC f O m**2
            AREA_PC_MIN f O m**2
            AREA_PC_MAX f O m**2
            AREA_DRG f O m**2
            AREA_SRP f O m**2
            OEB_PARENT_FRAME t O
            OEB_PARENT_FRAME_EPOCH e O
            OEB_Q1 f O
            OEB_Q2 f O
            OEB_Q3 f O
            OEB_QC f O
            OEB_MAX f O m
            OEB_INT f O m
            OEB_MIN f O m
            AREA_ALONG_OEB_MAX f O m**2
            AREA_ALONG_OEB_INT f O m**2
            AREA_ALONG_OEB_MIN f O m**2
            RCS f O m**2
            RCS_MIN f O m**2
            RCS_MAX f O m**2
            VM_ABSOLUTE f O
            VM_APPARENT_MIN f O
            VM_APPARENT f O
            VM_APPARENT_MAX f O
            REFLECTANCE f O
            MASS f O kg
            HBR f O m
            CD_AREA_OVER_MASS f O m**2/kg
            CR_AREA_OVER_MASS f O m**2/kg
            THRUST_ACCELERATION f O m/s**2
            SEDR f O W/kg
            MIN_DV v O m/s
            MAX_DV v O m/s
            LEAD_TIME_REQD_BEFORE_TCA f O h
            APOAPSIS_ALTITUDE f O km
            PERIAPSIS_ALTITUDE f O km
            INCLINATION f O deg
            COV_CONFIDENCE f O
            COV_CONFIDENCE_METHOD t O
            """),
        ),
        Section("stateVector", keywords(STATE), mandatory=True),
        Section("covarianceMatrix", keywords(_nine(("R", "T", "N"))), mandatory=True),
        Section("cartesianCovariance", keywords(_nine(("X", "Y", "Z"))), element="covarianceMatrix"),
        Section("eigenvectorCovariance", keywords("CSIG3EIGVEC3 v M"), element="covarianceMatrix"),
        Section(
            "covarianceMetadata",
            keywords("""
            DENSITY_FORECAST_UNCERTAINTY f O
            CSCALE_FACTOR_MIN f O
            CSCALE_FACTOR f O
            CSCALE_FACTOR_MAX f O
            SCREENING_DATA_SOURCE t O
            DCP_SENSITIVITY_VECTOR_POSITION v O m
            DCP_SENSITIVITY_VECTOR_VELOCITY v O m/s
            """),
            element="covarianceMatrix",
        ),
        Section("userDefinedParameters", user=True),
    ),
    segments=(2, 2),
    lead=Section(
        "relativeMetadataData",
        keywords("""
        CONJUNCTION_ID t O
        TCA e M
        MISS_DISTANCE f M m
        MAHALANOBIS_DISTANCE f O
        RELATIVE_SPEED f O m/s
        RELATIVE_POSITION_R f O m
        RELATIVE_POSITION_T f O m
        RELATIVE_POSITION_N f O m
        RELATIVE_VELOCITY_R f O m/s
        RELATIVE_VELOCITY_T f O m/s
        RELATIVE_VELOCITY_N f O m/s
        APPROACH_ANGLE f O deg
        START_SCREEN_PERIOD e O
        STOP_SCREEN_PERIOD e O
        SCREEN_TYPE t O
        SCREEN_VOLUME_FRAME t O
        SCREEN_VOLUME_SHAPE t O
        SCREEN_VOLUME_RADIUS f O m
        SCREEN_VOLUME_X f O m
        SCREEN_VOLUME_Y f O m
        SCREEN_VOLUME_Z f O m
        SCREEN_ENTRY_TIME e O
        SCREEN_EXIT_TIME e O
        SCREEN_PC_THRESHOLD f O
        COLLISION_PERCENTILE v O
        COLLISION_PROBABILITY f O
        COLLISION_PROBABILITY_METHOD t O
        COLLISION_MAX_PROBABILITY f O
        COLLISION_MAX_PC_METHOD t O
        SEFI_COLLISION_PROBABILITY f O
        SEFI_COLLISION_PROBABILITY_METHOD t O
        SEFI_FRAGMENTATION_MODEL t O
        PREVIOUS_MESSAGE_ID t O
        PREVIOUS_MESSAGE_EPOCH e O
        NEXT_MESSAGE_EPOCH e O
        """),
        mandatory=True,
        wraps={"relativeStateVector": tuple(f"RELATIVE_{what}_{axis}" for what in ("POSITION", "VELOCITY") for axis in "RTN")},
    ),
    scale="UTC",
    long="conjunction data message",
)

RDM = Standard(
    "RDM",
    ("1.0",),
    Section("header", keywords("CREATION_DATE u M\nORIGINATOR t M\nMESSAGE_ID t M"), mandatory=True),
    Section(
        "metadata",
        keywords("""
        OBJECT_NAME t M
        INTERNATIONAL_DESIGNATOR t M
        CATALOG_NAME t O
        OBJECT_DESIGNATOR t O
        OBJECT_TYPE =PAYLOAD|ROCKET_BODY|DEBRIS|UNKNOWN|OTHER O
        OBJECT_OWNER t O
        OBJECT_OPERATOR t O
        CONTROLLED_REENTRY =YES|NO|UNKNOWN M
        CENTER_NAME t M
        TIME_SYSTEM s M
        EPOCH_TZERO e M
        REF_FRAME t O
        REF_FRAME_EPOCH e O
        EPHEMERIS_NAME t O
        GRAVITY_MODEL t O
        ATMOSPHERIC_MODEL t O
        SOLAR_FLUX_PREDICTION t O
        N_BODY_PERTURBATIONS t O
        SOLAR_RAD_PRESSURE t O
        EARTH_TIDES t O
        INTRACK_THRUST =YES|NO O
        DRAG_PARAMETERS_SOURCE t O
        DRAG_PARAMETERS_ALTITUDE f O km
        REENTRY_UNCERTAINTY_METHOD =NONE|ANALYTICAL|STOCHASTIC|EMPIRICAL O
        REENTRY_DISINTEGRATION t O
        IMPACT_UNCERTAINTY_METHOD =NONE|ANALYTICAL|STOCHASTIC|EMPIRICAL O
        PREVIOUS_MESSAGE_ID t O
        PREVIOUS_MESSAGE_EPOCH u O
        NEXT_MESSAGE_EPOCH n O
        """),
        mandatory=True,
    ),
    (
        Section(
            "atmosphericReentryParameters",
            keywords("""
            ORBIT_LIFETIME f M d
            REENTRY_ALTITUDE f M km
            ORBIT_LIFETIME_WINDOW_START f O d
            ORBIT_LIFETIME_WINDOW_END f O d
            NOMINAL_REENTRY_EPOCH e O
            REENTRY_WINDOW_START e O
            REENTRY_WINDOW_END e O
            ORBIT_LIFETIME_CONFIDENCE_LEVEL f O %
            """),
            mandatory=True,
        ),
        Section(
            "groundImpactParameters",
            keywords(
                """
                PROBABILITY_OF_IMPACT f O
                PROBABILITY_OF_BURN_UP f O
                PROBABILITY_OF_BREAK_UP f O
                PROBABILITY_OF_LAND_IMPACT f O
                PROBABILITY_OF_CASUALTY f O
                NOMINAL_IMPACT_EPOCH e O
                IMPACT_WINDOW_START e O
                IMPACT_WINDOW_END e O
                IMPACT_REF_FRAME t O
                NOMINAL_IMPACT_LON f O deg
                NOMINAL_IMPACT_LAT f O deg
                NOMINAL_IMPACT_ALT f O m
                """,
                *(
                    f"IMPACT_{n}_CONFIDENCE f O %\nIMPACT_{n}_START_LON f O deg\nIMPACT_{n}_START_LAT f O deg\n"
                    f"IMPACT_{n}_STOP_LON f O deg\nIMPACT_{n}_STOP_LAT f O deg\nIMPACT_{n}_CROSS_TRACK f O km"
                    for n in (1, 2, 3)
                ),
            ),
        ),
        Section("stateVector", keywords("EPOCH e M", STATE)),
        Section("covarianceMatrix", keywords("COV_REF_FRAME t O", CARTESIAN)),
        Section(
            "spacecraftParameters",
            keywords("""
            WET_MASS f O kg
            DRY_MASS f O kg
            HAZARDOUS_SUBSTANCES t O
            SOLAR_RAD_AREA f O m**2
            SOLAR_RAD_COEFF f O
            DRAG_AREA f O m**2
            DRAG_COEFF f O
            RCS f O m**2
            BALLISTIC_COEFF f O kg/m**2
            THRUST_ACCELERATION f O m/s**2
            """),
        ),
        Section("odParameters", keywords(_DETERMINATION)),
        Section("userDefinedParameters", user=True),
    ),
    long="re-entry data message",
)
