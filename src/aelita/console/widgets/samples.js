// Histories for charts: one grid of buckets from the interface, live samples behind it, and where the curves break.
import { ask } from "aelita-face";
const KEPT = 20000, GAP_STEPS = 6;

export async function read(names, { start, stop, count, raw, spacecraft }, signal) { // the layout is told in the interface's module of samples
  const answer = await ask("samples", { parameters: names.join(","), start, stop, count, raw: raw ? "true" : "", spacecraft }, { signal });
  const buffer = await answer.arrayBuffer(), length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length))), n = header.buckets;
  const rows = new Float64Array(buffer, 4 + length);
  const row = (k) => rows.subarray(k * n, (k + 1) * n);
  return { header, t: row(0), series: header.series.map((one, k) => ({ ...one, min: row(1 + 4 * k), max: row(2 + 4 * k), mean: row(3 + 4 * k), count: row(4 + 4 * k) })) };
}

export class Tail { // the newest samples of one parameter, behind what the archive gave
  constructor() { this.t = []; this.v = []; this.step = 0; }
  push(t, v) {
    const n = this.t.length;
    if (n && t <= this.t[n - 1]) return;
    if (n) { const d = t - this.t[n - 1]; this.step = this.step ? Math.min(this.step * 1.5, 0.9 * this.step + 0.1 * d) : d; if (this.step && d > GAP_STEPS * this.step && d > 5000) { this.t.push(t - 1); this.v.push(null); } }
    this.t.push(t); this.v.push(v);
    if (this.t.length > KEPT) { this.t.splice(0, KEPT / 4); this.v.splice(0, KEPT / 4); }
  }
}

export function joined(archive, tails, from, to) { // columns for uPlot: x, then mean, min and max of each; undefined joins, null breaks
  const tables = [], end = archive?.t.length ? archive.t[archive.t.length - 1] : -Infinity;
  const x = new Set(archive?.t ?? []);
  tails.forEach((tail, k) => { const last = lastSample(archive, k); for (let i = 0; i < tail.t.length; i++) if (tail.t[i] > last && tail.t[i] >= from && tail.t[i] <= to) x.add(tail.t[i]); tables.push(last); });
  const xs = Float64Array.from(x).sort(), at = new Map(); xs.forEach((t, i) => at.set(t, i));
  const out = [xs];
  tails.forEach((tail, k) => {
    const mean = new Array(xs.length), low = new Array(xs.length), high = new Array(xs.length), one = archive?.series[k];
    if (one) for (let i = 0; i < archive.t.length; i++) { const j = at.get(archive.t[i]), gap = Number.isNaN(one.mean[i]); if (gap && archive.t[i] > tables[k]) continue; mean[j] = gap ? null : one.mean[i]; low[j] = gap ? null : one.min[i]; high[j] = gap ? null : one.max[i]; }
    for (let i = 0; i < tail.t.length; i++) { const j = at.get(tail.t[i]); if (j != null && tail.t[i] > tables[k]) { mean[j] = low[j] = high[j] = tail.v[i]; } }
    out.push(mean, low, high);
  });
  return out;
}
function lastSample(archive, k) { // behind the last bucket that holds any, live values go on
  const one = archive?.series[k]; if (!one) return -Infinity;
  for (let i = archive.t.length - 1; i >= 0; i--) if (one.count[i] > 0) return archive.t[i] + (1000 * archive.header.bucket_s);
  return -Infinity;
}
