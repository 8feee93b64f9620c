"""Physical layer operations procedures of telecommand: which carrier modulation mode follows which (CCSDS 231.0-B).

Steps are numbered as in figures 4-1 and 4-2 of CCSDS 201.0-B-3; 0 is added for a station that radiates nothing. In PLOP-2
the repetition of the figure's step 6 is the row from 5 back to 4.
"""

from enum import Enum


class CarrierMode(Enum):
    """A carrier modulation mode."""

    OFF = "no carrier"
    CMM_1 = "unmodulated carrier"
    CMM_2 = "carrier modulated with acquisition sequence"
    CMM_3 = "carrier modulated with a CLTU"
    CMM_4 = "carrier modulated with idle sequence"


class Plop(Enum):
    """A procedure: PLOP-1 drops the modulation after every CLTU, PLOP-2 after the last of a session."""

    PLOP_1 = "PLOP-1"
    PLOP_2 = "PLOP-2"


class PlopEvent(Enum):
    """What leads to the next step."""

    BEGIN = "session begins"
    CLTU = "a CLTU is due"
    SPENT = "all bits of the step are radiated"
    END = "session ends"


OFF_STEP, FIRST_STEP, ACQUISITION_STEP, BEFORE_STEP, CLTU_STEP, AFTER_STEP = 0, 1, 2, 3, 4, 5

MODES = {
    Plop.PLOP_1: {
        0: CarrierMode.OFF,
        1: CarrierMode.CMM_1,
        2: CarrierMode.CMM_2,
        3: CarrierMode.CMM_4,
        4: CarrierMode.CMM_3,
        5: CarrierMode.CMM_4,
        6: CarrierMode.CMM_1,
    },
    Plop.PLOP_2: {
        0: CarrierMode.OFF,
        1: CarrierMode.CMM_1,
        2: CarrierMode.CMM_2,
        3: CarrierMode.CMM_4,
        4: CarrierMode.CMM_3,
        5: CarrierMode.CMM_4,
        7: CarrierMode.CMM_1,
    },
}

TRANSITIONS = {
    Plop.PLOP_1: {
        (0, PlopEvent.BEGIN): 1,
        (1, PlopEvent.CLTU): 2,
        (1, PlopEvent.END): 0,
        (2, PlopEvent.SPENT): 3,
        (3, PlopEvent.CLTU): 4,
        (3, PlopEvent.END): 6,
        (4, PlopEvent.SPENT): 5,
        (5, PlopEvent.SPENT): 6,
        (6, PlopEvent.CLTU): 2,
        (6, PlopEvent.END): 0,
    },
    Plop.PLOP_2: {
        (0, PlopEvent.BEGIN): 1,
        (1, PlopEvent.CLTU): 2,
        (1, PlopEvent.END): 0,
        (2, PlopEvent.SPENT): 3,
        (3, PlopEvent.CLTU): 4,
        (3, PlopEvent.END): 7,
        (4, PlopEvent.SPENT): 5,
        (5, PlopEvent.CLTU): 4,
        (5, PlopEvent.END): 7,
        (7, PlopEvent.END): 0,
    },
}
