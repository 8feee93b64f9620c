"""The made-up centre with what the pages of flight dynamics ask for; every text that people or data give holds a script.

`python console_navigation_centre.py PORT` serves it. POST /control {"navigation": ...}: "refused" for errors, "nothing" for no
products, passes, events and states, "products" for products without states. The figures follow formulas that tests compute again; some instants name no zone.
"""

import math
import sys
from datetime import UTC, datetime
from typing import Any

import uvicorn
from fastapi import HTTPException, Query, Response

import console_centre as base
from aelita.console.application import dressed
from console_centre import API, EPOCH, LIGHT_S, app, rfc

BAD = "<script>window.hurt=1</script><img src=x onerror='window.hurt=2'>"
AU_KM, PERIOD_S, RADIUS_KM, TILT = 149_597_870.7, 7080.0, 3790.0, math.radians(74)
STATIONS = {"malargue": 0, "kalyazin": 5, "bear_lakes": 11}  # hours at which each rises
PASS_S, RISES_S = 6 * 3600.0, 24 * 3600.0
base.control["navigation"] = "live"


def unix(text: str) -> float:
    return datetime.fromisoformat(text[:26].rstrip("Z")).replace(tzinfo=UTC).timestamp()


def place(target: str, centre: str, at: float) -> list[float] | None:
    """Return where something made-up is from a centre, km."""
    turn = 2 * math.pi * (at - EPOCH) / 86_400
    earth = [AU_KM * math.cos(turn / 365.25), AU_KM * math.sin(turn / 365.25), 0.0]
    mars = [1.524 * AU_KM * math.cos(turn / 687 + 1), 1.524 * AU_KM * math.sin(turn / 687 + 1), 0.0]
    angle = 2 * math.pi * (at - EPOCH) / PERIOD_S
    near = [
        RADIUS_KM * math.cos(angle),
        RADIUS_KM * math.sin(angle) * math.cos(TILT),
        RADIUS_KM * math.sin(angle) * math.sin(TILT),
    ]
    from_sun = {
        "SUN": [0.0, 0.0, 0.0], "EARTH": earth, "MARS": mars, "tgo": [m + n for m, n in zip(mars, near, strict=True)]
    }.get(target)  # fmt: skip
    if from_sun is None:
        return None
    if centre == "MARS":
        return near if target == "tgo" else [one - m for one, m in zip(from_sun, mars, strict=True)]
    return from_sun


def refuse() -> None:
    if base.control["navigation"] == "refused":
        raise HTTPException(503, f"no kernels {BAD}")


def empty() -> bool:
    return bool(base.control["navigation"] == "nothing")


@app.get(f"{API}/navigation/states")
def states(
    start: str, stop: str, centre: str, target: list[str] = Query(...), count: int = 200, frame: str = "ECLIPJ2000"  # noqa: B008
) -> dict[str, Any]:  # fmt: skip
    refuse()
    a, b = unix(start), unix(stop)
    times = [a + (b - a) * k / (count - 1) for k in range(count)]
    nowhere = [None, None, None]

    def of(name: str) -> list[Any]:
        if name == "tgo" and base.control["navigation"] in ("nothing", "products"):
            return [nowhere] * count
        return [place(name, centre, at) or nowhere for at in times]

    told = {name: of(name) for name in target}
    known = {"tgo": "" if told["tgo"][0][0] is None else "kernels"} if "tgo" in told else {}
    return {"centre": centre, "frame": frame, "utc": [rfc(at) for at in times], "states": told, "known": known}


def passes_of(start: float, stop: float) -> list[dict[str, Any]]:
    found = []
    for station, hours in STATIONS.items():
        day = math.floor((start - EPOCH) / RISES_S) - 1
        while (rise := EPOCH + day * RISES_S + hours * 3600) < stop:
            if rise + PASS_S > start:
                found.append({
                    "spacecraft": "tgo", "station": station, "start": rfc(rise), "stop": rfc(rise + PASS_S),
                    "duration_s": PASS_S, "max_elevation_deg": 30.0 + hours, "hidden_s": 1200.0 if hours else None,
                    "sun_deg": 3.0 if hours == 11 else 64.25, "light_s": LIGHT_S, "bound_s": 0.011, "known": "stand-in",
                })  # fmt: skip
            day += 1
    return sorted(found, key=lambda one: str(one["start"]))


@app.get(f"{API}/navigation/passes")
def passes(start: str, stop: str) -> dict[str, Any]:
    refuse()
    first, last = rfc(unix(start)), rfc(unix(stop))
    rows = [] if empty() else passes_of(unix(start), unix(stop))
    return {"rows": [one | {"start": max(one["start"], first), "stop": min(one["stop"], last)} for one in rows]}


