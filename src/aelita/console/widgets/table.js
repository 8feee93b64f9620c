// A table of what the interface lists: read by fetch, page after page as one scrolls, kept fresh by a topic of the bus when one is given.
import { Grid } from "aelita-grid";
import { subscribe, watch } from "aelita-bus";
import { ask, say, chosen, whichTime } from "aelita-face";
const SOON_MS = 200; // what comes together is read once
export default {
  template: "<div></div>",
  props: {
    columns: Array,
    source: String,
    query: Object,
    topic: Object,
    rowKey: String,
    label: String,
    empty: Array,
    levels: String,
    given: Array,
    order: Object,
    newestFirst: Boolean,
    every: Number,
    at: String,
    pick: String,
    only: Object,
    again: Boolean,
    most: { type: Number, default: 20000 },
  },
  mounted() {
    this.stale = false;
    this.$el.aelita = this;
    this.wanted = this.at;
    const worded = (c) =>
      c.words
        ? {
            ...c,
            show: (v) => {
              const k = c.words + v,
                told = say(k);
              return v == null ? "–" : told === k ? String(v) : told;
            },
          }
        : c;
    const columns = this.columns
      .map(worded)
      .map((c) =>
        c.ert
          ? { ...c, title: whichTime, value: (r) => chosen(r, c.key, c.ert) }
          : { ...c, value: c.key.includes(".") ? (r) => c.key.split(".").reduce((o, k) => o?.[k], r) : undefined },
      );
    this.grid = new Grid(this.$el, {
      columns,
      label: this.label,
      key: this.rowKey,
      empty: this.empty,
      order: this.order,
      rowClass: (r) => (this.stale ? "stale" : this.levels && Number.isInteger(r[this.levels]) ? "l" + r[this.levels] : ""),
      select: (r) => this.$emit("select", r),
      open: (r) => this.$emit("open", r),
      more: () => this.more(),
    });
    this.asked = this.query ?? {};
    if (this.given) this.grid.set(this.given);
    else if (this.source) this.read();
    const soon = () => {
      clearTimeout(this.soon);
      this.soon = setTimeout(() => {
        if (!this.next || !this.grid.body.scrollTop) this.read(true);
      }, SOON_MS);
    };
    if (this.topic)
      this.off = subscribe(this.topic, {
        snapshot: (all) => {
          if (this.again) soon();
          else if (!this.source) this.take(all, true);
        },
        updates: (all) => (this.again ? soon() : this.take(all, false)),
        state: (s) => {
          this.stale = s === "stale" || s === "lost";
          if (this.again && s === "live") soon();
          this.grid.ask();
        },
      });
    if (this.every && this.source)
      this.offLine = watch((l) => {
        if (l.state === "dead") this.turn(true);
      }); // what is read again by a clock is old when the centre is not heard
    if (this.every && this.source)
      this.clock = setInterval(() => {
        if (!document.hidden && (!this.next || !this.grid.body.scrollTop)) this.read(true); // not under who reads further down
      }, this.every * 1000);
  },
  unmounted() {
    this.off?.();
    this.offLine?.();
    clearInterval(this.clock);
    clearTimeout(this.soon);
    this.stop?.abort();
    this.grid.end();
  },
  methods: {
    async read(quiet = false) {
      this.stop?.abort();
      const stop = (this.stop = new AbortController());
      if (!quiet) {
        this.next = null;
        this.grid.say("loading");
      }
      try {
        const told = await (await ask(this.source, this.asked, { signal: stop.signal })).json();
        this.next = told.next ?? null;
        this.grid.state = "";
        this.turn(false);
        this.grid.set(this.pick ? told[this.pick] : Array.isArray(told) ? told : (told.items ?? []));
        if (this.wanted) {
          const key = this.wanted;
          this.wanted = "";
          this.point(key);
        }
        this.$emit("loaded", { count: this.grid.rows.length, more: this.next != null });
      } catch (error) {
        if (error.name === "AbortError") return;
        if (quiet) this.turn(true);
        else this.grid.say("bad", error.status ? error.message : say("centre.lost"), error.remedy, () => this.read());
      }
    },
    async more() {
      if (!this.next || this.reading || this.grid.rows.length >= this.most) return;
      this.reading = true;
      try {
        const told = await (await ask(this.source, { ...this.asked, after: this.next })).json();
        this.next = told.next ?? null;
        this.grid.set(this.grid.rows.concat(told.items ?? []));
        this.$emit("loaded", { count: this.grid.rows.length, more: this.next != null });
      } catch {
        this.next = null;
      }
      this.reading = false;
    },
    take(updates, whole) {
      let rows = whole ? [] : this.grid.rows;
      if (this.rowKey) {
        const of = (r) =>
            this.rowKey
              .split("+")
              .map((k) => r[k])
              .join("/"),
          by = new Map(rows.map((r) => [of(r), r]));
        for (const u of updates) {
          const row = { ...by.get(of(u)), ...u };
          if (u.gone || u.quiet || Object.entries(this.only ?? {}).some(([k, v]) => row[k] !== v)) by.delete(of(u));
          else by.set(of(u), row);
        }
        rows = [...by.values()];
      } else rows = this.newestFirst ? [...updates].reverse().concat(rows) : rows.concat(updates);
      if (this.grid.state === "empty" || this.grid.state === "loading") this.grid.state = "";
      this.grid.set(rows.slice(0, this.most));
    },
    ask(query) {
      this.asked = query;
      this.read();
    },
    rows(rows) {
      this.grid.state = "";
      this.grid.set(rows);
    },
    search(text) {
      const words = text.toLowerCase().split(/\s+/).filter(Boolean);
      this.grid.filter(
        words.length
          ? (r) => {
              const all = JSON.stringify(r).toLowerCase();
              return words.every((w) => all.includes(w));
            }
          : null,
      );
    },
    turn(stale) {
      if (stale !== this.stale) {
        this.stale = stale;
        this.grid.ask();
      }
    },
    seek(key) {
      this.wanted = key;
      this.read(true);
    },
    point(key) {
      const of = (r) =>
        this.rowKey
          .split("+")
          .map((k) => r[k])
          .join("/");
      this.grid.at = this.grid.seen.findIndex((r) => of(r) === key);
      if (this.grid.at >= 0) this.grid.go(this.grid.at);
    },
  },
};
