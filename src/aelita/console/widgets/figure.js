// A figure of panels over one axis of times or numbers: curves, points, limits, a cursor that reads them. Drawn on a canvas, in the
// colours of the face that is chosen; what the cursor reads stands as text below it, for eyes and for readers of screens.
import { colour, date, fromMs, instant, make, number, say } from "aelita-face";
const STEPS_MS = [1, 5, 15, 30, 60, 300, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800, 432000, 864000, 1728000].map(
    (s) => s * 1000,
  ),
  MONTH_MS = 30.4375 * 86400e3,
  LAST_MS = 8.64e15; // of the calendar of browsers
const LEFT = 64,
  RIGHT = 16,
  TOP = 24,
  FOOT = 34,
  GAP = 30;

export function ticksOf(low, high, count) {
  // round numbers between two, and how many digits tell them apart
  const raw = (high - low) / Math.max(1, count),
    fine = Math.max(Math.abs(low), Math.abs(high)) * 1e-13, // steps that numbers of this size do not tell apart
    power = 10 ** Math.floor(Math.log10(raw)),
    step = [1, 2, 5, 10].map((k) => k * power).find((s) => s >= raw),
    digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9)),
    made = [];
  if (!Number.isFinite(step) || !(step > fine)) return made;
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) {
    const v = k * step;
    const many = Math.abs(v) >= 1e6 || step < 1e-5;
    made.push([v, many ? (v ? v.toExponential(Math.min(12, Math.max(1, Math.floor(Math.log10(Math.abs(v) / step) + 1e-9)))).replaceAll("-", "−") : "0") : v.toFixed(digits).replace("-", "−")]);
  }
  return made;
}
export function timeTicks(from, to, count) {
  // instants of the calendar between two, with what changes from one to the next
  const made = [],
    step = STEPS_MS.find((s) => (to - from) / s <= count);
  if (!(Math.abs(from) <= LAST_MS && Math.abs(to) <= LAST_MS)) return made; // no instants
  if (!step) {
    const months = [1, 2, 3, 6, 12, 24, 60, 120, 600, 1200, 6000, 12000, 120000].find((m) => (to - from) / (m * MONTH_MS) <= count) ?? 1200000,
      first = new Date(from);
    for (let k = first.getUTCFullYear() * 12 + (months > 11 ? 0 : Math.floor(first.getUTCMonth() / months) * months); ; k += months) {
      const at = Date.UTC(Math.floor(k / 12), k % 12, 1);
      if (at > to) break;
      if (at >= from) made.push([at, months > 11 ? String(Math.floor(k / 12)) : date(fromMs(at)).slice(0, date(fromMs(at)).length > 8 ? 10 : 8)]);
    }
    return made;
  }
  let day = "";
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
    const text = fromMs(at),
      of = date(text),
      clock = text.slice(11, step < 60000 ? 19 : 16);
    made.push([at, step >= 86400000 ? of : of !== day ? `${clock} ${of}` : clock]);
    day = of;
  }
  return made;
}
export function canvasIn(box, label, draw) {
  // a canvas that fills a box, sharp on every screen; it is drawn anew when its size or the face changes
  const canvas = make("canvas", "nv-canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", label);
  box.append(canvas);
  let due = 0;
  const again = () => {
    if (!due)
      due = requestAnimationFrame(() => {
        due = 0;
        const w = box.clientWidth,
          h = box.clientHeight,
          r = devicePixelRatio || 1;
        if (!w || !h) return;
        if (canvas.width !== Math.round(w * r) || canvas.height !== Math.round(h * r)) {
          canvas.width = Math.round(w * r);
          canvas.height = Math.round(h * r);
        }
        const c = canvas.getContext("2d");
        c.setTransform(r, 0, 0, r, 0, 0);
        c.clearRect(0, 0, w, h);
        c.font = "11px " + getComputedStyle(document.body).fontFamily;
        draw(c, w, h);
      });
  };
  const sizes = new ResizeObserver(again);
  sizes.observe(box);
  const faces = new MutationObserver(again);
  faces.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  window.addEventListener("aelita:choice", again);
  return {
    canvas,
    again,
    end() {
      sizes.disconnect();
      faces.disconnect();
      window.removeEventListener("aelita:choice", again);
      cancelAnimationFrame(due);
    },
  };
}
const finite = (v) => v != null && Number.isFinite(v);
let inks = new Map(); // colours of one drawing: asking the page for each of many points takes long
const inkOf = (name) => inks.get(name) ?? inks.set(name, colour(name)).get(name);
export const plainly = (v) => (Number.isFinite(v) ? number(+v.toPrecision(6)).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "").replace("-", "−") : "–");
export const withUnit = (v, unit) => (finite(v) ? `${plainly(v)}${unit === "°" ? "" : " "}${unit ?? ""}`.trim() : "–");

