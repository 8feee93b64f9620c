// A parameter as it is now: its value large, with age and severity, where it stands between its limits, and its last samples.
import { line, subscribe, watch } from "aelita-bus";
import { ask, chosen, instant, number, say, span, whichTime } from "aelita-face";
const KEPT = 12, // samples in the table
  FIRST_S = 120, // how far back of the archive they are looked for, then
  LONG_S = 3600,
  AGAIN_MS = 1000,
  EDGE = 0.14, // what is shown beyond the outermost bound, of the whole
  NEAR = 13, // per cent of the ruler that the figure of a bound takes
  LABELS = 48;
const near = (x) => String(+Number(x).toPrecision(6));
const fixed = new Set(["", "otherwise"]);

function severityAt(rules, x) {
  let worst = 0;
  for (const r of rules) {
    const inside = (r.minimum == null || x >= r.minimum) && (r.maximum == null || x <= r.maximum);
    if (inside !== (r.outside !== false)) worst = Math.max(worst, r.severity);
  }
  return worst;
}

function rulerOf(when, rules, value) {
  const bounds = [...new Set(rules.flatMap((r) => [r.minimum, r.maximum]).filter((b) => b != null))].sort((a, b) => a - b),
    known = Number.isFinite(value);
  const low = Math.min(bounds[0], known ? value : Infinity),
    high = Math.max(bounds.at(-1), known ? value : -Infinity),
    wide = high - low || Math.abs(high) || 1,
    from = low - EDGE * wide,
    to = high + EDGE * wide,
    at = (x) => (100 * (x - from)) / (to - from);
  const edges = [from, ...bounds, to],
    parts = edges.slice(1).map((end, i) => ({
      left: at(edges[i]),
      width: at(end) - at(edges[i]),
      severity: severityAt(rules, (edges[i] + end) / 2),
    }));
  let last = -Infinity,
    row = 0;
  const ticks = bounds.map((b) => {
    const left = at(b);
    row = left - last < NEAR ? 1 - row : 0;
    last = left;
    return { left, row, text: near(b) };
  });
  return { when, parts, ticks, value: known ? at(value) : null };
}

