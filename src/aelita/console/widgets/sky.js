// Geometry of the sky for views: states between those that were told, where Mars turns to, what is above and beneath.
export const AU_KM = 149597870.7,
  LIGHT_KM_S = 299792.458,
  MARS = { equator_km: 3396.19, pole_km: 3376.2 }; // IAU 2009, as in pck00010 of NAIF
const DEG = Math.PI / 180,
  J2000_MS = Date.UTC(2000, 0, 1, 12);
// TDB - UTC in seconds from each date on: leap seconds of IERS bulletins C and 32.184 s
const LEAPS = [
  [Date.UTC(2017, 0, 1), 69.184],
  [Date.UTC(2015, 6, 1), 68.184],
  [Date.UTC(2012, 6, 1), 67.184],
  [Date.UTC(2009, 0, 1), 66.184],
  [Date.UTC(2006, 0, 1), 65.184],
  [0, 64.184],
];
export const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2],
  cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]],
  minus = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]],
  plus = (a, b, k = 1) => [a[0] + k * b[0], a[1] + k * b[1], a[2] + k * b[2]],
  times = (a, k) => [a[0] * k, a[1] * k, a[2] * k],
  size = (a) => Math.hypot(a[0], a[1], a[2]),
  unit = (a) => times(a, 1 / (size(a) || 1));
export function utcMs(text) {
  // milliseconds of an instant in UTC, also of one that names no zone (browsers would take their own); NaN for what is none
  return typeof text === "string" ? Date.parse(/T[\d:.]+$/.test(text) ? `${text}Z` : text) : NaN;
}
export function etDays(ms) {
  // days of TDB since J2000
  return (ms - J2000_MS) / 86400e3 + LEAPS.find(([from]) => ms >= from || !from)[1] / 86400;
}
export function marsTurn(ms) {
  // rows of the matrix from J2000 to the equator of Mars of an instant (not turning), and the angle of the prime meridian from its
  // first axis, in radians: report of the IAU working group 2009, as in pck00010 of NAIF
  const d = etDays(ms),
    century = d / 36525,
    ra = (317.68143 - 0.1061 * century) * DEG,
    dec = (52.8865 - 0.0609 * century) * DEG,
    x = [-Math.sin(ra), Math.cos(ra), 0],
    z = [Math.cos(dec) * Math.cos(ra), Math.cos(dec) * Math.sin(ra), Math.sin(dec)];
  return { rows: [x, cross(z, x), z], meridian: (((176.63 + 350.89198226 * d) % 360) + 360) % 360 * DEG };
}
export const turned = (rows, v) => [dot(rows[0], v), dot(rows[1], v), dot(rows[2], v)];
export function onMars(ms, km) {
  // areocentric latitude and longitude east (degrees), and height over the ellipsoid (km), of a point in J2000 from Mars
  const { rows, meridian } = marsTurn(ms),
    [x, y, z] = turned(rows, km),
    r = size(km),
    lat = Math.asin(z / r),
    lon = Math.atan2(y, x) - meridian,
    floor = 1 / Math.hypot(Math.cos(lat) / MARS.equator_km, Math.sin(lat) / MARS.pole_km);
  return { lat: lat / DEG, lon: ((((lon / DEG) % 360) + 540) % 360) - 180, height: r - floor };
}
const POINTS = 8,
  WEIGHTS = [1, -7, 21, -35, 35, -21, 7, -1]; // barycentric ones of eight even steps
export class Track {
  // positions at even steps of time, and what is between them by polynomials through eight; nothing where nothing is known
  constructor(ms, km) {
    this.ms = ms;
    this.km = km;
    this.step = (ms.at(-1) - ms[0]) / Math.max(1, ms.length - 1);
  }
  known() {
    return this.km.some((p) => p?.[0] != null);
  }
  at(t) {
    const n = this.ms.length,
      x = (t - this.ms[0]) / this.step;
    if (!(x >= -1e-6 && x <= n - 1 + 1e-6)) return null;
    const k = Math.min(Math.max(Math.floor(x) - POINTS / 2 + 1, 0), Math.max(0, n - POINTS)),
      near = this.km.slice(k, k + POINTS),
      u = x - k;
    if (near.length < POINTS || near.some((p) => p?.[0] == null)) {
      const a = this.km[Math.floor(x)],
        b = this.km[Math.min(n - 1, Math.ceil(x))];
      return a?.[0] == null || b?.[0] == null ? null : plus(a, minus(b, a), x - Math.floor(x));
    }
    const at = Math.round(u);
    if (Math.abs(u - at) < 1e-9) return near[at];
    let sum = 0;
    const made = [0, 0, 0];
    for (let j = 0; j < POINTS; j++) {
      const w = WEIGHTS[j] / (u - j);
      sum += w;
      for (let i = 0; i < 3; i++) made[i] += w * near[j][i];
    }
    return times(made, 1 / sum);
  }
  finer(most) {
    // the curve with so many points at most between its first and last, for drawing
    const parts = Math.max(1, Math.floor(most / this.ms.length));
    if (parts === 1) return { ms: this.ms, km: this.km };
    const ms = this.ms.slice(0, -1).flatMap((t) => Array.from({ length: parts }, (_, i) => t + (this.step * i) / parts));
    return { ms, km: ms.map((t) => this.at(t)) };
  }
  speed(t) {
    // km/s, from two places close by
    const d = Math.min(this.step / 20, 30000),
      a = this.at(t - d) ?? this.at(t),
      b = this.at(t + d) ?? this.at(t),
      wide = (this.at(t - d) ? d : 0) + (this.at(t + d) ? d : 0);
    return a && b && wide ? size(minus(b, a)) / (wide / 1000) : null;
  }
}
export function shadowed(km, sun) {
  // whether the body at the centre, a sphere of Mars' size, hides the Sun's middle
  const s = unit(sun),
    along = dot(km, s);
  return along < 0 && size(minus(km, times(s, along))) < MARS.equator_km;
}
export class Camera {
  // looks at a target from a direction and a distance; perspective, z is up
  constructor() {
    Object.assign(this, { yaw: 0.6, pitch: 0.5, away: 10, target: [0, 0, 0], fov: 38, width: 1, height: 1 });
    this.aim();
  }
  aim() {
    const { yaw, pitch } = this;
    this.back = [Math.cos(pitch) * Math.cos(yaw), Math.cos(pitch) * Math.sin(yaw), Math.sin(pitch)];
    this.right = [-Math.sin(yaw), Math.cos(yaw), 0];
    this.up = cross(this.back, this.right);
    this.eye = plus(this.target, this.back, this.away);
    this.focal = this.height / 2 / Math.tan((this.fov * DEG) / 2);
  }
  see(p) {
    // [x, y] in pixels, and how far in front of the eye; null behind it
    const v = minus(p, this.eye),
      depth = -dot(v, this.back);
    if (depth <= this.away * 1e-4) return null;
    const k = this.focal / depth;
    return [this.width / 2 + dot(v, this.right) * k, this.height / 2 - dot(v, this.up) * k, depth];
  }
  hidden(p, radius, centre = [0, 0, 0]) {
    // whether a sphere stands between the eye and a point
    const v = minus(p, this.eye),
      far = size(v),
      d = times(v, 1 / far),
      o = minus(this.eye, centre),
      b = dot(o, d),
      c = dot(o, o) - radius * radius,
      q = b * b - c;
    return q > 0 && -b - Math.sqrt(q) < far - radius * 2e-3 && -b - Math.sqrt(q) > 0;
  }
}
