// How a chart looks: the engine's options, limits, cursors, the picture that is taken away. What is shown is decided in live_plot.js.
import { say, date, fromMs, colour, number } from "aelita-face";
const INKS = ["watch", "watch", "warn", "distress", "crit", "severe"],
  MOST_AXES = 4,
  LEVELS = new Set(["Enumerated", "Boolean", "String"]);
export const ink = (k) => colour("s" + ((k % 8) + 1));
export const unitOf = (s, raw) => (raw ? "raw" : s.labels?.length ? `labels of ${s.name}` : s.units);
export const stepped = (s) => s.labels?.length > 0 || LEVELS.has(s.type);

let engine;
export async function load() {
  // the engine and its sheet, once, and only for pages with charts
  if (!engine) {
    document.head.append(
      Object.assign(document.createElement("link"), { rel: "stylesheet", href: window.AELITA_ASSETS + "uplot.css" }),
    );
    engine = import(window.AELITA_ASSETS + "uplot.js").then((m) => m.default);
  }
  return engine;
}
function ticks(splits, step) {
  // the date where it changes, as many digits as tell neighbours apart
  let before = "";
  return splits.map((t) => {
    const text = fromMs(t),
      d = date(text),
      clock = step >= 60000 ? text.slice(11, 16) : step >= 1000 ? text.slice(11, 19) : text.slice(11, 23),
      first = d !== before;
    before = d;
    return step >= 86400000 ? d : first ? `${clock}\n${d}` : clock;
  });
}
const plain = (v) => (Math.abs(v) >= 1e6 || (v && Math.abs(v) < 1e-4) ? v.toExponential(2) : String(+v.toPrecision(7)));
const named = (labels) => (v) =>
  labels.find((one) => v === one.value || (one.maximum != null && v >= one.value && v <= one.maximum))?.label ??
  (Number.isInteger(v) ? String(v) : "");

export function options(uPlot, list, { raw, steps, whole, fixed, size, hooks, axisName }) {
  // an axis for each unit, a band and a line for each parameter
  const units = [...new Set(list.map((s) => unitOf(s, raw)))],
    dim = colour("fg2"),
    grid = { stroke: colour("line"), width: 1 },
    font = "11px " + getComputedStyle(document.body).fontFamily;
  const scale = (s) => "y" + units.indexOf(unitOf(s, raw)),
    series = [{}],
    bands = [],
    scales = { x: { time: true, range: (u, a, b) => [a, b] } };
  const pad = (key) => (u, low, high) => {
    if (fixed[key]) return fixed[key];
    if (low == null) return [0, 1];
    if (whole) {
      low = Math.min(low, 0);
      high = Math.max(high, 0);
    }
    const d = (high - low || Math.abs(high) || 1) * 0.07;
    return [low - d, high + d];
  };
  list.forEach((s, k) => {
    const at = series.length,
      stroke = ink(k),
      paths = steps || stepped(s) ? uPlot.paths.stepped({ align: 1 }) : undefined;
    series.push({ label: s.short, scale: scale(s), stroke, width: 1.4, pxAlign: 0, spanGaps: false, points: { size: 4 }, paths });
    for (const end of ["low", "high"])
      series.push({
        label: `${s.short} ${end}`,
        scale: scale(s),
        stroke: stroke + "66",
        width: 0.6,
        pxAlign: 0,
        points: { show: false },
        spanGaps: false,
        paths,
      });
    bands.push({ series: [at + 2, at + 1], fill: stroke + "2e" });
  });
  const axes = [
    {
      stroke: dim,
      grid,
      ticks: grid,
      font,
      space: 90,
      label: axisName,
      labelFont: font,
      labelSize: 16,
      values: (u, splits, _, __, step) => ticks(splits, step),
    },
  ];
  units.forEach((unit, i) => {
    scales["y" + i] = { range: pad("y" + i) };
    if (i >= MOST_AXES) return;
    const of = list.filter((s) => unitOf(s, raw) === unit),
      labels = !raw && of[0].labels?.length ? named(of[0].labels) : null,
      name = raw ? say("plot.raw") : labels ? "" : unit;
    axes.push({
      scale: "y" + i,
      side: i % 2 ? 1 : 3,
      stroke: of.length === 1 ? ink(list.indexOf(of[0])) : dim,
      grid: i ? { show: false } : grid,
      ticks: grid,
      font,
      size: labels ? 96 : 62,
      label: name || "",
      labelFont: font,
      labelSize: name ? 18 : 0,
      incrs: labels ? [1, 2, 5, 10, 50, 100, 1000] : undefined,
      values: (u, splits) => splits.map(labels ?? plain),
    });
  });
  return {
    ...size,
    ms: 1,
    tzDate: (t) => uPlot.tzDate(new Date(t), "Etc/UTC"),
    padding: [10, 12, 0, 4],
    scales,
    series,
    bands,
    axes,
    hooks,
    legend: { show: false },
    cursor: { drag: { x: true, y: false, setScale: false }, points: { size: 6 }, focus: { prox: 24 } },
  };
}