export default {
  template: `<div class="n-wrap" :class="{old: !live}" data-now>
    <div class="n-value"><b class="mono" :class="tone" data-now-value :title="whole">{{shown}}</b><span v-if="units" class="n-units">{{units}}</span></div>
    <div class="n-facts"><span :class="['st', mark]" data-now-state>{{state}}</span><span data-now-age>{{age}}</span><span v-if="raw" class="mono dim">{{word('column.raw')}} {{raw}}</span><span v-if="changed" class="x-tag">{{word('overridden')}}</span></div>
    <div class="n-times dim"><span>{{when}}</span><span class="mono">{{row ? instant(time) : '–'}}</span></div>
    <div v-for="r in rulers" :key="r.when" class="n-ruler" role="img" :aria-label="word('telemetry.ruler')" data-ruler>
      <div v-if="r.when" class="dim n-when">{{r.when}}</div>
      <div class="n-bar"><i v-for="(p, i) in r.parts" :key="i" :class="'s' + p.severity" :style="{left: p.left + '%', width: p.width + '%'}" :title="severity(p.severity)"></i><em v-if="r.value != null" :class="tone" :style="{left: r.value + '%'}" data-ruler-mark></em></div>
      <div class="n-ticks" :class="{two: r.ticks.some(t => t.row)}"><span v-for="t in r.ticks" :key="t.left" class="mono" :style="{left: t.left + '%', top: 13 * t.row + 'px'}">{{t.text}}</span></div>
    </div>
    <div v-if="legend.length" class="n-legend"><span v-for="s in legend" :key="s" :class="['st', 'st' + s]">{{severity(s)}}</span></div>
    <div v-if="labels.length" class="n-labels" role="list" :aria-label="word('telemetry.labels')"><span v-for="l in labels" :key="l.key" role="listitem" :class="['n-label', 's' + l.severity, {on: l.on}]" :aria-current="l.on" :title="severity(l.severity)"><b>{{l.label}}</b><i class="mono">{{l.raw}}</i></span></div>
    <slot></slot>
    <h2 class="a-part">{{word('telemetry.last')}}</h2>
    <table class="x-table n-last" :aria-label="word('telemetry.last')"><thead><tr><th>{{which}}</th><th class="r">{{word('column.value')}}</th><th v-if="raws" class="r">{{word('column.raw')}}</th><th>{{word('column.state')}}</th></tr></thead>
      <tbody><tr v-for="s in samples" :key="s.t + s.rt" data-sample><td class="mono n">{{instant(s)}}</td><td class="mono n r" :class="s.good ? 'c' + s.l : 'cbad'">{{number(s.v)}}</td><td v-if="raws" class="mono n r dim">{{s.r == null ? '' : number(s.r)}}</td><td class="n"><span :class="['st', s.good ? (s.l == null ? 'st-none' : 'st' + s.l) : 'st-stale']">{{s.good ? (s.l == null ? word('telemetry.archived') : severity(s.l)) : word('bad')}}</span></td></tr>
      <tr v-if="!samples.length"><td colspan="4" class="dim">{{word(looked ? 'telemetry.none' : 'loading')}}</td></tr></tbody></table></div>`,
  props: {
    name: String,
    spacecraft: String,
    units: String,
    limits: Array,
    labelled: Array,
    changed: Boolean,
  },
  data: () => ({ row: null, told: "connecting", line: "connecting", samples: [], now: NaN, face: 0, looked: false }),
  mounted() {
    this.turn = () => this.face++;
    window.addEventListener("aelita:choice", this.turn);
    const take = (all) => {
      for (const u of all) this.take({ ...this.row, ...u });
    };
    this.offs = [
      watch((l) => {
        this.line = l.state;
        this.tick();
      }),
      subscribe(
        { topic: "parameters", names: [this.name], spacecraft: this.spacecraft, rate_hz: 4 },
        {
          snapshot: take,
          updates: take,
          state: (s) => {
            this.told = s;
          },
        },
      ),
    ];
    this.timer = setInterval(() => {
      if (!document.hidden) this.tick();
    }, AGAIN_MS);
  },
  unmounted() {
    for (const off of this.offs) off();
    clearInterval(this.timer);
    window.removeEventListener("aelita:choice", this.turn);
  },
  computed: {
    live() {
      return this.line === "alive" && this.told === "live";
    },
    judged() {
      return this.limits.length > 0;
    },
    shown() {
      return this.row ? number(this.row.v) : "–";
    },
    whole() {
      return this.row ? String(this.row.v) : "";
    },
    raw() {
      const r = this.row;
      return r && r.r != null && r.r !== r.v ? number(r.r) : "";
    },
    bad() {
      return this.row?.q === false;
    },
    mark() {
      if (!this.row || !this.live || this.bad) return "st-stale";
      return this.row.l == null || (!this.row.l && !this.judged) ? "st-none" : "st" + this.row.l;
    },
    tone() {
      return this.live && !this.bad ? "c" + (this.row?.l ?? 0) : "cold";
    },
    state() {
      if (!this.row) return say("telemetry.waiting");
      if (!this.live) return say("stale");
      if (this.bad) return say("bad");
      return this.severity(this.row.l || this.judged ? this.row.l : null);
    },
    time() {
      return this.row;
    },
    when() {
      return this.face >= 0 ? whichTime() : "";
    },
    which() {
      return this.face >= 0 ? whichTime() : "";
    },
    age() {
      const from = Date.parse(this.row?.rt ?? this.row?.t ?? "");
      return Number.isFinite(from) && Number.isFinite(this.now)
        ? `${say("column.age")} ${span(Math.max(0, (this.now - from) / 1000))}`
        : "";
    },
    ranges() {
      return this.limits.filter((r) => r.kind === "range" && (r.minimum != null || r.maximum != null));
    },
    rulers() {
      const whens = [...new Set(this.ranges.map((r) => r.when ?? ""))],
        value = typeof this.row?.v === "number" ? this.row.v : NaN;
      return whens.map((when) => {
        const rules = this.ranges.filter((r) => (r.when ?? "") === when);
        return rulerOf(whens.length > 1 ? (fixed.has(when) ? say("telemetry.otherwise") : when) : when, rules, value);
      });
    },
    legend() {
      return [...new Set(this.rulers.flatMap((r) => r.parts.map((p) => p.severity)))].sort((a, b) => a - b);
    },
    labels() {
      const rules = this.limits.filter((r) => r.kind === "label"),
        rest = rules.find((r) => r.label == null)?.severity ?? 0,
        of = (label) => rules.find((r) => r.label === label)?.severity ?? rest;
      const value = this.row?.v,
        raw = this.row?.r;
      const all = this.labelled.map((l, i) => ({
        key: i,
        label: l.label,
        raw: l.maximum == null || l.maximum === l.value ? l.value : `${l.value}–${l.maximum}`,
        severity: of(l.label),
        on: value != null && (String(value) === l.label || (typeof value === "boolean" && raw == null && +value === l.value)),
      }));
      if (all.length <= LABELS) return all;
      const at = Math.max(
        0,
        all.findIndex((l) => l.on),
      );
      return all.filter((l, i) => l.severity || Math.abs(i - at) < LABELS / 2).slice(0, 2 * LABELS);
    },
    raws() {
      return this.samples.some((s) => s.r != null && s.r !== s.v);
    },
  },
  methods: {
    word: say,
    number,
    severity: (s) => say("severity." + (s ?? "none")),
    instant(row) {
      return this.face >= 0 ? instant(chosen(row)) : "";
    },
    tick() {
      if (line.tick)
        this.now =
          Date.parse(line.tick.mission) + (line.state === "alive" ? (performance.now() - line.at) * (line.tick.speed ?? 1) : 0);
    },
    take(u) {
      const first = !this.row,
        same = this.row && this.row.t === u.t && this.row.rt === u.rt;
      this.row = u;
      this.tick();
      if (!same)
        this.put([{ t: u.t, rt: u.rt, v: u.v, r: u.r, l: this.judged || u.l ? u.l : null, good: u.q !== false, live: true }]);
      else if (this.samples[0]) this.samples[0].l = this.judged || u.l ? u.l : null; // it was judged a moment later
      if (first) this.before(u.t);
    },
    put(rows) {
      const all = [...rows, ...this.samples],
        known = new Set();
      this.samples = all
        .filter((s) => !known.has(s.t ?? s.rt) && known.add(s.t ?? s.rt))
        .sort((a, b) => ((a.t ?? a.rt) < (b.t ?? b.rt) ? 1 : -1))
        .slice(0, KEPT);
    },
    async before(at) {
      // what came before this page was opened is in the archive
      try {
        for (const back of at ? [FIRST_S, LONG_S] : []) {
          const start = new Date(Date.parse(at) - 1000 * back).toISOString(),
            query = { parameters: this.name, spacecraft: this.spacecraft, start, stop: at, raw: "both", limit: 2000 },
            told = (await (await ask("values", query)).json()).items;
          this.put(told.map((o) => ({ t: o.utc, rt: null, v: o.value, r: o.raw, l: null, good: !o.quality })));
          if (told.length >= 3) break;
        }
      } catch {
        /* nothing is archived yet: the table fills from now on */
      }
      this.looked = true;
    },
  },
};
