// One chart of archive and live values. Zooming moves the axis at once; the interface is asked for the right resolution, late answers are dropped.
import { subscribe, watch, line } from "aelita-bus";
import { ask, say, number, span, date, fromMs, colour, short, remember, stateOf, limitsOf, make, day, choices } from "aelita-face";
import { read, joined, Tail } from "aelita-samples";
const SETTLE_MS = 60, SPANS = [[120, "2 min"], [600, "10 min"], [3600, "1 h"], [21600, "6 h"], [86400, "1 d"]], PICKED = 8, TICK_MS = 100;
let engine;
async function load() { // the engine and its sheet, once, and only for pages with charts
  if (!engine) { document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: window.AELITA_ASSETS + "uplot.css" })); engine = import(window.AELITA_ASSETS + "uplot.js").then((m) => m.default); }
  return engine;
}
export default {
  template: `<div class="p-wrap">
    <div v-if="tools" class="p-bar"><span v-for="(s,k) in list" :key="s.name" class="p-chip" :title="s.name"><i :style="{background:'var(--s'+(k%8+1)+')'}"></i><span>{{s.short}}</span><b class="live-value">{{s.now}}</b><span class="dim">{{s.units}}</span><span v-if="s.note" style="color:var(--warn)">{{s.note}}</span><button type="button" :aria-label="word('plot.remove')+' '+s.name" @click="drop(s.name)">✕</button></span>
      <span style="position:relative"><input ref="find" class="a-text" style="width:200px;height:26px" :placeholder="word('plot.add')" :aria-label="word('plot.add')" data-find v-model="text" @input="suggest" @focus="suggest" @keydown="walk" @blur="hide" role="combobox" :aria-expanded="found.length>0" autocomplete="off"><div v-if="found.length" class="p-list" role="listbox"><div v-for="(f,i) in found" :key="f.name" role="option" :class="{on:i===pickAt}" :aria-selected="i===pickAt" @mousedown.prevent="add(f.name)">{{f.name}} <span class="dim">{{f.units}}</span></div></div></span>
      <span class="grow"></span>
      <span class="a-seg" role="group"><button v-for="s in spans" :key="s[0]" type="button" :aria-pressed="following && width===s[0]" :data-span="s[0]" @click="follow(s[0])">{{s[1]}}</button><button type="button" data-whole :aria-pressed="whole" @click="everything">{{word('plot.whole')}}</button></span>
      <button type="button" class="a-btn small" data-live :aria-pressed="following" @click="following?hold():follow(width)">{{word('plot.live')}}</button>
      <button type="button" class="a-btn small" data-raw :aria-pressed="isRaw" @click="turnRaw">{{word('plot.raw')}}</button>
      <button type="button" class="a-btn small" data-limits :aria-pressed="showLimits" @click="showLimits=!showLimits;redraw()">{{word('plot.limits')}}</button>
      <button type="button" class="a-btn small" data-png :disabled="!list.length" @click="png">PNG</button>
      <a class="a-btn small" data-csv :href="out('csv')" download>CSV</a><a class="a-btn small" data-parquet :href="out('parquet')" download>Parquet</a></div>
    <div ref="plot" class="p-plot" role="img" :aria-label="spoken" tabindex="0" @keydown="keys"><div v-if="veil||busy" class="p-veil">{{busy||veil}}</div></div>
    <div v-if="tools||foot" class="p-foot num"><span>{{foot||word('plot.help')}}</span><span v-for="m in marked" :key="m.name" :title="m.name"><b>{{m.short}}</b> A {{m.a}} · B {{m.b}} · Δ {{m.d}}</span></div></div>`,
  props: { names: Array, start: String, stop: String, span: Number, raw: Boolean, limits: Boolean, spacecraft: String, tools: Boolean, deep: Boolean },
  data: () => ({ list: [], text: "", found: [], pickAt: 0, following: true, width: 600, whole: false, isRaw: false, showLimits: true, veil: "", busy: "", foot: "", spoken: "", marked: [], spans: SPANS }),
  async mounted() {
    this.tails = []; this.archive = null; this.marks = []; this.view = null; this.alive = false; this.state = "connecting"; this.stats = (window.__aelita.plot = { zooms: [], aborted: 0, points: 0 });
    this.isRaw = this.raw; this.showLimits = this.limits; this.width = this.span; this.following = !this.start;
    this.list = this.names.map((n) => this.entry(n)); this.tails = this.names.map(() => new Tail());
    this.uPlot = await load();
    if (this.gone) return;
    this.sizes = new ResizeObserver(() => this.u?.setSize({ width: this.$refs.plot.clientWidth, height: this.$refs.plot.clientHeight })); this.sizes.observe(this.$refs.plot);
    this.look = new MutationObserver(() => this.build()); this.look.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    window.addEventListener("aelita:choice", (this.onChoice = () => this.u?.redraw()));
    this.behind = null; // how far what arrives now is behind the mission's clock, as heard; until then the light time
    this.offLine = watch((l) => { this.alive = l.state === "alive"; this.stain(); });
    if (!this.following) this.view = [Date.parse(this.start), this.stop ? Date.parse(this.stop) : Date.parse(this.start) + this.width * 1000];
    await this.define(); this.listen(); this.build();
    for (let i = 0; i < 60 && this.following && !line.tick && !this.gone; i++) await new Promise((r) => setTimeout(r, 50));
    this.timer = setInterval(() => { if (!document.hidden && this.following && this.alive) this.move(); }, TICK_MS);
    await this.fill();
  },
  unmounted() { this.gone = true; clearInterval(this.timer); clearTimeout(this.settle); this.stopRead?.abort(); this.off?.(); this.offLine?.(); this.sizes?.disconnect(); this.look?.disconnect(); window.removeEventListener("aelita:choice", this.onChoice); this.u?.destroy(); },
  methods: {
    word: say,
    entry: (name) => ({ name, short: short(name), now: "", units: "", note: "", bands: [], level: false }),
    clock() { return line.tick ? Date.parse(line.tick.mission) + (performance.now() - line.at) * (line.tick.speed ?? 1) : Date.now(); },
    late() { const all = line.tick?.spacecraft ?? []; return 1000 * ((all.find((o) => o.spacecraft === this.spacecraft) ?? all[0])?.owlt_s ?? 0); },
    range() { if (this.following || !this.view) { const b = this.clock() - (this.behind ?? this.late()); return [b - this.width * 1000, b]; } return this.view; },
    async define() { // units and limits
      await Promise.all(this.list.map(async (s) => { if (s.known) return; s.known = true; try { const p = await (await ask("parameters/" + s.name.split("/").filter(Boolean).map(encodeURIComponent).join("/"), { spacecraft: this.spacecraft })).json(); s.units = p.units ?? p.type?.units ?? ""; s.bands = limitsOf(p.limits).bands; } catch (e) { if (e.status === 404) s.note = "?"; } }));
    },
    listen() {
      this.off?.(); this.off = null;
      if (!this.list.length) return;
      this.off = subscribe({ topic: "parameters", names: this.list.map((s) => s.name), ...(this.spacecraft ? { spacecraft: this.spacecraft } : {}), rate_hz: 10 }, { snapshot: (all) => this.take(all), updates: (all) => this.take(all), state: (s) => { this.state = s; this.stain(); } });
    },
    take(all) {
      for (const u of all) {
        const k = this.list.findIndex((s) => s.name === u.n); if (k < 0) continue;
        const v = this.isRaw ? u.r : u.v, s = this.list[k];
        s.now = number(v); if (u.u && !this.isRaw) s.units = u.u;
        const n = typeof v === "boolean" ? +v : v;
        if (typeof n === "number" && u.t) { this.tails[k].push(Date.parse(u.t), n); const lag = this.clock() - Date.parse(u.t); if (lag >= 0 && (this.behind == null || lag < this.behind || lag > this.behind + this.width * 500)) this.behind = lag; s.note = ""; this.dirty = true; } else if (typeof v === "string" && !this.archive?.series[k]?.count.some((c) => c)) s.note = say("plot.not.numbers");
      }
    },
    stain() { const dead = !this.alive || this.state === "stale" || this.state === "lost"; this.$el?.classList.toggle("is-stale", dead && line.state !== "connecting"); this.veil = this.fault || (this.following ? (dead && line.state !== "connecting" ? say("plot.stale") : "") : this.bare ? say("plot.no.samples") : ""); },
    build() { // engine options: an axis for each unit, a band and a line for each parameter
      const place = this.$refs.plot; this.u?.destroy(); this.u = null; place.querySelector(".a-state")?.remove();
      if (!this.list.length) { place.append(stateOf("empty", say("plot.empty"), say("plot.empty.hint"))); return; }
      const units = [...new Set(this.list.map((s) => (this.isRaw ? "raw" : s.units)))], dim = colour("fg2"), grid = { stroke: colour("line"), width: 1 }, font = "11px " + getComputedStyle(document.body).fontFamily;
      const scale = (s) => "y" + units.indexOf(this.isRaw ? "raw" : s.units), pad = (u, low, high) => { if (low == null) return [0, 1]; const d = (high - low || Math.abs(high) || 1) * 0.07; return [low - d, high + d]; };
      const series = [{}], bands = [];
      this.list.forEach((s, k) => {
        const ink = colour("s" + (k % 8 + 1)), at = series.length;
        series.push({ label: s.short, scale: scale(s), stroke: ink, width: 1.4, spanGaps: false, points: { size: 4 } });
        for (const [a, b] of [["low", 1], ["high", 2]]) series.push({ label: `${s.short} ${a}`, scale: scale(s), stroke: ink + "66", width: 0.6, points: { show: false }, spanGaps: false });
        bands.push({ series: [at + 2, at + 1], fill: ink + "2e" });
      });
      const axes = [{ stroke: dim, grid, ticks: grid, font, space: 90, values: (u, splits, _, __, step) => this.labels(splits, step) }];
      units.slice(0, 4).forEach((unit, i) => { const of = this.list.filter((s) => (this.isRaw ? "raw" : s.units) === unit), ink = of.length === 1 ? colour("s" + (this.list.indexOf(of[0]) % 8 + 1)) : dim; axes.push({ scale: "y" + i, side: i % 2 ? 1 : 3, stroke: ink, grid: i ? { show: false } : grid, ticks: grid, font, size: 62, label: (this.isRaw ? say("plot.raw") : unit) || "", labelFont: font, labelSize: unit || this.isRaw ? 18 : 0, values: (u, splits) => splits.map((v) => (Math.abs(v) >= 1e6 || (v && Math.abs(v) < 1e-4) ? v.toExponential(2) : String(+v.toPrecision(7)))) }); });
      this.u = new this.uPlot({
        width: place.clientWidth || 600, height: place.clientHeight || 300, ms: 1, tzDate: (t) => this.uPlot.tzDate(new Date(t), "Etc/UTC"), padding: [10, 12, 0, 4],
        scales: { x: { time: true, range: (u, a, b) => [a, b] }, ...Object.fromEntries(units.map((_, i) => ["y" + i, { range: pad }])) },
        series, bands, axes, legend: { show: false }, cursor: { drag: { x: true, y: false, setScale: false }, points: { size: 6 }, focus: { prox: 24 } },
        hooks: { drawClear: [(u) => this.drawLimits(u)], setSelect: [(u) => { if (u.select.width > 4) { this.show(u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x")); u.setSelect({ width: 0, height: 0 }, false); } }], setCursor: [(u) => this.tell(u)], draw: [(u) => this.drawMarks(u)] },
      }, [[], ...series.slice(1).map(() => [])], place);
      const over = this.u.over;
      over.addEventListener("wheel", (e) => { e.preventDefault(); const x = this.u.posToVal(e.offsetX, "x"), [a, b] = this.range(), f = e.deltaY > 0 ? 1.3 : 1 / 1.3; if (e.shiftKey) { const d = (b - a) * 0.1 * Math.sign(e.deltaY); this.show(a + d, b + d); } else this.show(x - (x - a) * f, x + (b - x) * f); }, { passive: false });
      let drag = null;
      over.addEventListener("mousedown", (e) => { this.downAt = e.offsetX; if (e.shiftKey) { drag = [e.clientX, ...this.range()]; e.stopImmediatePropagation(); } }, true);
      over.addEventListener("mousemove", (e) => { if (drag) { const d = ((e.clientX - drag[0]) / over.clientWidth) * (drag[2] - drag[1]); this.show(drag[1] - d, drag[2] - d); } });
      over.addEventListener("mouseup", () => { drag = null; }); over.addEventListener("mouseleave", () => { drag = null; });
      over.addEventListener("click", (e) => { if (Math.abs(e.offsetX - this.downAt) < 3 && e.detail === 1) this.mark(this.u.posToVal(e.offsetX, "x")); });
      over.addEventListener("dblclick", (e) => { e.preventDefault(); this.everything(); });
      this.redraw();
    },
    labels(splits, step) {
      let before = "";
      return splits.map((t) => { const text = fromMs(t), d = date(text), clock = step >= 60000 ? text.slice(11, 16) : step >= 1000 ? text.slice(11, 19) : text.slice(11, 23); const first = d !== before; before = d; return step >= 86400000 ? d : first ? `${clock}\n${d}` : clock; });
    },
    redraw() { // all data at the present range
      if (!this.u) return;
      const [a, b] = this.range(), data = joined(this.archive, this.tails, a - (b - a), b + (b - a));
      this.stats.points = data[0].length; this.u.batch(() => { this.u.setData(data, false); this.u.setScale("x", { min: a, max: b }); });
      this.spoken = this.list.map((s, k) => { const v = data[1 + 3 * k].filter((x) => x != null); return v.length ? `${s.name}: ${number(Math.min(...v.slice(-2000)))} … ${number(Math.max(...v.slice(-2000)))} ${s.units}` : `${s.name}: ${say("plot.no.samples")}`; }).join("; ");
    },
    move() { if (!this.u) return; this.redraw(); const [a, b] = this.range(); if (!this.reading && this.asked - a > 0.05 * (b - a)) this.fill(); }, // what comes is older than was thought
    show(a, b) { if (!(b > a)) return; this.following = false; this.whole = false; const least = 1; if (b - a < least) b = a + least; this.view = [a, b]; this.u?.setScale("x", { min: a, max: b }); this.began = performance.now(); clearTimeout(this.settle); this.settle = setTimeout(() => this.fill(), SETTLE_MS); },
    async fill() {
      this.stopRead?.abort(); if (!this.list.length) return;
      if (this.reading) this.stats.aborted++;
      const stop = (this.stopRead = new AbortController()), [a, b] = this.range(), began = performance.now(), late = setTimeout(() => (this.busy = say("plot.loading")), 250);
      this.reading = true;
      try {
        const every = this.whole && !this.view, margin = every ? 0 : Math.max((b - a) * 0.02, 3 * (this.step ?? 0)); // so that lines go on to the samples beyond the edges
        const got = await read(this.list.map((s) => s.name), { start: every ? "" : fromMs(a - margin), stop: every || this.following ? "" : fromMs(b + margin), count: Math.max(300, Math.min(2000, this.$refs.plot.clientWidth)), raw: this.isRaw, spacecraft: this.spacecraft }, stop.signal);
        if (stop.signal.aborted) return;
        this.asked = a;
        this.archive = got; this.fault = "";
        if (every && got.t.length) this.view = [got.t[0], got.t[got.t.length - 1] + (got.t[1] - got.t[0] || 1000)];
        got.series.forEach((one, k) => { const s = this.list[k]; if (!s) return; if (one.units && !s.units && !this.isRaw) { s.units = one.units; this.rebuild = true; } if (!s.now) for (let i = one.mean.length - 1; i >= 0; i--) if (one.count[i]) { s.now = number(one.mean[i]); break; } });
        if (this.rebuild) { this.rebuild = false; this.build(); } else this.redraw();
        for (const one of got.series) { const n = one.count.reduce((x, y) => x + y, 0); if (n > 2) { const first = one.count.findIndex((c) => c), last = one.count.findLastIndex((c) => c); this.step = (got.t[last] - got.t[first]) / n; } }
        this.bare = got.series.every((one) => !one.count.some((c) => c)); this.stain();
        this.stats.zooms.push(performance.now() - began); this.keep();
      } catch (error) { if (error.name !== "AbortError") { this.fault = error.status ? error.message : say("centre.lost"); this.stain(); } } finally { clearTimeout(late); if (this.stopRead === stop) { this.reading = false; this.busy = ""; } }
    },
    follow(width) { this.width = width; this.following = true; this.whole = false; this.view = null; this.fill(); },
    hold() { this.view = this.range(); this.following = false; this.fill(); },
    everything() { this.following = false; this.whole = true; this.view = null; this.fill(); },
    turnRaw() { this.isRaw = !this.isRaw; this.tails = this.list.map(() => new Tail()); for (const s of this.list) s.now = ""; this.archive = null; this.build(); this.listen(); this.fill(); },
    keep() { if (this.deep) remember({ p: this.list.map((s) => s.name).join(","), from: this.following ? "" : fromMs(this.range()[0]), to: this.following ? "" : fromMs(this.range()[1]), span: this.following && this.width !== 600 ? this.width : "", raw: this.isRaw ? "1" : "" }); },
    async suggest() {
      clearTimeout(this.asking); const text = this.text.trim();
      this.asking = setTimeout(async () => { try { const told = await (await ask("parameters", { search: text, limit: 20, spacecraft: this.spacecraft })).json(); if (document.activeElement === this.$refs.find) { this.found = (told.items ?? told).filter((p) => !this.list.some((s) => s.name === p.name)); this.pickAt = 0; } } catch { this.found = []; } }, 120);
    },
    hide() { clearTimeout(this.asking); this.found = []; },
    walk(e) { const n = this.found.length; if (e.key === "ArrowDown" && n) { e.preventDefault(); this.pickAt = (this.pickAt + 1) % n; } else if (e.key === "ArrowUp" && n) { e.preventDefault(); this.pickAt = (this.pickAt + n - 1) % n; } else if (e.key === "Enter" && n) { e.preventDefault(); this.add(this.found[this.pickAt].name); } else if (e.key === "Escape") { this.found = []; this.$refs.find.blur(); } },
    async add(name) { if (this.list.length >= PICKED || this.list.some((s) => s.name === name)) return; this.list.push(this.entry(name)); this.tails.push(new Tail()); this.archive = null; this.text = ""; this.found = []; await this.define(); this.listen(); this.build(); this.fill(); },
    drop(name) { const k = this.list.findIndex((s) => s.name === name); this.list.splice(k, 1); this.tails.splice(k, 1); this.archive = null; this.marks = []; this.marked = []; this.listen(); this.build(); if (this.list.length) this.fill(); else this.keep(); },
    keys(e) { const [a, b] = this.range(), w = b - a, to = { ArrowLeft: [a - w / 10, b - w / 10], ArrowRight: [a + w / 10, b + w / 10], "+": [a + w / 6, b - w / 6], "=": [a + w / 6, b - w / 6], "-": [a - w / 4, b + w / 4] }[e.key]; if (to) { e.preventDefault(); this.show(...to); } else if (e.key === "Home") this.everything(); else if (e.key === "End") this.follow(this.width); },
    tell(u) { const i = u.cursor.idx; if (i == null) { this.foot = ""; return; } const t = u.data[0][i]; if (t == null) return; const text = fromMs(t); this.foot = `${date(text)} ${text.slice(11, 23)}   ` + this.list.map((s, k) => { const v = u.data[1 + 3 * k][i], lo = u.data[2 + 3 * k][i], hi = u.data[3 + 3 * k][i]; return `${s.short} ${number(v)}${lo != null && lo !== hi ? ` (${number(lo)} … ${number(hi)})` : ""} ${this.isRaw ? "" : s.units}`; }).join("   "); },
    mark(t) { if (this.marks.length >= 2) this.marks = []; else this.marks.push(t); const near = (k, t) => { const d = this.u.data, i = this.u.valToIdx(t); return d[1 + 3 * k][i]; }; this.marked = this.marks.length === 2 ? [{ name: "Δt", short: "Δt", a: fromMs(this.marks[0]).slice(11, 23), b: fromMs(this.marks[1]).slice(11, 23), d: span((this.marks[1] - this.marks[0]) / 1000) }, ...this.list.map((s, k) => { const [a, b] = this.marks.map((m) => near(k, m)); return { name: s.name, short: s.short, a: number(a), b: number(b), d: a != null && b != null ? number(b - a) : "–" }; })] : []; this.u.redraw(false); },
    drawMarks(u) { const c = u.ctx, box = u.bbox; c.save(); c.strokeStyle = c.fillStyle = colour("brand"); c.font = `${11 * devicePixelRatio}px monospace`; c.setLineDash([4, 4]); this.marks.forEach((t, i) => { const x = u.valToPos(t, "x", true); if (x < box.left || x > box.left + box.width) return; c.beginPath(); c.moveTo(x, box.top); c.lineTo(x, box.top + box.height); c.stroke(); c.fillText("AB"[i], x + 4, box.top + 12 * devicePixelRatio); }); c.restore(); },
    drawLimits(u) { // what is out of limits, shaded, when one unit makes it unambiguous
      if (!this.showLimits || this.isRaw) return;
      const c = u.ctx, box = u.bbox, inks = ["watch", "watch", "warn", "distress", "crit", "severe"];
      c.save(); c.beginPath(); c.rect(box.left, box.top, box.width, box.height); c.clip();
      this.list.forEach((s, k) => { const scale = u.series[1 + 3 * k].scale; for (const b of s.bands) { const ink = colour(inks[b.level] ?? "warn"); c.fillStyle = ink + "0f"; c.strokeStyle = ink + "99"; c.setLineDash([6, 4]); c.lineWidth = 1; const shade = (v, up) => { if (v == null) return; const y = u.valToPos(v, scale, true); if (!Number.isFinite(y)) return; if (up) c.fillRect(box.left, box.top, box.width, y - box.top); else c.fillRect(box.left, y, box.width, box.top + box.height - y); c.beginPath(); c.moveTo(box.left, y); c.lineTo(box.left + box.width, y); c.stroke(); }; if (b.outside) { shade(b.high, true); shade(b.low, false); } } });
      c.restore();
    },
    out(format) { const [a, b] = this.range(), url = new URL("/api/v1/values", location.origin); url.searchParams.set("parameters", this.list.map((s) => s.name).join(",")); if (!this.following) { url.searchParams.set("start", fromMs(a)); url.searchParams.set("stop", fromMs(b)); } else url.searchParams.set("start", fromMs(a)); if (this.isRaw) url.searchParams.set("raw", "true"); url.searchParams.set("format", format); return url.pathname + url.search; },
    png() { // the chart as it is, with what it shows beneath its head
      const from = this.u.ctx.canvas, r = devicePixelRatio, head = 26 * r, c = document.createElement("canvas"); c.width = from.width; c.height = from.height + head; const x = c.getContext("2d");
      x.fillStyle = colour("bg1"); x.fillRect(0, 0, c.width, c.height); x.font = `${12 * r}px sans-serif`; let at = 10 * r;
      this.list.forEach((s, k) => { x.fillStyle = colour("s" + (k % 8 + 1)); const t = `${s.name} ${s.units ? "[" + s.units + "]" : ""}`; x.fillRect(at, 12 * r, 10 * r, 3 * r); x.fillText(t, at + 14 * r, 17 * r); at += x.measureText(t).width + 34 * r; });
      x.drawImage(from, 0, head); const a = document.createElement("a"); a.download = "aelita-plot.png"; c.toBlob((blob) => { a.href = URL.createObjectURL(blob); a.click(); URL.revokeObjectURL(a.href); });
    },
  },
};