export function drawLimits(u, list) {
  // what is out of limits, shaded, with the bound in words
  const c = u.ctx,
    box = u.bbox,
    r = devicePixelRatio,
    told = [];
  c.save();
  c.beginPath();
  c.rect(box.left, box.top, box.width, box.height);
  c.clip();
  c.font = `${10.5 * r}px sans-serif`;
  c.textAlign = "right";
  list.forEach((s, k) => {
    const scale = u.series[1 + 3 * k].scale;
    for (const b of s.bands) {
      if (!b.outside) continue;
      const tint = colour(INKS[b.level] ?? "warn");
      c.fillStyle = tint + "0f";
      c.strokeStyle = tint + "99";
      c.setLineDash([6, 4]);
      c.lineWidth = r;
      for (const [v, up] of [
        [b.high, true],
        [b.low, false],
      ]) {
        if (v == null) continue;
        const y = u.valToPos(v, scale, true);
        if (!Number.isFinite(y)) continue;
        if (up) c.fillRect(box.left, box.top, box.width, y - box.top);
        else c.fillRect(box.left, y, box.width, box.top + box.height - y);
        c.beginPath();
        c.moveTo(box.left, y);
        c.lineTo(box.left + box.width, y);
        c.stroke();
        if (y > box.top && y < box.top + box.height && !told.some((at) => Math.abs(at - y) < 13 * r)) {
          told.push(y);
          c.save();
          c.fillStyle = tint;
          c.fillText(
            `${list.length > 1 ? s.short + " " : ""}${say("severity." + b.level)} ${number(v)}`,
            box.left + box.width - 6 * r,
            y + (up ? 12 : -4) * r,
          );
          c.restore();
        }
      }
    }
  });
  c.restore();
}
export function drawMarks(u, marks) {
  // the cursors A and B
  const c = u.ctx,
    box = u.bbox,
    r = devicePixelRatio;
  c.save();
  c.strokeStyle = c.fillStyle = colour("brand");
  c.font = `${11 * r}px monospace`;
  c.setLineDash([4, 4]);
  marks.forEach((t, i) => {
    const x = u.valToPos(t, "x", true);
    if (x < box.left || x > box.left + box.width) return;
    c.beginPath();
    c.moveTo(x, box.top);
    c.lineTo(x, box.top + box.height);
    c.stroke();
    c.fillText("AB"[i], x + 4 * r, box.top + 12 * r);
  });
  c.restore();
}
export function picture(u, list, raw) {
  // the chart as it is, under a head that names the curves
  const from = u.ctx.canvas,
    r = devicePixelRatio,
    head = 26 * r,
    c = document.createElement("canvas"),
    x = c.getContext("2d");
  c.width = from.width;
  c.height = from.height + head;
  x.fillStyle = colour("bg1");
  x.fillRect(0, 0, c.width, c.height);
  x.font = `${12 * r}px sans-serif`;
  let at = 10 * r;
  list.forEach((s, k) => {
    x.fillStyle = ink(k);
    const text = `${s.key}${!raw && s.units ? ` [${s.units}]` : ""}`;
    x.fillRect(at, 12 * r, 10 * r, 3 * r);
    x.fillText(text, at + 14 * r, 17 * r);
    at += x.measureText(text).width + 34 * r;
  });
  x.drawImage(from, 0, head);
  c.toBlob((blob) => {
    const a = document.createElement("a");
    a.download = "aelita-plot.png";
    a.href = URL.createObjectURL(blob);
    a.click();
    setTimeout(() => URL.revokeObjectURL(a.href), 1000);
  });
}
