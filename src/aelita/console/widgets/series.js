// What a product of any form holds as something to look at: curves over time, tables, facts.
import { fromMs, instant, say } from "aelita-face";
import { known, shownValue } from "aelita-published";
import { utcMs } from "aelita-sky";
export const MOST_ROWS = 500;
const INKS = ["s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8"],
  UNITS = [
    ["_deg_s", "°/s"], ["_deg", "°"], ["_km_s2", "km/s²"], ["_km_s", "km/s"], ["_km", "km"], ["_m_s", "m/s"], ["_hz_s", "Hz/s"], ["_hz", "Hz"],
    ["_ms", "ms"], ["_us", "µs"], ["_s", "s"], ["_m", "m"], ["_kg", "kg"], ["_db", "dB"], ["_w", "W"], ["_k", "K"], ["_ppm", "ppm"],
  ],
  TIMES = ["utc", "at", "received_utc", "start"],
  APART = ["station", "observer", "link", "observable", "spacecraft", "channel"], // what divides rows into curves
  ROUND = ["azimuth_deg", "longitude_deg", "right_ascension_deg"], // angles that go round, each in a panel of its own
  MOST_PANELS = 6,
  ALIKE = 50,
  HOLE = 8;
export const nameOf = (key) => known("nav.column." + key, key.replaceAll("_", " "));
const unitOf = (key) => UNITS.find(([end]) => key.endsWith(end)) ?? ["", ""],
  isTime = (v) => typeof v === "string" && /^\d{4}-\d{2}-\d{2}T/.test(v),
  isNumber = (v) => typeof v === "number" && Number.isFinite(v);