export class Figure {
  // `told`: { label, x: { kind: "time" | "number", name, unit }, panels: [{ title, unit, weight, log, zero, series: [{ name, x, y,
  // ink, form: "line" | "points", inks: [] }], limits: [{ value, name }], spans: [{ from, to, name }] }], marks: [{ x, name }] }
  constructor(box, { onAt } = {}) {
    this.box = box;
    box.classList.add("nv-figure");
    this.place = make("div", "nv-place");
    this.place.tabIndex = 0;
    this.foot = make("div", "nv-read mono");
    this.foot.setAttribute("aria-live", "polite");
    this.foot.dataset.read = "";
    box.replaceChildren(this.place, this.foot);
    this.onAt = onAt;
    this.at = NaN;
    this.drawing = canvasIn(this.place, "", (c, w, h) => this.told && this.draw(c, w, h));
    this.listen();
  }
  end() {
    this.drawing.end();
  }
  set(told, keep = false) {
    this.told = told;
    this.drawing.canvas.setAttribute("aria-label", told.label);
    this.place.setAttribute("aria-label", `${told.label}. ${say("nav.figure.keys")}`);
    let low = Infinity,
      high = -Infinity;
    const count = (v) => {
      if (!finite(v)) return;
      low = Math.min(low, v);
      high = Math.max(high, v);
    };
    for (const p of told.panels) for (const s of p.series) for (const v of s.x) count(v);
    if (low > high) for (const p of told.panels) for (const s of p.spans ?? []) [s.from, s.to].forEach(count);
    this.empty = low > high;
    if (this.empty) [low, high] = [0, 1];
    const pad = (high - low) * 0.015 || (told.x.kind === "time" ? 60000 : 1);
    this.whole = told.range ?? [low - pad, high + pad];
    if (!keep || !this.view) this.view = [...this.whole];
    if (!keep) this.at = NaN;
    this.read();
    this.drawing.again();
  }
  listen() {
    const p = this.place;
    p.addEventListener(
      "wheel",
      (e) => {
        if (!this.told) return;
        e.preventDefault();
        this.nearer(e.deltaY > 0 ? 1.25 : 0.8, this.valueAt(e.offsetX));
      },
      { passive: false },
    );
    p.addEventListener("pointerdown", (e) => {
      this.drag = { x: e.offsetX, view: [...this.view], moved: false };
      p.setPointerCapture?.(e.pointerId);
    });
    p.addEventListener("pointermove", (e) => {
      if (!this.told) return;
      if (this.drag && Math.abs(e.offsetX - this.drag.x) > 3) {
        this.drag.moved = true;
        const [a, b] = this.drag.view,
          d = ((this.drag.x - e.offsetX) / Math.max(1, p.clientWidth - LEFT - RIGHT)) * (b - a);
        this.view = [a + d, b + d];
        this.drawing.again();
      } else if (!this.drag) this.cursor(this.valueAt(e.offsetX));
    });
    p.addEventListener("pointerup", (e) => {
      if (this.told && this.drag && !this.drag.moved) this.cursor(this.valueAt(e.offsetX), true);
      this.drag = null;
    });
    p.addEventListener("dblclick", () => {
      this.view = [...this.whole];
      this.drawing.again();
    });
    p.addEventListener("keydown", (e) => {
      if (!this.told) return;
      const act = {
        ArrowRight: () => this.step(1),
        ArrowLeft: () => this.step(-1),
        "+": () => this.nearer(0.7, this.middle()),
        "=": () => this.nearer(0.7, this.middle()),
        "-": () => this.nearer(1.4, this.middle()),
        Home: () => {
          this.view = [...this.whole];
          this.drawing.again();
        },
      }[e.key];
      if (!act) return;
      e.preventDefault();
      act();
    });
  }
  middle() {
    return finite(this.at) ? this.at : (this.view[0] + this.view[1]) / 2;
  }
  valueAt(px) {
    return this.view[0] + ((px - LEFT) / Math.max(1, this.place.clientWidth - LEFT - RIGHT)) * (this.view[1] - this.view[0]);
  }
  nearer(factor, at) {
    const [a, b] = this.view,
      most = this.whole[1] - this.whole[0],
      wide = Math.min(Math.max((b - a) * factor, most / 5000), most * 1.2),
      part = (at - a) / (b - a);
    this.view = [at - part * wide, at + (1 - part) * wide];
    this.drawing.again();
  }
  leading() {
    return this.told.panels.flatMap((p) => p.series).find((s) => s.x.length);
  }
  step(by) {
    const s = this.leading();
    if (!s) return;
    const k = finite(this.at) ? Math.min(s.x.length - 1, Math.max(0, nearest(s.x, this.at) + by)) : 0;
    this.cursor(s.x[k], true);
  }
  cursor(x, chosen = false) {
    const s = this.leading();
    if (!s) return;
    const k = nearest(s.x, x);
    this.at = s.x[k];
    this.read();
    this.drawing.again();
    this.onAt?.(k, chosen);
  }
  read() {
    // what is under the cursor, as text
    if (this.empty) {
      this.foot.textContent = say("nav.figure.empty");
      return;
    }
    if (!finite(this.at)) {
      this.foot.textContent = this.told.note ?? say("nav.figure.hint");
      return;
    }
    const x = this.told.x,
      parts = [x.kind === "time" ? `${instant(fromMs(this.at), 0)} UTC` : `${x.name} ${withUnit(this.at, x.unit)}`];
    for (const p of this.told.panels)
      for (const s of p.series) {
        if (!s.x.length) continue;
        const k = nearest(s.x, this.at);
        if (s.form === "points" && Math.abs(s.x[k] - this.at) > (this.view[1] - this.view[0]) / 100) continue;
        parts.push(`${s.name || p.title} ${withUnit(s.y[k], p.unit)}${s.says?.[k] ? ` (${s.says[k]})` : ""}`);
      }
    this.foot.textContent = parts.join(" · ");
  }
  draw(c, w, h) {
    inks = new Map();
    const { panels, x } = this.told,
      [a, b] = this.view,
      wide = w - LEFT - RIGHT,
      room = h - TOP - FOOT - GAP * (panels.length - 1),
      sum = panels.reduce((s, p) => s + (p.weight ?? 1), 0),
      px = (v) => LEFT + ((v - a) / (b - a)) * wide,
      ticks = this.empty ? [] : x.kind === "time" ? timeTicks(a, b, wide / 110) : ticksOf(a, b, wide / 80);
    let top = TOP;
    for (const p of panels) {
      const high = (room * (p.weight ?? 1)) / sum;
      this.panel(c, p, px, ticks, { top, high, left: LEFT, wide });
      top += high + GAP;
    }
    c.fillStyle = colour("fg2");
    c.textBaseline = "top";
    const bottom = h - FOOT;
    for (const [at, text] of ticks) {
      c.textAlign = "center";
      const half = c.measureText(text).width / 2;
      c.fillText(text, Math.min(Math.max(px(at), LEFT + half - 30), w - half - 2), bottom + 5);
    }
    if (x.name) {
      c.textAlign = "right";
      c.fillText(x.kind === "time" ? "UTC" : `${x.name}${x.unit ? `, ${x.unit}` : ""}`, w - RIGHT, bottom + 19);
    }
    if (finite(this.at) && this.at >= a && this.at <= b) {
      c.strokeStyle = colour("brand");
      c.beginPath();
      c.moveTo(px(this.at), TOP);
      c.lineTo(px(this.at), bottom);
      c.stroke();
    }
  }
  panel(c, p, px, ticks, { top, high, left, wide }) {
    const [a, b] = this.view,
      put = p.log ? (v) => Math.log10(Math.max(v, 1e-300)) : (v) => v;
    let low = Infinity,
      most = -Infinity;
    const count = (v) => {
      if (!finite(v) || (p.log && v <= 0)) return;
      low = Math.min(low, put(v));
      most = Math.max(most, put(v));
    };
    for (const s of p.series) for (let i = 0; i < s.x.length; i++) if (s.x[i] >= a && s.x[i] <= b && !s.aside?.[i]) count(s.y[i]);
    for (const one of p.limits ?? []) count(one.value);
    if (p.zero) count(0);
    if (!(most >= low)) [low, most] = [0, 1];
    const pad = (most - low || Math.abs(most) || 1) * 0.07;
    low -= p.zero && low === 0 ? 0 : pad;
    most += pad;
    const py = (v) => top + high - ((put(v) - low) / (most - low)) * high;
    c.lineWidth = 1;
    c.strokeStyle = inkOf("line");
    c.fillStyle = inkOf("fg2");
    c.textBaseline = "middle";
    c.textAlign = "right";
    const marks = p.log ? logTicks(low, most) : ticksOf(low, most, Math.max(2.5, high / 34));
    c.beginPath();
    for (const [v, text] of marks) {
      const y = top + high - (((p.log ? Math.log10(v) : v) - low) / (most - low)) * high;
      c.moveTo(left, y);
      c.lineTo(left + wide, y);
      c.fillText(text, left - 7, y);
    }
    for (const [at] of ticks) {
      c.moveTo(px(at), top);
      c.lineTo(px(at), top + high);
    }
    c.stroke();
    c.strokeStyle = inkOf("line2");
    c.strokeRect(left, top, wide, high);
    c.textAlign = "left";
    c.textBaseline = "bottom";
    c.fillStyle = inkOf("fg1");
    c.fillText(p.head ?? `${p.title}${p.unit ? `, ${p.unit}` : ""}`, left, top - 5);
    let at = left + wide;
    c.textAlign = "right";
    for (const s of p.series.filter((s) => s.name).reverse()) {
      c.fillStyle = inkOf(s.ink);
      c.fillText(s.name, at, top - 5);
      at -= c.measureText(s.name).width + 6;
      c.fillRect(at - 9, top - 12, 9, s.form === "points" ? 5 : 2);
      at -= 22;
    }
    c.save();
    c.beginPath();
    c.rect(left, top, wide, high);
    c.clip();
    for (const one of p.spans ?? []) {
      c.fillStyle = inkOf(one.ink ?? "acc") + "22";
      c.fillRect(px(one.from), top, Math.max(1, px(one.to) - px(one.from)), high);
    }
    for (const s of p.series) this.series(c, s, px, py, [a, b], [top, top + high]);
    for (const one of p.limits ?? []) {
      const y = py(one.value);
      c.fillStyle = inkOf(one.ink ?? "crit") + "18";
      if (one.beyond === "above") c.fillRect(left, top, wide, y - top);
      if (one.beyond === "below") c.fillRect(left, y, wide, top + high - y);
      c.strokeStyle = c.fillStyle = inkOf(one.ink ?? "crit");
      c.setLineDash([6, 4]);
      c.beginPath();
      c.moveTo(left, y);
      c.lineTo(left + wide, y);
      c.stroke();
      c.setLineDash([]);
      c.textAlign = "right";
      c.textBaseline = y - top > 16 ? "bottom" : "top";
      c.fillText(`${one.name} ${withUnit(one.value, p.unit)}`, left + wide - 6, y + (y - top > 16 ? -2 : 3));
    }
    for (const one of this.told.marks ?? []) {
      if (one.x < a || one.x > b) continue;
      c.strokeStyle = inkOf("fg2");
      c.setLineDash([2, 3]);
      c.beginPath();
      c.moveTo(px(one.x), top);
      c.lineTo(px(one.x), top + high);
      c.stroke();
      c.setLineDash([]);
    }
    c.restore();
    if (p === this.told.panels[0]) this.names(c, px, top);
  }
  names(c, px, top) {
    // names of marks, where there is room for them
    let free = -1e9;
    c.fillStyle = inkOf("fg1");
    c.textAlign = "left";
    c.textBaseline = "top";
    for (const one of (this.told.marks ?? []).filter((m) => m.x >= this.view[0] && m.x <= this.view[1])) {
      const wide = c.measureText(one.name).width,
        x = Math.min(px(one.x) + 4, px(this.view[1]) - wide - 4);
      if (x < free) continue;
      c.save();
      c.fillStyle = inkOf("bg1");
      c.globalAlpha = 0.75;
      c.fillRect(x - 2, top + 3, wide + 4, 14);
      c.restore();
      c.fillText(one.name, x, top + 5);
      free = x + wide + 8;
    }
  }
  series(c, s, px, py, [a, b], [top, bottom]) {
    c.strokeStyle = c.fillStyle = inkOf(s.ink);
    c.lineWidth = s.width ?? 1.5;
    c.setLineDash(s.dash ?? []);
    const first = Math.max(0, lowest(s.x, a) - 1),
      last = Math.min(s.x.length - 1, lowest(s.x, b) + 1); // the one before and the one behind what is seen
    if (s.form === "points") {
      const r = s.size ?? (last - first > 4000 ? 1 : 1.5);
      for (let i = first; i <= last; i++) {
        if (!finite(s.y[i]) || s.x[i] < a || s.x[i] > b) continue;
        const x = px(s.x[i]),
          y = s.aside?.[i] ? Math.min(Math.max(py(s.y[i]), top + 5), bottom - 5) : py(s.y[i]); // what is far off stands at the edge
        c.fillStyle = c.strokeStyle = inkOf(s.inks?.[i] ?? s.ink);
        if (s.aside?.[i]) {
          // edited out: a cross
          c.lineWidth = 1.2;
          c.beginPath();
          c.moveTo(x - 3, y - 3);
          c.lineTo(x + 3, y + 3);
          c.moveTo(x - 3, y + 3);
          c.lineTo(x + 3, y - 3);
          c.stroke();
        } else c.fillRect(x - r, y - r, 2 * r, 2 * r);
      }
      return;
    }
    c.beginPath();
    let open = false;
    for (let i = first; i <= last; i++) {
      if (!finite(s.y[i]) || (s.hole && i > first && s.x[i] - s.x[i - 1] > s.hole)) open = false;
      if (!finite(s.y[i])) continue;
      if (open) c.lineTo(px(s.x[i]), py(s.y[i]));
      else c.moveTo(px(s.x[i]), py(s.y[i]));
      open = true;
    }
    c.stroke();
    c.setLineDash([]);
  }
}
function logTicks(low, most) {
  const made = [];
  for (let k = Math.floor(low); k <= Math.ceil(most); k++)
    for (const m of most - low < 2.5 ? [1, 2, 5] : [1]) {
      const v = m * 10 ** k;
      if (Math.log10(v) >= low && Math.log10(v) <= most) made.push([v, v >= 1e-3 && v < 1e5 ? String(+v.toPrecision(2)) : v.toExponential(0)]);
    }
  return made;
}
function lowest(xs, x) {
  // how many of ascending values are lower
  let a = 0,
    b = xs.length;
  while (a < b) {
    const m = (a + b) >> 1;
    if (xs[m] < x) a = m + 1;
    else b = m;
  }
  return a;
}
export function nearest(xs, x) {
  // the place of the value nearest to x among ascending ones
  let a = 0,
    b = xs.length - 1;
  while (b - a > 1) {
    const m = (a + b) >> 1;
    if (xs[m] <= x) a = m;
    else b = m;
  }
  return x - xs[a] <= xs[b] - x ? a : b;
}
