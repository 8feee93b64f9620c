// Trajectories of products: positions at uneven instants, what is between them, and where they are from another centre.
import { onMars, plus, times, utcMs } from "aelita-sky";
const POINTS = 8,
  HOLE = 20, // a step so many times longer than the longer one beside it is a hole
  OBLIQUITY = ((84381.448 / 3600) * Math.PI) / 180; // of ECLIPJ2000 in SPICE
export const FRAMES = ["J2000", "EME2000", "ICRF", "GCRF", "ECLIPJ2000"]; // those that can be drawn; J2000 is ICRF within 0.1"
export function toEcliptic([x, y, z]) {
  return [x, y * Math.cos(OBLIQUITY) + z * Math.sin(OBLIQUITY), z * Math.cos(OBLIQUITY) - y * Math.sin(OBLIQUITY)];
}
export function fromEcliptic([x, y, z]) {
  return [x, y * Math.cos(OBLIQUITY) - z * Math.sin(OBLIQUITY), y * Math.sin(OBLIQUITY) + z * Math.cos(OBLIQUITY)];
}
export function place(xs, x) {
  // the last of ascending values that is not greater
  let a = 0,
    b = xs.length - 1;
  while (b - a > 1) {
    const m = (a + b) >> 1;
    if (xs[m] <= x) a = m;
    else b = m;
  }
  return xs[b] <= x ? b : a;
}
const whole = (p) => Array.isArray(p) && p.length >= 3 && Number.isFinite(p[0]) && Number.isFinite(p[1]) && Number.isFinite(p[2]);
export class Course {
  // pieces without holes, each of ascending instants (ms) and places (km); between them polynomials through eight instants
  constructor(ms, km) {
    const kept = ms.map((t, i) => [t, km[i]]).filter(([t]) => Number.isFinite(t));
    kept.sort((a, b) => a[0] - b[0]);
    const all = kept.filter(([t], i) => !i || t > kept[i - 1][0]),
      step = (i) => (i > 0 && i < all.length ? all[i][0] - all[i - 1][0] : 0);
    this.pieces = [];
    let now = null;
    all.forEach(([t, p], i) => {
      if (!whole(p)) return (now = null);
      const beside = Math.max(step(i - 1), step(i + 1));
      if (!now || (beside && step(i) > HOLE * beside)) this.pieces.push((now = { ms: [], km: [] }));
      now.ms.push(t);
      now.km.push(p);
    });
  }
  get span() {
    return this.pieces.length ? [this.pieces[0].ms[0], this.pieces.at(-1).ms.at(-1)] : [NaN, NaN];
  }
  at(t) {
    const one = this.pieces.find((p) => t >= p.ms[0] && t <= p.ms.at(-1));
    return one ? between(one, t) : null;
  }
  drawn(from, to, most) {
    // curves of at most so many points from one instant to another, a piece each: { ms, km }
    const within = this.pieces.map((p) => p.ms.filter((t) => t >= from && t <= to).length),
      all = within.reduce((a, b) => a + b, 0);
    return this.pieces.flatMap((p) => {
      const a = Math.max(from, p.ms[0]),
        b = Math.min(to, p.ms.at(-1));
      if (!(a <= b)) return [];
      const nodes = [a, ...p.ms.filter((t) => t > a && t < b), b],
        parts = Math.max(1, Math.min(24, Math.floor(most / (all + 2)))),
        skip = Math.max(1, Math.ceil(all / most)),
        ms = [];
      for (let i = 0; i + 1 < nodes.length; i += skip)
        for (let k = 0, next = nodes[Math.min(i + skip, nodes.length - 1)]; k < parts; k++) ms.push(nodes[i] + ((next - nodes[i]) * k) / parts);
      ms.push(b);
      return [{ ms, km: ms.map((t) => between(p, t)) }];
    });
  }
}
function between({ ms, km }, t) {
  const n = ms.length,
    i = place(ms, t);
  if (ms[i] === t || n === 1) return km[i];
  const count = Math.min(POINTS, n),
    first = Math.min(Math.max(i - count / 2 + 1, 0) | 0, n - count);
  let sum = 0;
  const made = [0, 0, 0],
    unit = (ms[first + count - 1] - ms[first]) / 4; // so that products of steps stay of the size of 1
  for (let j = first; j < first + count; j++) {
    let w = 1;
    for (let k = first; k < first + count; k++) if (k !== j) w *= unit / (ms[j] - ms[k]);
    w /= t - ms[j];
    sum += w;
    for (let c = 0; c < 3; c++) made[c] += w * km[j][c];
  }
  return times(made, 1 / sum);
}
export class Trajectory {
  // that of a product of kind orbit or cruise: its legs, its burns; what of it cannot be drawn is in `odd`
  constructor(product) {
    const data = product?.data ?? {},
      legs = data.legs ?? (data.r_km ? [data] : []);
    this.burns = (data.manoeuvres ?? data.burns ?? []).map((one) => ({ ...one, ms: utcMs(one.utc) })).filter((one) => Number.isFinite(one.ms));
    this.odd = "";
    this.legs = legs.flatMap((one) => {
      const frame = String(one.frame ?? data.frame ?? "J2000").toUpperCase(),
        centre = String(one.centre ?? "").toUpperCase().replace(/ BARYCENTER$/, "");
      if (!FRAMES.includes(frame)) {
        this.odd = frame;
        return [];
      }
      return [{ name: one.name ?? "", centre, frame, course: new Course((one.utc ?? []).map(utcMs), one.r_km ?? []) }];
    });
  }
  get span() {
    const ends = this.legs.map((one) => one.course.span).filter(([a]) => Number.isFinite(a));
    return ends.length ? [Math.min(...ends.map(([a]) => a)), Math.max(...ends.map(([, b]) => b))] : [NaN, NaN];
  }
  at(t, centre, frame, away) {
    // where it is from a centre in a frame, km; `away(body, t)` tells where another centre is from there. The later of two legs that meet
    for (const leg of this.legs.toReversed()) {
      const p = leg.course.at(t),
        from = p && (leg.centre === centre ? [0, 0, 0] : away(leg.centre, t));
      if (from) return plus(framed(p, leg.frame, frame), from);
    }
    return null;
  }
}
export function framed(p, from, to) {
  if ((from === "ECLIPJ2000") === (to === "ECLIPJ2000")) return p;
  return to === "ECLIPJ2000" ? toEcliptic(p) : fromEcliptic(p);
}
export function elements(r, v, gm, north) {
  // osculating ones of a conic: semi-major axis, periapsis and apoapsis from the middle (km), eccentricity, inclination to the plane
  // across `north` (degrees), period (s); what an open orbit has not is null
  const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2],
    size = (a) => Math.hypot(...a),
    rv = dot(r, v),
    far = size(r),
    h = [r[1] * v[2] - r[2] * v[1], r[2] * v[0] - r[0] * v[2], r[0] * v[1] - r[1] * v[0]],
    energy = dot(v, v) / 2 - gm / far,
    e = size(plus(times(r, dot(v, v) / gm - 1 / far), v, -rv / gm)),
    closed = energy < 0,
    a = closed ? -gm / 2 / energy : null,
    p = dot(h, h) / gm;
  return {
    a_km: a, e, periapsis_km: p / (1 + e), apoapsis_km: closed ? a * (1 + e) : null,
    inclination_deg: (Math.acos(dot(h, north) / (size(h) * size(north))) * 180) / Math.PI,
    period_s: closed ? 2 * Math.PI * Math.sqrt(a ** 3 / gm) : null,
  };
}
export const track = ({ ms, km }) => ms.map((t, i) => (km[i]?.[0] == null ? null : onMars(t, km[i])));
