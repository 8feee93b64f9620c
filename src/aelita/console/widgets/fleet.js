// Each spacecraft of the complex: its time, its distance in light time, who hears it, what comes of it, what is missing.
import { Grid } from "aelita-grid";
import { subscribe, watch, line } from "aelita-bus";
import { say, instant, fromMs, light, span } from "aelita-face";
const AGAIN_MS = 1000;
export default {
  template: "<div></div>",
  props: { label: String },
  mounted() {
    this.state = "connecting";
    this.told = {};
    const total = (list, key) => {
      const known = list.map((o) => o[key]).filter((v) => v != null);
      return known.length ? known.reduce((a, b) => a + b, 0) : null;
    };
    const of = (r, what) => (this.told[what] ?? []).filter((o) => o.spacecraft === r.key);
    const heard = (r) => of(r, "links").filter((o) => o.alive && o.lock === "locked"),
      craft = (r) => (line.tick?.spacecraft ?? []).find((o) => o.spacecraft === r.key);
    const columns = [
      { key: "key", title: say("column.spacecraft"), width: "minmax(76px,.8fr)" },
      {
        key: "heard",
        title: say("column.heard"),
        width: "minmax(120px,1.4fr)",
        value: (r) =>
          heard(r)
            .map((o) => o.station)
            .join(", "),
        show: (v) => v || say("overview.unheard"),
        draw: (e, v) => {
          e.firstChild.className = "st " + (this.live() ? (v ? "st0" : "st2") : "st-stale");
          if (!this.live()) e.firstChild.textContent = say("unknown");
        },
      },
      { key: "rate", title: say("column.rate"), kind: "bits", width: 104, value: (r) => total(heard(r), "bit_rate") },
      {
        key: "last",
        title: say("column.last"),
        kind: "span",
        width: 112,
        value: (r) => {
          const all = of(r, "links")
            .map((o) => o.last_frame_s)
            .filter((v) => v != null);
          return all.length ? Math.min(...all) : null;
        },
      },
      {
        key: "scet",
        title: say("clock.scet"),
        kind: "mono",
        width: 166,
        from: 760,
        value: (r) => {
          const c = craft(r);
          return c
            ? instant(
                fromMs(
                  Date.parse(line.tick.mission) +
                    (line.state === "alive" ? (performance.now() - line.at) * (line.tick.speed ?? 1) : 0) -
                    c.owlt_s * 1000,
                ),
                0,
              )
            : "–";
        },
      },
      {
        key: "owlt",
        title: say("clock.owlt"),
        kind: "mono",
        cls: "r",
        width: 108,
        from: 560,
        value: (r) => craft(r)?.owlt_s,
        show: light,
      },
      {
        key: "lag",
        title: say("overview.archive"),
        kind: "span",
        width: 112,
        from: 900,
        value: (r) => Math.max(-1, ...of(r, "counts").map((o) => o.archive_lag_s ?? -1)),
        show: (v) => (v < 0 ? "–" : span(v)),
      },
      {
        key: "holes",
        title: say("column.holes"),
        kind: "count",
        width: 84,
        from: 480,
        value: (r) => total(of(r, "counts"), "holes"),
      },
    ];
    this.grid = new Grid(this.$el, {
      columns,
      label: this.label,
      key: "key",
      empty: [say("overview.no.fleet"), say("overview.no.fleet.hint")],
      rowClass: () => (this.live() ? "" : "stale"),
      open: (r) => this.$emit("open", r),
    });
    this.grid.say("loading");
    const take = (all) => {
      this.told = Object.assign({}, this.told, ...all);
      this.grid.state = this.grid.state === "loading" ? "" : this.grid.state;
      this.grid.set((this.told.spacecraft ?? []).map((key) => ({ key })));
    };
    this.offs = [
      watch(() => this.grid.ask()),
      subscribe(
        { topic: "status", rate_hz: 1 },
        {
          snapshot: take,
          updates: take,
          state: (s) => {
            this.state = s;
            this.again();
          },
        },
      ),
    ];
    this.timer = setInterval(() => {
      if (!document.hidden) this.grid.ask();
    }, AGAIN_MS);
  },
  unmounted() {
    for (const off of this.offs) off();
    clearInterval(this.timer);
    this.grid.end();
  },
  methods: {
    live() {
      return this.state === "live" && line.state === "alive";
    },
    again() {
      this.grid.drawn.forEach((r) => r.remove());
      this.grid.drawn.clear();
      this.grid.ask();
    },
  },
};
