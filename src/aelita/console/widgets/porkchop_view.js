// A pork-chop: what each pair of departure and arrival days asks, as shades and contours, with the pair that was chosen.
import { colour, fromMs, instant, make, say } from "aelita-face";
import { contours } from "aelita-contours";
import { canvasIn, nearest, ticksOf, timeTicks, withUnit } from "aelita-figure";
import { utcMs } from "aelita-sky";
import { facts, productView } from "aelita-published";
const LEFT = 92,
  RIGHT = 78,
  TOP = 14,
  FOOT = 44,
  DAY = 86400e3;
const FIELDS = {
  c3: { key: "c3_km2_s2", unit: "km²/s²", span: 2.4 },
  vinf: { key: "arrival_vinf_km_s", unit: "km/s", span: 1.2 },
  total: { key: null, unit: "km/s", span: 0.7 },
  dla: { key: "declination_deg", unit: "°", span: 0 },
};
const UNITS = Object.fromEntries(Object.entries(FIELDS).map(([k, f]) => [k, f.unit]));

function levelsOf(low, high, span) {
  // levels close together near the least, where it matters
  if (!span) return ticksOf(low, high, 9).map(([v]) => v);
  const top = Math.min(high, low * (1 + span) + 1e-9),
    near = low + (top - low) / 4,
    fine = ticksOf(low, near, 5).map(([v]) => v);
  return [...fine, ...ticksOf(near, top, 6).map(([v]) => v).filter((v) => v > (fine.at(-1) ?? low) + 1e-9)].filter((v) => v > low);
}
export default productView(
  "porkchop",
  `<section class="a-card nv-wide" :aria-label="word('nav.porkchop')"><header><h2>{{word('nav.porkchop')}}</h2><span class="grow"></span><span class="a-seg" role="group" :aria-label="word('nav.shown')"><button v-for="(u, f) in units" :key="f" type="button" :aria-pressed="field===f" :data-field="f" @click="pick(f)">{{word('nav.field.'+f)}}</button></span></header><div class="body flush"><div class="nv-place nv-chop" ref="place2" tabindex="0" @keydown="keys" @pointermove="point" @click="point($event, true)" @pointerleave="leave"></div></div></section><div class="nv-side"><section class="a-card" :aria-label="word('nav.chosen')"><header><h2>{{word(free ? 'nav.under' : 'nav.chosen')}}</h2><span class="grow"></span><button v-if="held" type="button" class="a-btn small" data-best @click="best">{{word('nav.best')}}</button></header><div class="body" ref="facts" data-read></div></section><section class="a-card"><div class="body dim nv-note">{{word('nav.porkchop.note')}}</div></section></div>`,
  {
    shown(view, data) {
      const known = data.best ?? {};
      if (!data.departures.length || !data.arrivals.length) throw new Error(say("nav.figure.empty"));
      view.raw = {
        x: data.departures.map(utcMs),
        y: data.arrivals.map(utcMs),
        best: { x: utcMs(known.departure), y: utcMs(known.arrival), known },
        grids: Object.fromEntries(Object.entries(FIELDS).filter(([, f]) => f.key).map(([k, f]) => [k, data[f.key] ?? []])),
      };
      view.raw.grids.total = view.raw.grids.c3.map((row, i) =>
        row.map((v, j) => {
          const w = view.raw.grids.vinf[i]?.[j];
          return v == null || w == null ? null : Math.sqrt(v) + w;
        }),
      );
      view.held = view.free = null;
      view.drawing ??= canvasIn(view.$refs.place2, say("nav.porkchop"), (c, w, h) => view.draw(c, w, h));
      view.$refs.place2.setAttribute("aria-label", `${say("nav.porkchop")}. ${say("nav.porkchop.keys")}`);
      view.shade();
      view.tell();
    },
    ended: (view) => view.drawing?.end(),
    data: { field: "c3", units: UNITS, held: null, free: null },
    methods: {
      pick(field) {
        this.field = field;
        this.shade();
      },
      shade() {
        // levels of the field, and its shades as a picture of one pixel a pair, which is drawn smoothly
        const grid = this.raw.grids[this.field],
          all = grid.flat().filter((v) => v != null && Number.isFinite(v)),
          low = all.reduce((a, b) => Math.min(a, b), Infinity),
          high = all.reduce((a, b) => Math.max(a, b), -Infinity);
        this.levels = all.length ? levelsOf(low, high, FIELDS[this.field].span) : [];
        this.top = FIELDS[this.field].span ? Math.min(high, low * (1 + FIELDS[this.field].span)) : high;
        this.low = low;
        this.lines = this.levels.map((level) => [level, contours(grid, level)]);
        this.drawing.again();
      },
      picture() {
        const grid = this.raw.grids[this.field],
          made = document.createElement("canvas"),
          [r1, g1, b1] = rgb(colour("s1")),
          [r2, g2, b2] = rgb(colour("s2"));
        made.width = this.raw.x.length;
        made.height = this.raw.y.length;
        const c = made.getContext("2d"),
          image = c.createImageData(made.width, made.height);
        grid.forEach((row, i) =>
          row.forEach((v, j) => {
            if (v == null || !(v <= this.top)) return;
            const part = Math.max(0, Math.min(1, (v - this.low) / (this.top - this.low || 1))),
              at = ((made.height - 1 - j) * made.width + i) * 4,
              t = 1 - part;
            image.data[at] = r2 + (r1 - r2) * t;
            image.data[at + 1] = g2 + (g1 - g2) * t;
            image.data[at + 2] = b2 + (b1 - b2) * t;
            image.data[at + 3] = 18 + 170 * t ** 1.6;
          }),
        );
        c.putImageData(image, 0, 0);
        return made;
      },
      scales(w, h) {
        const { x, y } = this.raw,
          wide = w - LEFT - RIGHT,
          high = h - TOP - FOOT;
        return {
          px: (t) => LEFT + ((t - x[0]) / (x.at(-1) - x[0] || 1)) * wide,
          py: (t) => TOP + high - ((t - y[0]) / (y.at(-1) - y[0] || 1)) * high,
          wide,
          high,
        };
      },
      draw(c, w, h) {
        if (!this.raw) return;
        const { x, y, best } = this.raw,
          { px, py, wide, high } = this.scales(w, h);
        c.save();
        c.beginPath();
        c.rect(LEFT, TOP, wide, high);
        c.clip();
        const dx = wide / Math.max(1, x.length - 1) / 2,
          dy = high / Math.max(1, y.length - 1) / 2;
        c.imageSmoothingEnabled = true;
        c.drawImage(this.picture(), LEFT - dx, TOP - dy, wide + 2 * dx, high + 2 * dy);
        // the same time of flight along each of these
        c.setLineDash([3, 4]);
        c.strokeStyle = c.fillStyle = colour("fg2");
        c.textAlign = "left";
        c.textBaseline = "bottom";
        for (const [days] of ticksOf(Math.max(0, (y[0] - x.at(-1)) / DAY), (y.at(-1) - x[0]) / DAY, 8)) {
          if (!days) continue;
          c.globalAlpha = 0.55;
          c.beginPath();
          c.moveTo(px(x[0]), py(x[0] + days * DAY));
          c.lineTo(px(x.at(-1)), py(x.at(-1) + days * DAY));
          c.stroke();
          c.globalAlpha = 1;
          const at = LEFT + 6,
            up = py(x[0] + days * DAY) - 6;
          if (up > TOP + 14 && up < TOP + high - 4) c.fillText(`${days} ${say("nav.days")}`, at, up);
        }
        c.setLineDash([]);
        const at = ([i, j]) => [px(x[0] + (x.at(-1) - x[0]) * (i / (x.length - 1))), py(y[0] + (y.at(-1) - y[0]) * (j / (y.length - 1)))];
        this.lines.forEach(([level, lines], k) => {
          c.strokeStyle = colour("fg0");
          c.globalAlpha = k % 2 ? 0.45 : 0.85;
          c.lineWidth = k % 2 ? 0.8 : 1.2;
          c.beginPath();
          for (const [from, to] of lines) {
            c.moveTo(...at(from));
            c.lineTo(...at(to));
          }
          c.stroke();
          c.globalAlpha = 1;
          for (const part of lines.length > 10 && k % 2 === 0 ? [0.3, 0.72] : []) {
            const [lx, ly] = at(lines[Math.floor(lines.length * part)][0]),
              text = String(+level.toPrecision(4)),
              wide = c.measureText(text).width;
            c.fillStyle = colour("bg1");
            c.fillRect(lx - wide / 2 - 3, ly - 7, wide + 6, 14);
            c.fillStyle = colour("fg0");
            c.textAlign = "center";
            c.textBaseline = "middle";
            c.fillText(text, lx, ly);
          }
        });
        this.cross(c, px, py, best, "brand", true);
        const one = this.held ?? this.free;
        if (one) this.cross(c, px, py, one, "acc", false);
        c.restore();
        this.rim(c, w, h, px, py, wide, high);
      },
      cross(c, px, py, { x, y }, ink, star) {
        if (!Number.isFinite(x)) return;
        const a = px(x),
          b = py(y);
        c.strokeStyle = colour(ink);
        c.lineWidth = 1;
        c.globalAlpha = 0.7;
        c.beginPath();
        c.moveTo(a, TOP);
        c.lineTo(a, 1e4);
        c.moveTo(0, b);
        c.lineTo(1e4, b);
        c.stroke();
        c.globalAlpha = 1;
        c.lineWidth = 2.5;
        c.beginPath();
        c.arc(a, b, star ? 6 : 4, 0, 7);
        c.fillStyle = colour("bg1");
        c.fill();
        c.stroke();
      },
      rim(c, w, h, px, py, wide, high) {
        const { x, y } = this.raw;
        c.lineWidth = 1;
        c.strokeStyle = colour("line2");
        c.strokeRect(LEFT, TOP, wide, high);
        c.fillStyle = colour("fg2");
        c.textBaseline = "top";
        c.textAlign = "center";
        for (const [t, text] of timeTicks(x[0], x.at(-1), wide / 110)) {
          c.fillText(text, px(t), TOP + high + 6);
          c.fillRect(px(t), TOP + high, 1, 4);
        }
        c.textAlign = "right";
        c.textBaseline = "middle";
        for (const [t, text] of timeTicks(y[0], y.at(-1), high / 44)) {
          c.fillText(text, LEFT - 8, py(t));
          c.fillRect(LEFT - 4, py(t), 4, 1);
        }
        c.fillStyle = colour("fg1");
        c.textAlign = "center";
        c.textBaseline = "bottom";
        c.fillText(say("nav.departure"), LEFT + wide / 2, h - 3);
        c.save();
        c.translate(10, TOP + high / 2);
        c.rotate(-Math.PI / 2);
        c.textBaseline = "top";
        c.fillText(say("nav.arrival"), 0, -4);
        c.restore();
        // what shades mean
        const [r1, g1, b1] = rgb(colour("s1")),
          [r2, g2, b2] = rgb(colour("s2"));
        const from = w - RIGHT + 14,
          tall = Math.min(high, 220);
        for (let k = 0; k < tall; k++) {
          const t = k / tall;
          c.fillStyle = `rgba(${r2 + (r1 - r2) * t},${g2 + (g1 - g2) * t},${b2 + (b1 - b2) * t},${(18 + 170 * t ** 1.6) / 255})`;
          c.fillRect(from, TOP + k, 10, 1);
        }
        c.strokeStyle = colour("line2");
        c.strokeRect(from, TOP, 10, tall);
        c.fillStyle = colour("fg2");
        c.textAlign = "left";
        c.textBaseline = "middle";
        for (const [v, text] of ticksOf(this.low, this.top, 6)) c.fillText(text, from + 15, TOP + tall * (1 - (v - this.low) / (this.top - this.low || 1)));
        c.textBaseline = "top";
        c.fillText(UNITS[this.field], from, TOP + tall + 6);
      },
      point(e, chosen = false) {
        if (!this.raw) return;
        const box = this.$refs.place2,
          { x, y } = this.raw,
          part = (e.offsetX - LEFT) / (box.clientWidth - LEFT - RIGHT),
          up = (box.clientHeight - FOOT - e.offsetY) / (box.clientHeight - TOP - FOOT);
        if (!(part >= 0 && part <= 1 && up >= 0 && up <= 1)) return;
        const i = nearest(x, x[0] + part * (x.at(-1) - x[0])),
          j = nearest(y, y[0] + up * (y.at(-1) - y[0]));
        this.go(i, j, chosen);
      },
      go(i, j, chosen) {
        const one = { i, j, x: this.raw.x[i], y: this.raw.y[j] };
        if (chosen) this.held = one;
        else this.free = one;
        this.tell();
        this.drawing.again();
      },
      leave() {
        this.free = null;
        this.tell();
        this.drawing?.again();
      },
      best() {
        this.held = this.free = null;
        this.tell();
        this.drawing.again();
      },
      keys(e) {
        if (!this.raw) return;
        const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[e.key];
        if (e.key === "Escape" || e.key === "Home") return this.best();
        if (!by) return;
        e.preventDefault();
        const { x, y, best } = this.raw,
          from = this.held ?? { i: nearest(x, best.x || x[0]), j: nearest(y, best.y || y[0]) };
        this.go(
          Math.min(x.length - 1, Math.max(0, from.i + by[0])),
          Math.min(y.length - 1, Math.max(0, from.j + by[1])),
          true,
        );
      },
      tell() {
        const { best, grids } = this.raw,
          one = this.free ?? this.held,
          of = one ? (k) => grids[k][one.i]?.[one.j] : (k) => (k === "total" ? Math.sqrt(best.known.c3_km2_s2) + best.known.arrival_vinf_km_s : k === "dla" ? this.dla() : best.known[FIELDS[k].key]),
          x = one?.x ?? best.x,
          y = one?.y ?? best.y;
        this.$refs.facts.replaceChildren(
          Number.isFinite(x)
            ? facts([
                [say("nav.departure"), instant(fromMs(x), 0)],
                [say("nav.arrival"), instant(fromMs(y), 0)],
                [say("nav.flight"), `${((y - x) / DAY).toFixed(1)} ${say("nav.days")}`],
                [say("nav.field.c3"), withUnit(of("c3"), "km²/s²")],
                [say("nav.field.vinf"), withUnit(of("vinf"), "km/s")],
                [say("nav.field.total"), withUnit(of("total"), "km/s")],
                [say("nav.field.dla"), withUnit(of("dla"), "°")],
              ])
            : make("p", "dim", say("nav.best.none")),
        );
      },
      dla() {
        const { x, y, best, grids } = this.raw;
        return best.known.declination_deg ?? grids.dla[nearest(x, best.x)]?.[nearest(y, best.y)];
      },
    },
  },
);
function rgb(hex) {
  return [1, 3, 5].map((k) => parseInt(hex.slice(k, k + 2), 16));
}
