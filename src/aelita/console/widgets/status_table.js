// A list within the picture of the complex (services, streams, agencies, links, counts), as it changes.
import { Grid } from "aelita-grid";
import { subscribe } from "aelita-bus";
import { say } from "aelita-face";
const stream = (name) => {
  const from = /^FROM_(.+)_([A-Z]+)$/.exec(name),
    word = (kind) => {
      const told = say("stream." + kind);
      return told.startsWith("stream.") ? kind : told;
    };
  return from ? `${word(from[2])} ${say("stream.of")} ${from[1].toLowerCase()}` : word(name);
};
const GOOD = { well: 0, starting: 1, faulty: 2, silent: "-stale", down: 4, true: 0, false: 4 };
export default {
  template: "<div></div>",
  props: { part: String, columns: Array, label: String, only: Object, empty: Array },
  mounted() {
    this.state = "connecting";
    const columns = this.columns.map((c) =>
      c.kind === "state"
        ? {
            ...c,
            kind: "text",
            show: (v) => say(this.state === "live" ? "service." + v : "unknown"),
            draw: (e, v) => {
              e.firstChild.className = "st st" + (this.state === "live" ? (GOOD[v] ?? "-none") : "-stale");
            },
          }
        : c.kind === "stream"
          ? { ...c, kind: "text", show: stream }
          : { ...c },
    );
    this.grid = new Grid(this.$el, {
      columns,
      label: this.label,
      empty: this.empty,
      rowClass: (r) => (this.state === "live" && r.alive !== false ? "" : "stale"),
      select: (r) => this.$emit("select", r),
    });
    this.grid.same = (a, b) => this.ident(a) === this.ident(b);
    this.grid.say("loading");
    const take = (all) => {
      const last = Object.assign({}, ...all);
      if (!last[this.part]) return;
      if (this.grid.state === "loading") this.grid.state = "";
      this.grid.set(last[this.part].filter((r) => Object.entries(this.only ?? {}).every(([k, v]) => r[k] === v)));
    };
    this.off = subscribe(
      { topic: "status", rate_hz: 1 },
      {
        snapshot: take,
        updates: take,
        state: (s) => {
          this.state = s;
          this.grid.drawn.forEach((r) => r.remove());
          this.grid.drawn.clear();
          this.grid.ask();
        },
      },
    );
  },
  unmounted() {
    this.off();
    this.grid.end();
  },
  methods: {
    ident(r) {
      return [r.agency, r.key, r.service, r.name, r.spacecraft, r.station].join("|");
    },
  },
};
