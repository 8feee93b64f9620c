// Events of the archive with those that come, newest first: one list, each event once. Reports of spacecraft, or limit transitions.
import { Grid } from "aelita-grid";
import { subscribe } from "aelita-bus";
import { ask, make, remember, say } from "aelita-face";
const MOST = 50000,
  SHAPE = { unjudged: "-none", information: 0, info: 0, low: 1, medium: 2, high: 4 };
const LEVEL = { unjudged: 0, information: 1, info: 1, low: 2, medium: 3, high: 4 },
  LIMIT = { normal: 0, watch: 1, warning: 2, distress: 3, critical: 4, severe: 5 };
const plain = (v, r) =>
  [`${r.name}, `, `severity ${r.level}, `].reduce(
    (text, begin) => (text.startsWith(begin) ? text.slice(begin.length) : text),
    v ?? "",
  ); // name and severity stand in their columns
const level = (r) => (r.kind === "limit" ? r.severity : (LEVEL[r.level] ?? 0));
export default {
  template: `<div class="e-wrap"><div class="e-list"></div><div class="g-foot"><span data-count>{{count}} {{word('events.rows')}}</span><span v-if="waiting" class="e-new"><button class="a-btn small" type="button" @click="hold(false)">{{waiting}} {{word('events.waiting')}}</button></span><span v-if="state==='stale'||state==='lost'" class="st st-stale">{{word('events.stopped')}}</span><span v-if="dropped">{{dropped}} {{word('telemetry.dropped')}}</span></div></div>`,
  props: {
    kind: String,
    severity: Number,
    q: String,
    start: String,
    stop: String,
    spacecraft: String,
    source: String,
    origins: Object,
    at: String,
    label: String,
  },
  data: () => ({ count: 0, waiting: 0, state: "connecting", dropped: 0 }),
  mounted() {
    Object.assign(this, {
      rows: [],
      known: new Set(),
      kept: [],
      held: false,
      wanted: this.at,
      asked: {
        kind: this.kind || "report",
        severity: this.severity || 0,
        q: this.q || "",
        start: this.start || "",
        stop: this.stop || "",
        spacecraft: this.spacecraft || "",
        source: this.source || "",
      },
    });
    this.grid = new Grid(this.$el.querySelector(".e-list"), {
      label: this.label,
      empty: [say("overview.no.events"), say("events.none.hint")],
      columns: [
        { key: "utc", title: say("column.time"), width: 196, kind: "time" },
        { key: "spacecraft", title: say("column.spacecraft"), width: 82, cls: "d", from: 760 },
        {
          key: "source",
          title: say("column.source"),
          width: "minmax(76px,.7fr)",
          cls: "d",
          from: 980,
          show: (v, r) => (v == null ? say("events.live") : (this.origins?.[v]?.name ?? String(v))),
        },
        {
          key: "level",
          title: say("column.severity"),
          width: 118,
          value: level,
          show: (v, r) => say("severity." + (r.kind === "limit" ? v : r.level)),
          draw: (e, v, r) => {
            e.firstChild.className = "st st" + (r.kind === "limit" ? v : (SHAPE[r.level] ?? "-none"));
          },
        },
        { key: "name", title: say("column.name"), width: "minmax(110px,1fr)", kind: "mono", from: 560 },
        { key: "message", title: say("column.event"), width: "minmax(160px,2.4fr)", show: plain },
      ],
      rowClass: (r) =>
        (r.kind === "limit" ? "l" + r.severity : r.level === "high" ? "l4" : r.level === "medium" ? "l2" : "") +
        (r.fresh ? " fresh" : ""),
      select: (r) => {
        remember({ at: r.source == null ? "" : `${r.source}:${r.row}` });
        this.$emit("select", r);
      },
      more: () => this.more(),
    });
    this.off = subscribe(
      { topic: "events", rate_hz: 4 },
      {
        snapshot: (all) => this.take(all, false),
        updates: (all, dropped) => {
          this.dropped += dropped ?? 0;
          this.take(all, true);
        },
        state: (s) => {
          this.state = s;
        },
      },
    );
    this.read();
  },
  unmounted() {
    this.off();
    this.reading?.abort();
    this.grid.end();
  },
  methods: {
    word: say,
    query() {
      const { kind, severity, q, start, stop, spacecraft, source } = this.asked;
      return { severity, search: q, start, stop, spacecraft, source, order: "desc", limit: 500, kind: undefined, path: kind };
    },
    path() {
      return this.asked.kind === "limit" ? "limits" : "events";
    },
    of(r) {
      return this.asked.kind === "limit"
        ? {
            kind: "limit",
            utc: r.utc,
            spacecraft: r.spacecraft,
            severity: r.after,
            name: r.parameter,
            message: `${say("severity." + r.before)} → ${say("severity." + r.after)}${(r.value ?? r.text) ? ` · ${r.text ?? r.value}` : ""}`,
            source: r.source,
            row: r.row,
          }
        : { kind: "report", ...r };
    },
    ident(r) {
      return `${r.spacecraft}|${r.utc}|${r.name}|${r.kind === "limit" ? r.severity : r.message}`;
    },
    async get(after) {
      const { path, kind, ...query } = this.query();
      this.reading = new AbortController();
      return (await ask(this.path(), { ...query, after }, { signal: this.reading.signal })).json();
    },
    async read() {
      this.reading?.abort();
      const live = this.rows.filter((r) => r.live && r.kind === this.asked.kind);
      this.rows = [];
      this.known = new Set();
      this.next = null;
      this.grid.say("loading");
      try {
        const told = await this.get();
        this.next = told.next;
        this.grid.state = "";
        this.add(told.items.map(this.of), false);
        this.add(
          live.filter((r) => this.fits(r)),
          true,
        );
        const i = this.wanted ? this.grid.seen.findIndex((r) => `${r.source}:${r.row}` === this.wanted) : -1;
        this.wanted = "";
        if (i >= 0) this.grid.go(i);
      } catch (error) {
        if (error.name !== "AbortError")
          this.grid.say(
            "bad",
            error.status === 403 ? say("forbidden") : error.status ? error.message : say("centre.lost"),
            error.remedy,
            () => this.read(),
          );
      }
    },
    async more() {
      if (!this.next || this.busy || this.rows.length > MOST) return;
      this.busy = true;
      try {
        const told = await this.get(this.next);
        this.next = told.next;
        this.add(told.items.map(this.of), false);
      } catch {
        /* scrolling asks again */
      }
      this.busy = false;
    },
    add(rows, front) {
      const fresh = rows.filter((r) => {
        const id = this.ident(r);
        return !this.known.has(id) && this.known.add(id);
      });
      if (fresh.length || !this.rows.length) {
        this.rows = front ? fresh.concat(this.rows) : this.rows.concat(fresh);
        this.count = this.rows.length;
        this.grid.set(this.rows);
      }
    },
    take(updates, moving) {
      const rows = updates
        .filter((u) => u.kind === this.asked.kind)
        .map((u) => ({
          kind: u.kind,
          utc: u.t ?? u.rt,
          spacecraft: u.s,
          level: u.severity,
          severity: u.kind === "limit" ? (LIMIT[u.severity] ?? 0) : (LEVEL[u.severity] ?? 0),
          name: u.name,
          message: u.message,
          details: u.details,
          apid: u.apid,
          live: true,
          fresh: moving,
        }))
        .filter((r) => this.fits(r))
        .reverse();
      if (!rows.length) return;
      if (this.held) {
        this.kept = rows.concat(this.kept).slice(0, 2000);
        this.waiting = this.kept.length;
        return;
      }
      if (this.grid.state === "loading") {
        this.kept = rows.concat(this.kept);
        setTimeout(() => {
          const kept = this.kept;
          this.kept = [];
          if (!this.held) this.add(kept, true);
        }, 600);
        return;
      }
      this.grid.state = this.grid.state === "empty" ? "" : this.grid.state;
      this.add(rows, true);
    },
    fits(r) {
      const { severity, q, start, stop, spacecraft, source } = this.asked,
        words = q.toLowerCase().split(/\s+/).filter(Boolean),
        all = `${r.name} ${r.message} ${r.details ?? ""}`.toLowerCase();
      return (
        level(r) >= severity &&
        words.every((w) => all.includes(w)) &&
        (!spacecraft || r.spacecraft === spacecraft) &&
        (!source || !r.live || this.origins?.[source]?.live) && // what has just come is of a live stream
        (!start || (r.utc ?? "") >= start) &&
        !stop
      );
    },
    ask(change) {
      this.asked = { ...this.asked, ...change };
      remember({
        kind: this.asked.kind === "report" ? "" : this.asked.kind,
        severity: this.asked.severity || "",
        q: this.asked.q,
        from: this.asked.start,
        to: this.asked.stop,
        spacecraft: this.asked.spacecraft,
        source: this.asked.source,
      });
      this.read();
    },
    hold(held) {
      this.held = held;
      if (!held) {
        const kept = this.kept;
        this.kept = [];
        this.waiting = 0;
        this.add(kept, true);
      }
    },
    file(form) {
      const { path, kind, limit, ...query } = this.query(),
        url = new URL("/api/v1/" + this.path(), location.origin);
      for (const [k, v] of Object.entries({ ...query, format: form })) if (v !== "" && v != null) url.searchParams.set(k, v);
      const a = make("a");
      a.href = url;
      a.download = `${this.path()}.${form}`;
      document.body.append(a);
      a.click();
      a.remove();
    },
  },
};
