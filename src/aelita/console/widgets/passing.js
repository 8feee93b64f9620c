// Which packets pass: a row for each application process of each spacecraft, with its rate over the last minute and what went quiet.
import { Grid } from "aelita-grid";
import { subscribe, watch, line } from "aelita-bus";
import { ask, packetNames, say, short } from "aelita-face";
const WINDOW_S = 60,
  COUNTS = 16384,
  AGAIN_MS = 1000,
  FIRST_MS = 1200,
  NAMED_MS = 15000,
  QUIET_STEPS = 4,
  AT_ONCE = 8;
const gone = (r) => (r.seen ? (performance.now() - r.seen) / 1000 : null);
export default {
  template: "<div></div>",
  props: { label: String },
  mounted() {
    this.rows = new Map();
    this.state = "connecting";
    const columns = [
      {
        key: "name",
        title: say("column.packet"),
        width: "minmax(110px,2fr)",
        value: (r) => r.name || say("packets.unnamed"),
        draw: (e, v, r) => e.firstChild.classList.toggle("dim", !r.name),
      },
      { key: "s", title: say("column.spacecraft"), kind: "dim", width: 84, from: Infinity },
      { key: "apid", title: "APID", kind: "mono", width: 62 },
      {
        key: "rate",
        title: say("column.per.minute"),
        kind: "mono",
        cls: "r",
        width: 84,
        value: (r) => this.rate(r),
        show: (v) => (v == null ? "–" : v >= 10 ? v.toFixed(0) : v.toFixed(1)),
      },
      {
        key: "bits",
        title: say("column.rate"),
        kind: "bits",
        width: 96,
        from: 430,
        value: (r) => {
          const v = this.rate(r);
          return v == null ? null : (v / 60) * 8 * r.length;
        },
      },
      { key: "last", title: say("column.last.seen"), kind: "span", width: 104, value: gone },
    ];
    this.grid = new Grid(this.$el, {
      columns,
      label: this.label,
      key: "k",
      empty: [say("packets.quiet"), say("packets.quiet.hint")],
      rowClass: (r) => (this.live() ? (this.quiet(r) ? "l2" : "") : "stale"),
      open: (r) => this.$emit("open", { apid: r.apid, spacecraft: r.s }),
    });
    this.grid.say("loading");
    this.offs = [
      watch(() => this.grid.ask()),
      subscribe(
        { topic: "packets", rate_hz: 1, names: ["*"] },
        {
          snapshot: (all) => this.take(all, false),
          updates: (all) => this.take(all, true),
          state: (s) => {
            this.state = s;
            this.grid.drawn.forEach((e) => (e.className = ""));
            this.grid.ask();
          },
        },
      ),
    ];
    this.timer = setInterval(() => {
      if (!document.hidden) this.grid.ask();
    }, AGAIN_MS);
    this.later = setTimeout(() => {
      this.later = 0;
      this.call();
    }, FIRST_MS); // values come first
  },
  unmounted() {
    for (const off of this.offs) off();
    clearInterval(this.timer);
    clearTimeout(this.later);
    this.grid.end();
  },
  methods: {
    live() {
      return this.state === "live" && line.state === "alive";
    },
    take(all, moving) {
      // counted by sequence counts, so that updates that were left out count too
      let fresh = false;
      for (const u of all) {
        const k = `${u.s} ${u.apid}`,
          now = performance.now();
        let r = this.rows.get(k);
        if (!r) {
          this.rows.set(
            k,
            (r = { k, s: u.s, apid: u.apid, name: this.names?.get(k) ?? "", past: [], total: 0, length: u.length }),
          );
          fresh = true;
        }
        if (r.seq != null && u.seq != null) r.total += (u.seq - r.seq + COUNTS) % COUNTS;
        r.seq = u.seq;
        r.length = 0.8 * r.length + 0.2 * u.length;
        if (moving) {
          r.seen = now;
          r.past.push([now, r.total]);
          while (r.past.length > 2 && r.past[0][0] < now - WINDOW_S * 1000) r.past.shift();
        }
      }
      if (this.grid.state === "loading") this.grid.state = "";
      if (fresh || !this.rows.size) {
        if (new Set([...this.rows.values()].map((r) => r.s)).size > 1) {
          this.grid.columns[1].from = 380;
          this.grid.lay();
        }
        this.grid.set([...this.rows.values()].sort((a, b) => (a.s === b.s ? a.apid - b.apid : a.s < b.s ? -1 : 1)));
      }
      if (fresh && this.names && !this.later)
        this.later = setTimeout(() => {
          this.later = 0;
          this.call();
        }, NAMED_MS); // an application process that has no name yet
      this.grid.ask();
    },
    rate(r) {
      const p = r.past;
      return p.length > 1 && p.at(-1)[0] > p[0][0] ? ((p.at(-1)[1] - p[0][1]) / (p.at(-1)[0] - p[0][0])) * 60000 : null;
    },
    quiet(r) {
      const v = this.rate(r);
      return v && gone(r) > Math.max(10, (QUIET_STEPS * 60) / v);
    }, // for some of its usual steps nothing came
    async named(r) {
      const query = { apid: r.apid, spacecraft: r.s, order: "desc", limit: 20 },
        told = (await (await ask("packets", query)).json()).items.find((p) => p.container);
      return told ? short(told.container) : "";
    },
    async call() {
      // the archive knows their names
      try {
        this.names = await packetNames("*");
        this.rare ??= new Map();
        const unnamed = [...this.rows.values()].filter((r) => !this.names.has(r.k) && !this.rare.has(r.k)).slice(0, AT_ONCE);
        for (const r of unnamed) this.rare.set(r.k, await this.named(r)); // one that comes rarely is asked for by itself
        for (const r of this.rows.values()) r.name = this.names.get(r.k) ?? this.rare.get(r.k) ?? "";
        this.grid.ask();
      } catch {
        /* numbers alone, then */
      }
    },
  },
};