@app.get(f"{API}/navigation/events")
def events(start: str, stop: str) -> dict[str, Any]:
    refuse()
    if empty():
        return {"rows": [], "known": ""}
    first, last = unix(start), unix(stop)
    number = math.ceil((first - EPOCH) / PERIOD_S)
    rows: list[dict[str, Any]] = []
    while (at := EPOCH + number * PERIOD_S) < last:
        rows.append({"kind": "periapsis", "start": rfc(at), "stop": None, "value": 380.5, "unit": "km", "about": BAD})
        rows.append({"kind": "eclipse", "start": rfc(at + 900), "stop": rfc(at + 3300), "value": None, "unit": "", "about": BAD})
        number += 1
    return {"rows": rows, "known": "kernels"}


@app.get(f"{API}/navigation/light-time")
def light_time(observer: str, at: str, stop: str = "", step_s: float = 600) -> dict[str, Any]:
    first, last = unix(at), unix(stop or at)
    rows = []
    for k in range(int((last - first) / step_s) + 1):
        part = k * step_s / max(1.0, last - first)
        rows.append({
            "at": rfc(first + k * step_s), "down_s": LIGHT_S, "up_s": LIGHT_S, "round_trip_s": 2 * LIGHT_S, "bound_s": 0.001, "known": "kernels",
            "sun_deg": 64.25, "elevation_deg": 10 + 40 * math.sin(math.pi * part), "azimuth_deg": 90 + 180 * part,
        })  # fmt: skip
    return {"rows": rows}


def porkchop() -> dict[str, Any]:
    """C3 and speed are a bowl about the pair (20, 15); where arrival is too early there is nothing."""
    departures = [EPOCH + k * 86_400 for k in range(41)]
    arrivals = [EPOCH + (200 + 4 * k) * 86_400 for k in range(31)]

    def bowl(least: float, width: float) -> list[list[float | None]]:
        return [
            [None if i > 36 and j < 3 else least + width * ((i - 20) ** 2 + 2 * (j - 15) ** 2) for j in range(31)]
            for i in range(41)
        ]

    return {
        "departures": [rfc(at) for at in departures], "arrivals": [rfc(at) for at in arrivals], "c3_km2_s2": bowl(8.25, 0.02),
        "arrival_vinf_km_s": bowl(2.5, 0.004), "declination_deg": [[float(i - j) for j in range(31)] for i in range(41)],
        "best": {"departure": rfc(departures[20]), "arrival": rfc(arrivals[15]), "c3_km2_s2": 8.25, "arrival_vinf_km_s": 2.5},
    }  # fmt: skip


def residuals() -> dict[str, Any]:
    values = [0.01 * math.sin(1.7 * k) for k in range(200)]
    values[50] = 0.4
    return {
        "observable": f"Doppler {BAD}", "unit": "Hz", "utc": [rfc(EPOCH + 60 * k) for k in range(200)], "residual": values,
        "sigma": 0.0075, "edited": [k == 50 for k in range(200)], "rms": 0.00707,
        "table": [{"station": "malargue", "used": 199, "edited": 1, "rms": 0.00707, "about": BAD}],
        "comparison": {"with": BAD, "rms_m": 12.5},
    }  # fmt: skip


def corridor() -> dict[str, Any]:
    def one(n: int) -> dict[str, Any]:
        return {
            "number": n, "utc": rfc(EPOCH + n * 40_000), "periapsis_km": 110 - n / 40, "density_kg_m3": 1.5e-8,
            "pressure_n_m2": 0.45 if n == 60 else 0.2 + 0.001 * (n % 50), "heat_flux_w_m2": 1200.0 + 10 * (n % 50),
            "apoapsis_km": 33_000 - 150 * n, "period_h": 24 - n / 10, "trim_m_s": 0.75 if n % 25 == 0 else None,
        }  # fmt: skip

    return {
        "passes": [one(n) for n in range(1, 201)], "limits": {"pressure_n_m2": 0.4, "heat_flux_w_m2": 2800.0},
        "totals": {"dv_m_s": 12.5, "trims": 8, "words": BAD},
    }  # fmt: skip


