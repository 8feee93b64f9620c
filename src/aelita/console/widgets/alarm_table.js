// Alarms that stand or are shelved, of the agency and those shared with it; worst first. Letters act on the chosen one.
import { Grid } from "aelita-grid";
import { line, subscribe } from "aelita-bus";
import { remember, say } from "aelita-face";
const KEYS = { KeyA: "acknowledge", KeyS: "shelve", KeyU: "unshelve", KeyR: "assign", KeyC: "clear", KeyH: "history" };
const key = (r) => `${r.owner}/${r.alarm}`;
const shelved = (r) => r.phase === "shelved" || r.shelved_until != null, HELD = ["suppressed by design", "out of service"];
export default {
  template: `<div class="e-wrap"><div class="e-list" @keydown="keys"></div><div class="g-foot"><span v-for="c in counts" :key="c[0]" :data-count="c[0]">{{c[1]}}: {{known ? c[2] : word('unknown')}}</span><span v-if="!known" class="st st-stale">{{word('alarms.unknown.hint')}}</span><span class="grow"></span><span class="wide-only">{{word('alarms.keys')}}</span></div></div>`,
  props: { show: String, q: String, at: String, label: String, agency: String },
  data: () => ({ state: "connecting", standing: 0, calling: 0, away: 0 }),
  computed: {
    known() { return this.state === "live"; },
    counts() { return [["calling", say("alarms.calling"), this.calling], ["standing", say("alarms.standing"), this.standing], ["shelved", say("alarms.shelved"), this.away]]; },
  },
  mounted() {
    Object.assign(this, { all: new Map(), which: this.show || "all", words: this.q || "", wanted: this.at });
    this.grid = new Grid(this.$el.querySelector(".e-list"), {
      label: this.label, key: "id", empty: [say("alarms.none"), say("alarms.none.hint")], order: null,
      columns: [
        { key: "severity", title: say("column.severity"), width: 130, kind: "severity" },
        { key: "phase", title: say("column.state"), width: 132, show: (v, r) => say(r.calls ? "alarms.calls" : shelved(r) ? "alarms.is.shelved" : "alarms.phase." + v), draw: (e, v, r) => { e.firstChild.className = "al " + (r.calls ? "calls" : shelved(r) || HELD.includes(v) ? "away" : ""); } },
        { key: "title", title: say("column.alarm"), width: "minmax(170px,2.4fr)", value: (r) => r.title || r.alarm },
        { key: "value", title: say("column.value"), width: "minmax(118px,1.2fr)", kind: "mono", cls: "v", from: 640 },
        { key: "since", title: say("column.since"), width: "172px", kind: "seconds" },
        { key: "age", title: say("column.age"), width: 100, kind: "span", value: (r) => r.age, from: 1150 },
        { key: "counts", title: say("column.times"), width: 62, kind: "count", value: (r) => r.counts?.times || r.occurrence, from: 900 },
        { key: "owner", title: say("column.owner"), width: 86, cls: "d", from: 700 },
        { key: "acknowledged_by", title: say("column.acknowledged"), width: "minmax(90px,.8fr)", cls: "d", from: 980 },
        { key: "role", title: say("column.assigned"), width: "minmax(90px,.8fr)", cls: "d", value: (r) => [r.role, r.person].filter(Boolean).join(" · "), from: 1060 },
      ],
      rowClass: (r) => `${this.known ? "l" + r.severity : "stale"}${r.calls ? " calls" : ""}${shelved(r) ? " away" : ""}`,
      select: (r) => { remember({ alarm: key(r) }); this.$emit("select", r); }, open: (r) => this.$emit("act", { act: r.calls ? "acknowledge" : "history", row: r }),
    });
    this.off = subscribe({ topic: "alarms", rate_hz: 2 }, { snapshot: (all) => { this.all = new Map(); this.take(all); }, updates: (all) => this.take(all), state: (s) => { this.state = s; this.grid.ask(); } });
    this.clock = setInterval(() => { if (!document.hidden && this.known) this.look(); }, 5000);
  },
  unmounted() { this.off(); clearInterval(this.clock); this.grid.end(); },
  methods: {
    word: say,
    take(all) {
      for (const r of all) if (r.gone) this.all.delete(key(r)); else this.all.set(key(r), { ...r, id: key(r) });
      if (this.grid.state === "loading") this.grid.state = "";
      this.look();
      if (this.wanted) { const i = this.grid.seen.findIndex((r) => r.id === this.wanted); if (i >= 0) { this.wanted = ""; this.grid.go(i); } }
      const row = this.grid.row(), now = row && all.find((r) => key(r) === row.id); if (now) this.$emit("select", { ...now, id: row.id });
    },
    look() {
      const now = line.tick ? Date.parse(line.tick.mission) : NaN, words = this.words.toLowerCase().split(/\s+/).filter(Boolean), rows = [...this.all.values()];
      const standing = rows.filter((r) => !r.quiet && !shelved(r)), away = rows.filter((r) => shelved(r));
      Object.assign(this, { standing: standing.length, calling: standing.filter((r) => r.calls).length, away: away.length });
      const chosen = { calling: standing.filter((r) => r.calls), shelved: away, all: rows.filter((r) => !r.quiet || shelved(r)), quiet: rows }[this.which] ?? rows;
      for (const r of chosen) r.age = r.since ? (now - Date.parse(r.since)) / 1000 : null;
      const worst = (r) => (r.calls ? 100 : 0) + r.severity * 10 - (shelved(r) ? 1000 : 0);
      this.grid.set(chosen.filter((r) => { const t = JSON.stringify([r.title, r.alarm, r.owner, r.value, r.role, r.person]).toLowerCase(); return words.every((w) => t.includes(w)); }).sort((a, b) => worst(b) - worst(a) || (b.since ?? "").localeCompare(a.since ?? "")));
    },
    pick(which) { this.which = which; remember({ show: which === "all" ? "" : which }); this.look(); },
    search(text) { this.words = text; remember({ q: text }); this.look(); },
    keys(e) { const act = KEYS[e.code]; if (act && !e.ctrlKey && !e.metaKey && !e.altKey && this.grid.row()) { e.preventDefault(); e.stopPropagation(); this.$emit("act", { act, row: { ...this.grid.row() } }); } },
    focus() { this.grid.body.focus(); },
  },
};
