"""Plans of aerobraking as files: `navigation/aerobraking.toml` of a mission's folder, or any that a user names."""

from pathlib import Path
from typing import Any

from ...dynamics import AerobrakingFile, Campaign, Surroundings, campaign_path, read_aerobraking
from ...time import utc_from_tai_ns
from .orbit_files import Arc
from .reading import text_of

AEROBRAKING = "navigation/aerobraking.toml"


def load_aerobraking(path: Path) -> AerobrakingFile:
    """Return what a file says. Raises DefinitionError, with file, key and value, for anything that does not fit."""
    return read_aerobraking(text_of(path, "Name a TOML file of aerobraking"), str(path))


def campaign_arcs(file: AerobrakingFile, campaign: Campaign, around: Surroundings) -> tuple[Arc, ...]:
    """Return where a campaign went, an arc from each burn to the next, and a day of the orbit that it ended in."""
    return tuple(
        Arc(file.spacecraft, "MARS", each.epochs_tai_ns, each.states) for each in campaign_path(campaign, file.plan, around)
    )


def campaign_tables(file: AerobrakingFile, campaign: Campaign) -> dict[str, Any]:
    """Return a campaign as plain tables (for JSON), units in the keys: totals, passes, burns, published figures."""
    strongest = campaign.strongest()
    return {
        "name": file.name,
        "totals": {
            "exit_utc": utc_from_tai_ns(campaign.exit.epoch_tai_ns, 0), "days": campaign.days, "passes": campaign.in_air,
            "drag_m_s": campaign.drag_m_s, "burnt_m_s": campaign.burnt_m_s, "burns": len(campaign.burns),
            "lowest_km": min(each.lowest_km for each in campaign.passes), "greatest_flux_w_m2": strongest.flux_w_m2,
            "mass_kg": campaign.burns[-1].mass_kg, "end_periapsis_km": campaign.end_heights_km[0],
            "end_apoapsis_km": campaign.end_heights_km[1],
        },
        "passes": [
            {
                "number": number + 1, "phase": phase, "utc": utc_from_tai_ns(each.lowest_tai_ns, 0), "lowest_km": each.lowest_km,
                "latitude_deg": each.latitude_deg, "longitude_deg": each.longitude_deg, "local_time_h": each.local_time_h,
                "density_kg_m3": each.density_kg_m3, "pressure_pa": each.pressure_pa, "flux_w_m2": each.flux_w_m2,
                "load_j_m2": each.load_j_m2, "drag_m_s": each.drag_m_s, "apoapsis_km": each.apoapsis_km,
                "period_min": each.period_s / 60, "density_factor": each.factor,
            }
            for number, (each, phase) in enumerate(zip(campaign.passes, campaign.phases, strict=True))
        ],
        "burns": [
            {
                "utc": utc_from_tai_ns(each.at_tai_ns, 0), "dv_m_s": each.dv_m_s, "reason": each.reason,
                "duration_s": each.duration_s, "mass_kg": each.mass_kg,
            }
            for each in campaign.burns
        ],
        "published": [
            {
                "quantity": each.published.quantity, "published": each.published.value, "ours": each.ours,
                "tolerance": each.published.tolerance, "within": each.within, "fitted": each.published.fitted,
                "source": each.published.source, "grade": each.published.grade,
            }
            for each in file.compared(campaign)
        ],
    }  # fmt: skip
