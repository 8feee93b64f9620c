// Values as they come: rows by parameter and spacecraft, from one subscription; only what is in sight is drawn.
import { Grid } from "aelita-grid";
import { subscribe, watch, line } from "aelita-bus";
import { ask, say, number, instant, span, chosen, whichTime, remember, limitsOf } from "aelita-face";
const FRESH_S = 30,
  AGAIN_MS = 2000,
  DEFINED_MS = 120000; // limits are overridden meanwhile
export default {
  template: `<div class="g-wrap"><div ref="box" style="flex:1;min-height:0"></div><div v-if="!small" class="g-foot"><span><b class="num" data-count>{{count}}</b> {{word('telemetry.rows')}}<span v-if="count!==whole" class="num"> / {{whole}}</span></span><span v-if="dropped" class="num">{{dropped}} {{word('telemetry.dropped')}}</span><span class="grow"></span><span v-if="why" style="color:var(--warn)">{{why}}</span><span class="wide-only">{{word('telemetry.keys')}}</span></div></div>`,
  props: {
    names: Array,
    spacecraft: Array,
    label: String,
    rateHz: Number,
    q: String,
    show: String,
    order: String,
    at: String,
    deep: Boolean,
    small: Boolean,
  },
  data: () => ({ count: 0, whole: 0, dropped: 0, why: "" }),
  mounted() {
    this.$el.aelita = this;
    this.rowsBy = new Map();
    this.known = new Map();
    this.states = new Map();
    this.crafts = this.spacecraft ?? [];
    this.seen = new Set();
    this.text = this.q ?? "";
    this.which = this.show ?? "all";
    this.changed = false;
    this.wanted = this.at;
    const now = () =>
      line.tick
        ? Date.parse(line.tick.mission) + (line.state === "alive" ? (performance.now() - line.at) * (line.tick.speed ?? 1) : 0)
        : NaN;
    this.age = (r) => (r.rt || r.t ? (now() - Date.parse(r.rt ?? r.t)) / 1000 : null);
    const small = this.small,
      columns = [
        { key: "n", title: say("column.parameter"), kind: "mono", width: small ? "minmax(110px,2fr)" : "minmax(180px,3fr)" },
        { key: "s", title: say("column.spacecraft"), kind: "dim", width: 72, from: Infinity },
        {
          key: "v",
          title: say("column.value"),
          kind: "number",
          width: small ? "minmax(80px,1fr)" : "minmax(96px,1fr)",
          cls: "v",
        },
        {
          key: "u",
          title: say("column.units"),
          kind: "dim",
          width: 58,
          from: 300,
          value: (r) => r.u ?? this.known.get(r.n)?.units ?? "",
        },
        {
          key: "l",
          title: say("column.state"),
          width: "minmax(108px,.7fr)",
          from: small ? 420 : 0,
          order: (r) => this.state(r).rank,
          value: (r) => this.state(r).name,
          show: (v, r) => this.state(r).text,
          draw: (cell, v, r) => {
            cell.firstChild.className = "st " + this.state(r).cls;
          },
        },
        {
          key: "b",
          title: say("column.limits"),
          kind: "mono",
          width: "minmax(104px,1.1fr)",
          cls: "d r",
          from: Infinity,
          value: (r) => this.known.get(r.n)?.bounds ?? "",
        },
        {
          key: "r",
          title: say("column.raw"),
          kind: "number",
          width: "minmax(80px,.7fr)",
          cls: "d",
          from: 820,
          show: (v, r) => (v == null || v === r.v ? "" : number(v)),
        },
        { key: "a", title: say("column.age"), kind: "span", width: 92, from: small ? 520 : 0, value: this.age },
        {
          key: "t",
          title: whichTime,
          kind: "time",
          width: 200,
          cls: "d",
          from: 880,
          value: (r) => chosen(r),
          show: (v) => instant(v),
        },
      ];
    const [key, down] = (this.order ?? "").split(":");
    this.grid = new Grid(this.$refs.box, {
      columns,
      label: this.label,
      key: "k",
      order: key ? { key, down: down === "down" } : null,
      empty: [say("telemetry.none"), say("telemetry.none.hint")],
      rowClass: (r) => (this.dead(r) ? "stale" : r.l ? "l" + r.l : ""),
      select: (r) => {
        if (this.deep) remember({ p: r.n });
        this.$emit("select", { ...r, plot: this.plotted(r) });
      },
      open: (r) => this.$emit("open", { ...r, plot: this.plotted(r) }),
    });
    this.grid.onSort = (o) => {
      if (this.deep) remember({ order: o ? o.key + (o.down ? ":down" : "") : "" });
    };
    this.grid.say("loading");
    this.define();
    this.defining = setInterval(() => {
      if (!document.hidden) this.define();
    }, DEFINED_MS);
    this.sieve();
    this.listen();
    this.offLine = watch(() => this.grid.ask());
    this.timer = setInterval(() => {
      if (document.hidden) return;
      if (this.changed && (this.grid.order || this.which !== "all")) {
        this.changed = false;
        this.grid.look();
        this.count = this.grid.seen.length;
      }
      this.grid.ask();
    }, AGAIN_MS);
  },
  unmounted() {
    for (const off of this.offs) off();
    this.offLine();
    clearInterval(this.timer);
    clearInterval(this.defining);
    this.grid.end();
  },
  methods: {
    word: say,
    plotted(r) {
      return this.seen.size > 1 ? `${r.n}@${r.s}` : r.n;
    },
    listen() {
      for (const off of this.offs ?? []) off();
      this.states.clear();
      this.offs = (this.crafts.length ? this.crafts : [""]).map((s) =>
        subscribe(
          { topic: "parameters", names: this.names, ...(s ? { spacecraft: s } : {}), rate_hz: this.rateHz },
          {
            snapshot: (all) => this.take(all),
            updates: (all, dropped) => {
              this.dropped += dropped;
              this.take(all);
            },
            state: (state, why) => {
              this.states.set(s, state);
              this.why = state === "stale" || state === "lost" ? say("plot.stale") + (why ? ": " + why : "") : "";
              this.grid.drawn.forEach((e) => (e.className = ""));
              this.grid.ask();
            },
          },
        ),
      );
    },
    async define() {
      // units and limits, once; values do not wait for them
      try {
        let after = null;
        do {
          const told = await (await ask("parameters", { limit: 10000, after, spacecraft: "*" })).json();
          for (const p of told.items ?? told) this.known.set(p.name, { ...p, bounds: limitsOf(p.limits).text });
          after = told.next;
        } while (after);
        if ([...this.known.values()].some((p) => p.bounds)) {
          this.column("b").from = 780;
          this.column("t").from = 1080;
        }
        this.grid.drawn.forEach((e) => e.remove());
        this.grid.drawn.clear();
        this.grid.lay();
        this.sieve();
      } catch {
        /* the table lives without them */
      }
    },
    column(key) {
      return this.grid.columns.find((c) => c.key === key);
    },
    dead(r) {
      const s = this.states.get(this.crafts.length ? r.s : "") ?? "connecting";
      return s !== "live";
    },
    state(r) {
      if (this.dead(r)) return { name: "stale", rank: -1, cls: "st-stale", text: say("stale") };
      if (r.q === false) return { name: "bad", rank: 6, cls: "st-stale", text: say("bad") };
      if (r.l == null || (!r.l && this.unlimited(r)))
        return { name: "none", rank: -0.5, cls: "st-none", text: say("severity.none") };
      return { name: "l" + r.l, rank: r.l, cls: "st" + r.l, text: say("severity." + r.l) };
    },
    unlimited(r) {
      const p = this.known.get(r.n);
      return !p || !(p.limits?.length || p.overridden?.includes("limits"));
    }, // nobody judges it: never to be called nominal
    take(all) {
      let fresh = false;
      for (const u of all) {
        const k = u.s + " " + u.n,
          row = this.rowsBy.get(k);
        if (row) Object.assign(row, u);
        else {
          this.rowsBy.set(k, { ...u, k });
          this.seen.add(u.s);
          fresh = true;
        }
      }
      this.changed = true;
      this.grid.state = this.grid.state === "loading" ? "" : this.grid.state;
      if (fresh || !this.rowsBy.size) this.fill();
      this.grid.ask();
    },
    fill() {
      if (this.seen.size > 1 && this.column("s").from === Infinity) {
        this.column("s").from = this.small ? 480 : 560;
        this.column("t").from = 1080;
        this.grid.lay();
      }
      this.grid.set([...this.rowsBy.values()].sort((a, b) => (a.k < b.k ? -1 : 1)));
      this.count = this.grid.seen.length;
      this.whole = this.rowsBy.size;
      const at = this.wanted ? this.grid.seen.findIndex((r) => r.n === this.wanted) : -1;
      if (at >= 0) {
        this.wanted = "";
        requestAnimationFrame(() => this.grid.go(at));
      }
    },
    sieve() {
      const words = this.text.toLowerCase().split(/\s+/).filter(Boolean);
      const out = (r) => (r.l ?? 0) > 0,
        fresh = (r) => this.age(r) < FRESH_S;
      const which = { out, fresh }[this.which];
      const hit = (r) => {
        r.words ??= (r.s + " " + r.n).toLowerCase();
        const more = this.known.get(r.n)?.description;
        return words.every((w) => r.words.includes(w) || (more && more.toLowerCase().includes(w)));
      };
      this.grid.filter(words.length || which ? (r) => (!which || which(r)) && hit(r) : null);
      this.count = this.grid.seen.length;
    },
    search(text) {
      this.text = text;
      if (this.deep) remember({ q: text });
      this.sieve();
    },
    choose(which) {
      this.which = which;
      if (this.deep) remember({ show: which === "all" ? "" : which });
      this.sieve();
    },
    among(crafts) {
      // only the values of some spacecraft, of all when none is named
      this.crafts = crafts;
      if (this.deep) remember({ spacecraft: crafts.join(",") });
      for (const [k, r] of this.rowsBy) if (crafts.length && !crafts.includes(r.s)) this.rowsBy.delete(k);
      this.listen();
      this.fill();
    },
  },
};
