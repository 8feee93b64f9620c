// Values as they come: rows by parameter and spacecraft, from one subscription; only what is in sight is drawn.
import { Grid } from "aelita-grid";
import { subscribe, watch, line } from "aelita-bus";
import { ask, say, number, instant, span, chosen, whichTime, remember, limitsOf } from "aelita-face";
const FRESH_S = 30, AGAIN_MS = 2000;
export default {
  template: `<div class="g-wrap"><div ref="box" style="flex:1;min-height:0"></div><div v-if="!small" class="g-foot"><span><b class="num" data-count>{{count}}</b> {{word('telemetry.rows')}}</span><span v-if="dropped" class="num">{{dropped}} {{word('telemetry.dropped')}}</span><span class="grow"></span><span v-if="why" style="color:var(--warn)">{{why}}</span></div></div>`,
  props: { names: Array, spacecraft: Array, label: String, rateHz: Number, q: String, show: String, order: String, deep: Boolean, small: Boolean },
  data: () => ({ count: 0, dropped: 0, why: "" }),
  mounted() {
    this.rowsBy = new Map(); this.known = new Map(); this.states = new Map(); this.text = this.q ?? ""; this.which = this.show ?? "all"; this.changed = false;
    const now = () => (line.tick ? Date.parse(line.tick.mission) + (line.state === "alive" ? (performance.now() - line.at) * (line.tick.speed ?? 1) : 0) : NaN);
    const age = (r) => (r.rt || r.t ? (now() - Date.parse(r.rt ?? r.t)) / 1000 : null);
    this.age = age;
    const limits = (r) => (this.known.get(r.n)?.bounds ?? "");
    const columns = [
      { key: "n", title: say("column.parameter"), kind: "mono", width: this.small ? "minmax(110px,2fr)" : "minmax(170px,2.4fr)" },
      { key: "s", title: say("column.spacecraft"), kind: "dim", width: 90, from: 700 },
      { key: "v", title: say("column.value"), kind: "number", width: this.small ? "minmax(80px,1fr)" : "minmax(110px,1.1fr)", cls: "v" },
      { key: "u", title: say("column.units"), kind: "dim", width: 74, from: 300, value: (r) => r.u ?? this.known.get(r.n)?.units ?? "" },
      { key: "l", title: say("column.state"), width: "minmax(122px,.9fr)", from: this.small ? 420 : 0, order: (r) => this.state(r).rank, value: (r) => this.state(r).name, show: (v, r) => this.state(r).text, draw: (cell, v, r) => { cell.firstChild.className = "st " + this.state(r).cls; } },
      { key: "b", title: say("column.limits"), kind: "mono", width: "minmax(120px,1.2fr)", cls: "d r", from: Infinity, value: limits },
      { key: "r", title: say("column.raw"), kind: "number", width: "minmax(100px,.8fr)", cls: "d", from: 860 },
      { key: "a", title: say("column.age"), kind: "span", width: 108, from: this.small ? 520 : 0, value: age },
      { key: "t", title: whichTime, kind: "time", width: 210, cls: "d", from: 1080, value: (r) => chosen(r), show: (v) => instant(v) },
    ];
    const [key, down] = (this.order ?? "").split(":");
    this.grid = new Grid(this.$refs.box, {
      columns, label: this.label, key: "k", order: key ? { key, down: down === "down" } : null, empty: [say("telemetry.none"), say("telemetry.none.hint")],
      rowClass: (r) => (this.dead(r) ? "stale" : r.l ? "l" + r.l : ""), select: (r) => this.$emit("select", { ...r, name: r.n, spacecraft: r.s }),
      open: (r) => { window.dispatchEvent(new CustomEvent("aelita:open", { detail: r.n })); location.href = "/plot?p=" + encodeURIComponent(r.n); },
    });
    this.grid.onSort = (o) => { if (this.deep) remember({ order: o ? o.key + (o.down ? ":down" : "") : "" }); };
    this.grid.say("loading");
    this.define(); this.sieve();
    const crafts = this.spacecraft?.length ? this.spacecraft : [""];
    this.offs = crafts.map((s) => subscribe({ topic: "parameters", names: this.names, ...(s ? { spacecraft: s } : {}), rate_hz: this.rateHz }, {
      snapshot: (all) => this.take(all), updates: (all, dropped) => { this.dropped += dropped; this.take(all); },
      state: (state, why) => { this.states.set(s, state); this.why = state === "stale" || state === "lost" ? say("plot.stale") + (why ? ": " + why : "") : ""; this.grid.drawn.forEach((e) => (e.className = "")); this.grid.ask(); },
    }));
    this.offs.push(watch(() => this.grid.ask()));
    this.timer = setInterval(() => { if (document.hidden) return; if (this.changed && (this.grid.order || this.which !== "all")) { this.changed = false; this.grid.look(); this.count = this.grid.seen.length; } this.grid.ask(); }, AGAIN_MS);
  },
  unmounted() { for (const off of this.offs) off(); clearInterval(this.timer); this.grid.end(); },
  methods: {
    word: say,
    async define() { // units and limits, once; values do not wait for them
      try {
        let after = null;
        do { const told = await (await ask("parameters", { limit: 10000, after })).json(); for (const p of told.items ?? told) this.known.set(p.name, { ...p, bounds: limitsOf(p.limits).text }); after = told.next; } while (after);
        if ([...this.known.values()].some((p) => p.bounds)) this.grid.columns.find((c) => c.key === "b").from = 780;
        this.grid.drawn.forEach((e) => e.remove()); this.grid.drawn.clear(); this.grid.lay();
      } catch { /* the table lives without them */ }
    },
    dead(r) { const s = this.states.get(this.spacecraft?.length ? r.s : "") ?? "connecting"; return s !== "live"; },
    state(r) {
      if (this.dead(r)) return { name: "stale", rank: -1, cls: "st-stale", text: say("stale") };
      if (r.q === false) return { name: "bad", rank: 6, cls: "st-stale", text: say("bad") };
      if (r.l == null || (r.l === 0 && this.known.size && !this.known.get(r.n)?.bounds)) return { name: "none", rank: 0, cls: "st-none", text: say("severity.none") };
      return { name: "l" + r.l, rank: r.l, cls: "st" + r.l, text: say("severity." + r.l) };
    },
    take(all) {
      let fresh = false;
      for (const u of all) { const k = u.s + " " + u.n, row = this.rowsBy.get(k); if (row) Object.assign(row, u); else { this.rowsBy.set(k, { ...u, k }); fresh = true; } }
      this.changed = true; this.grid.state = this.grid.state === "loading" ? "" : this.grid.state;
      if (fresh || !this.rowsBy.size) { this.grid.set([...this.rowsBy.values()].sort((a, b) => (a.k < b.k ? -1 : 1))); this.count = this.grid.seen.length; }
      this.grid.ask();
    },
    sieve() {
      const words = this.text.toLowerCase().split(/\s+/).filter(Boolean);
      const out = (r) => (r.l ?? 0) > 0, fresh = (r) => this.age(r) < FRESH_S;
      const which = { out, fresh }[this.which];
      const hit = (r) => { const all = (r.s + " " + r.n + " " + (this.known.get(r.n)?.description ?? "")).toLowerCase(); return words.every((w) => all.includes(w)); };
      this.grid.filter(words.length || which ? (r) => (!which || which(r)) && hit(r) : null); this.count = this.grid.seen.length;
    },
    search(text) { this.text = text; if (this.deep) remember({ q: text }); this.sieve(); },
    choose(which) { this.which = which; if (this.deep) remember({ show: which === "all" ? "" : which }); this.sieve(); },
  },
};
