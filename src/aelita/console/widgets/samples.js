// Histories for charts: grids of buckets from the interface, live samples behind them, and where the curves break.
import { ask } from "aelita-face";
const KEPT = 20000,
  GAP_STEPS = 6;

export async function read(names, { start, stop, count, raw, spacecraft }, signal) {
  // the layout is told in the interface's module of samples
  const answer = await ask(
    "samples",
    { parameters: names.join(","), start, stop, count, raw: raw ? "true" : "", spacecraft },
    { signal },
  );
  const buffer = await answer.arrayBuffer(),
    length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length))),
    n = header.buckets;
  const rows = new Float64Array(buffer, 4 + length),
    t = rows.subarray(0, n);
  const row = (k) => rows.subarray(k * n, (k + 1) * n);
  return header.series.map((one, k) => ({
    ...one,
    t,
    width: 1000 * header.bucket_s,
    min: row(1 + 4 * k),
    max: row(2 + 4 * k),
    mean: row(3 + 4 * k),
    count: row(4 + 4 * k),
  }));
}

export class Tail {
  // the newest samples of one parameter, behind what the archive gave
  constructor() {
    this.t = [];
    this.v = [];
    this.step = 0;
  }
  push(t, v) {
    const n = this.t.length;
    if (n && t <= this.t[n - 1]) return;
    if (n) {
      const d = t - this.t[n - 1];
      this.step = this.step ? Math.min(this.step * 1.5, 0.9 * this.step + 0.1 * d) : d;
      if (this.step && d > GAP_STEPS * this.step && d > 5000) {
        this.t.push(t - 1);
        this.v.push(null);
      }
    }
    this.t.push(t);
    this.v.push(v);
    if (this.t.length > KEPT) {
      this.t.splice(0, KEPT / 4);
      this.v.splice(0, KEPT / 4);
    }
  }
}

export function joined(archive, tails, from, to) {
  // columns for the engine: x, then mean, min and max of each; undefined joins, null breaks
  const ends = tails.map((_, k) => lastSample(archive?.[k])),
    grids = new Set((archive ?? []).map((one) => one.t));
  let xs = grids.size === 1 ? [...grids][0] : Float64Array.from(new Set([...grids].flatMap((t) => [...t]))).sort();
  const more = new Set();
  tails.forEach((tail, k) => {
    for (let i = first(tail.t, Math.max(ends[k], from)); i < tail.t.length && tail.t[i] <= to; i++) more.add(tail.t[i]);
  });
  if (more.size) xs = Float64Array.from(new Set([...xs, ...more])).sort();
  const same = !more.size && grids.size === 1,
    at = same ? null : new Map(Array.from(xs, (t, i) => [t, i])),
    out = [xs];
  tails.forEach((tail, k) => {
    const one = archive?.[k],
      columns = [new Array(xs.length), new Array(xs.length), new Array(xs.length)];
    if (one)
      for (let i = 0; i < one.t.length; i++) {
        const v = one.mean[i],
          gap = Number.isNaN(v);
        if (gap && one.t[i] > ends[k]) continue;
        const j = same ? i : at.get(one.t[i]);
        columns[0][j] = gap ? null : v;
        columns[1][j] = gap ? null : one.min[i];
        columns[2][j] = gap ? null : one.max[i];
      }
    for (let i = first(tail.t, ends[k]); i < tail.t.length; i++) {
      const j = at?.get(tail.t[i]);
      if (j != null) columns[0][j] = columns[1][j] = columns[2][j] = tail.v[i];
    }
    out.push(...columns);
  });
  return out;
}
function first(times, after) {
  // the place of the first time behind another
  let low = 0,
    high = times.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (times[mid] > after) high = mid;
    else low = mid + 1;
  }
  return low;
}
export function lastSample(one) {
  // behind the last bucket that holds any, live values go on
  if (one) for (let i = one.t.length - 1; i >= 0; i--) if (one.count[i] > 0) return one.t[i] + one.width;
  return -Infinity;
}