def launch() -> dict[str, Any]:
    steps = [10.0 * k for k in range(60)]
    return {
        "ascent": [{"t_s": t, "height_km": 200 * (t / 590) ** 2, "speed_km_s": 0.4 + 7.4 * t / 590, "mass_kg": 700_000 / (1 + t / 60),
                    "event": {120.0: f"Stage {BAD}", 330.0: "Fairing"}.get(t)} for t in steps],
        "timeline": [{"name": f"Liftoff {BAD}", "t_s": 0.0, "utc": rfc(EPOCH)}, {"name": "Separation", "t_s": 38_400.0, "utc": rfc(EPOCH + 38_400)}],
        "windows": [{"date": rfc(EPOCH + d * 86_400)[:10], "open": rfc(EPOCH + d * 86_100), "close": rfc(EPOCH + d * 86_100 + 1800),
                     "c3_km2_s2": 8.0 + (d - 3) ** 2 / 4, "dla_deg": -12.5, "margin_kg": 200.0 - 10 * (d - 3) ** 2} for d in range(8)],
        "dispersion": {"c3_sigma_km2_s2": 0.0125, "margin_sigma_kg": 41.5, "note": BAD},
    }  # fmt: skip


def orbit() -> dict[str, Any]:
    times = [EPOCH + 60 * k for k in range(300)]
    return {
        "centre": "MARS", "frame": "J2000", "utc": [rfc(at)[:-1] for at in times], "r_km": [place("tgo", "MARS", at) for at in times],
        "manoeuvres": [{"name": f"OTM {BAD}", "utc": rfc(EPOCH + 3600), "dv_m_s": 1.25}],
    }  # fmt: skip


def cruise() -> dict[str, Any]:
    times = [EPOCH + 86_400 * k for k in range(-100, 100)]
    return {
        "table": [{"figure": f"C3 {BAD}", "public": 8.3, "ours": 8.25, "tolerance": 0.1, "unit": "km2/s2", "grade": "C", "assumed": False}],
        "legs": [{"name": f"leg {BAD}", "centre": "SUN", "utc": [rfc(at) for at in times],
                  "r_km": [[(1 + 0.3 * k / 200) * x for x in place("EARTH", "SUN", at) or []] for k, at in enumerate(times)]}],
        "burns": [{"name": f"DSM {BAD}", "utc": rfc(EPOCH - 20 * 86_400), "dv_m_s": 326.5}],
    }  # fmt: skip


def pointing() -> dict[str, Any]:
    steps = [k for k in range(400) if not 150 < k < 250]
    return {
        "spacecraft": "tgo", "station": f"malargue {BAD}", "passes": [{"pass": 1, "about": BAD}, {"pass": 2, "about": BAD}],
        "utc": [rfc(EPOCH + 60 * k)[:-1] for k in steps], "azimuth_deg": [90 + 0.25 * k for k in steps],
        "elevation_deg": [10 + 0.1 * k if k % 50 else None if k else 10 for k in steps], "pass": [1 + k // 200 for k in steps],
        "range_km": [2.5e8 + 1000 * k for k in steps], "hidden": [100 < k < 120 for k in steps],
    }  # fmt: skip


DATA = {
    "residuals": residuals, "porkchop": porkchop, "corridor": corridor, "launch": launch, "orbit": orbit, "cruise": cruise,
    "pointing": pointing, "passes": lambda: {"rows": passes_of(EPOCH, EPOCH + 86_400)},
}  # fmt: skip


def product(kind: str, version: int) -> dict[str, Any]:
    ident = f"em16_tgo_{kind}_20230524_20230525_v{version:02d}"
    return {
        "id": ident, "kind": kind, "spacecraft": "tgo", "name": ident[:-4], "title": f"{kind} {version} {BAD}", "start": rfc(EPOCH),
        "stop": rfc(EPOCH + 86_400), "made_at": rfc(EPOCH + version), "made_by": f"vera {BAD}", "agency": "esa", "grade": "D",
        "files": [{"name": f"{ident}.oem", "media": "text/plain", "size": 12, "sha256": "00" * 32}],
    }  # fmt: skip


@app.get(f"{API}/navigation/products")
def products(kind: str = "") -> dict[str, Any]:
    refuse()
    return {"rows": [] if empty() else [product(one, n) for one in ([kind] if kind else DATA) for n in (2, 1)], "next": None}


@app.get(API + "/navigation/products/{ident}")
def one_product(ident: str) -> dict[str, Any]:
    kind = ident.split("_")[2]
    if ident.endswith("_v77"):
        raise HTTPException(404, f"There is no product {ident!r}.")
    return product(kind, int(ident[-2:])) | {"data": DATA[kind]() if (told := base.control.get("shown")) is None else told}


@app.get(API + "/navigation/products/{ident}/files/{name}")
def product_file(ident: str, name: str) -> Response:
    return Response(b"CCSDS_OEM_V", headers={"content-disposition": f'attachment; filename="{name}"'})


if __name__ == "__main__":
    uvicorn.run(
        dressed(app, "A made-up mission", "esa", lambda app: app), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning"
    )