function holeOf(x) {
  // steps much longer than most are holes, which no line crosses
  const steps = [];
  for (let i = 1; i < x.length; i += Math.max(1, Math.floor(x.length / 500))) steps.push(x[i] - x[i - 1]);
  steps.sort((a, b) => a - b);
  return HOLE * (steps[Math.floor(steps.length / 2)] || Infinity);
}
function scattered(x, hole) {
  // instants of no even step: a line between them would say too much
  let holes = 0;
  for (let i = 1; i < x.length; i++) if (x[i] - x[i - 1] > hole) holes++;
  return x.length < 2 || holes > 0.02 * x.length;
}
function unwound(y) {
  // no line is drawn from 360 degrees to 0
  return y.map((v, i) => (i && isNumber(v) && Math.abs(v - y[i - 1]) > 180 ? null : v));
}
function ordered(x, ys) {
  const order = x.map((_, i) => i).filter((i) => Number.isFinite(x[i])).sort((a, b) => x[a] - x[b]);
  return [order.map((i) => x[i]), ys.map((y) => order.map((i) => y[i] ?? null))];
}
function panelsOf(found) {
  // curves of one unit and like size stand in one panel; each { key, name, x, y }
  const panels = [];
  for (const one of found) {
    const [end, unit] = unitOf(one.key),
      most = one.y.reduce((m, v) => (isNumber(v) ? Math.max(m, Math.abs(v)) : m), 0),
      alike = (p) => p.keys.has(one.key) || (end && p.end === end && !ROUND.includes(one.key) && most <= ALIKE * p.most && p.most <= ALIKE * most && ![...p.keys].some((k) => ROUND.includes(k)));
    let p = panels.find(alike);
    if (!p) panels.push((p = { end, keys: new Set(), unit, series: [], most }));
    p.keys.add(one.key);
    const y = ROUND.includes(one.key) ? unwound(one.y) : one.y;
    p.series.push({ name: one.name, x: one.x, y, ink: INKS[p.series.length % INKS.length], form: scattered(one.x, one.hole) ? "points" : "line", size: 2, width: 1.4, hole: one.hole });
  }
  return panels.slice(0, MOST_PANELS).map((p) => {
    const title = [...p.keys].map((key) => bare(key)).join(", ");
    if (p.series.length === 1) p.series[0].name = "";
    return { title, unit: p.unit, head: p.keys.size > 1 ? p.unit : undefined, series: p.series };
  });
}
function bare(key) {
  // its name without the unit, which the panel says
  const [end, unit] = unitOf(key),
    name = nameOf(key),
    tail = unit && name.endsWith(`, ${unit}`) ? `, ${unit}` : end && name.endsWith(end.replaceAll("_", " ")) ? end : "";
  return name.slice(0, name.length - tail.length);
}
function ofLists(data) {
  // lists of one length beside instants
  const x = data.utc.map(utcMs),
    lists = Object.entries(data).filter(([k, v]) => k !== "utc" && k !== "pass" && Array.isArray(v) && v.length === x.length && v.length),
    found = [];
  for (const [key, list] of lists) {
    const first = list.find((v) => v != null);
    if (Array.isArray(first)) {
      for (let c = 0; c < Math.min(first.length, 6); c++) found.push({ key, name: `${first.length === 4 && key === "quaternion" ? "wijk"[c] : "xyzuvw"[c]}`, y: list.map((v) => v?.[c]) });
    } else if (typeof first === "number") found.push({ key, name: bare(key), y: list });
  }
  const [times, ys] = ordered(x, found.map((one) => one.y)),
    hole = holeOf(times),
    spans = lists.filter(([, list]) => list.some((v) => typeof v === "boolean")).flatMap(([, list]) => held(times, ordered(x, [list])[1][0], hole));
  return panelsOf(found.map((one, k) => ({ ...one, x: times, y: ys[k], hole }))).map((p) => ({ ...p, spans }));
}
function held(x, list, hole) {
  // from when to when something holds that is told instant by instant, as being hidden
  const spans = [];
  let now = null;
  list.forEach((v, i) => {
    if (now && (!v || x[i] - x[i - 1] > hole)) now = null;
    if (v && !now) spans.push((now = { from: x[i], to: x[i], ink: "fg2" }));
    else if (v) now.to = x[i];
  });
  return spans;
}
function ofRows(rows) {
  // rows of instants and numbers: a curve for each station, link or kind. Rows that last (with a stop) are spans, and stay a table
  const keys = [...new Set(rows.slice(0, 200).flatMap((one) => Object.keys(one ?? {})))],
    time = TIMES.find((k) => rows.some((one) => isTime(one?.[k])));
  if (!time || keys.includes("stop") || rows.length < 3) return [];
  const numbers = keys.filter((k) => rows.some((one) => isNumber(one?.[k]))),
    apart = APART.filter((k) => keys.includes(k) && new Set(rows.map((one) => one?.[k])).size > 1)[0],
    groups = new Map();
  for (const one of rows) {
    const name = apart ? String(one?.[apart] ?? "–") : "";
    if (!groups.has(name)) groups.set(name, []);
    groups.get(name).push(one);
  }
  const found = [];
  for (const [name, some] of [...groups].slice(0, 8)) {
    const [times, ys] = ordered(some.map((one) => utcMs(one?.[time])), numbers.map((k) => some.map((one) => (isNumber(one?.[k]) ? one[k] : null)))),
      hole = holeOf(times);
    numbers.forEach((key, k) => found.push({ key, name: [apart ? name : "", numbers.filter((n) => unitOf(n)[0] && unitOf(n)[0] === unitOf(key)[0]).length > 1 ? bare(key) : ""].filter(Boolean).join(" ") || "", x: times, y: ys[k], hole }));
  }
  return panelsOf(found);
}
export function seen(data) {
  // { panels: of a figure over time, rows: of a table, pairs: facts, [name, text] each }
  const list = Array.isArray(data.rows) ? data.rows : [],
    panels = Array.isArray(data.utc) ? ofLists(data) : ofRows(list),
    pairs = Object.entries(data)
      .filter(([, v]) => v == null || typeof v !== "object")
      .map(([k, v]) => [nameOf(k), shownValue(v)]);
  const tables = Object.entries(data).filter(([k, v]) => k !== "rows" && Array.isArray(v) && v.length && v.every((one) => one && typeof one === "object" && !Array.isArray(one)));
  if (Array.isArray(data.utc) && data.utc.length) {
    const ends = data.utc.map(utcMs).filter(Number.isFinite);
    pairs.push([say("nav.values"), String(data.utc.length)]);
    if (ends.length) pairs.push([say("nav.from.to"), `${instant(fromMs(ends[0]), 0)} – ${instant(fromMs(ends.at(-1)), 0)}`]);
  }
  if (list.length) pairs.push([say("nav.rows"), String(list.length)]);
  return { panels, rows: list, pairs, tables };
}
