// Alarms that stand or are shelved, of the agency and those shared with it; worst first. Letters act on the marked ones, else on the chosen one.
import { Grid } from "aelita-grid";
import { line, subscribe, watch } from "aelita-bus";
import { number, remember, say, span } from "aelita-face";
const KEYS = { KeyA: "acknowledge", KeyS: "shelve", KeyU: "unshelve", KeyR: "assign", KeyC: "clear" },
  MOST_LIVE = 500,
  TWO_KEYS_MS = 1200;
const key = (r) => `${r.owner}/${r.alarm}`;
const shelved = (r) => r.phase === "shelved" || r.shelved_until != null,
  HELD = ["suppressed by design", "out of service"];
const parameter = (r) => {
  const at = r.alarm.indexOf(":/");
  return at < 0 ? "" : r.alarm.slice(at + 1);
};
const now = () => (line.tick ? Date.parse(line.tick.mission) : NaN);
const state = (v, r) =>
  r.calls
    ? say("alarms.calls")
    : shelved(r)
      ? say("alarms.is.shelved") + (r.shelved_until ? " · " + span((Date.parse(r.shelved_until) - now()) / 1000) : "")
      : say("alarms.phase." + v);
export default {
  template: `<div class="e-wrap"><div class="al-top"><span v-for="c in counts" :key="c[0]" :data-count="c[0]" :class="{hot: c[0]==='calling' && c[2]}">{{c[1]}}: <b>{{known ? c[2] : word('unknown')}}</b></span><span v-if="!known" class="st st-stale">{{word('alarms.unknown.hint')}}</span><span class="grow"></span>
    <template v-if="marks"><span data-marked>{{word('alarms.marked')}}: <b>{{marks}}</b></span><button v-for="a in acts" :key="a[0]" class="a-btn small" type="button" :data-all="a[0]" :aria-disabled="!a[3]" :title="a[3] ? a[1] + ' (' + a[2] + ')' : a[4]" @click="a[3] && act(a[0])">{{a[1]}}<kbd>{{a[2]}}</kbd></button><button class="a-btn small flat" type="button" data-unmark @click="mark([])">{{word('alarms.unmark')}}</button></template>
    <button v-else class="a-btn small flat" type="button" data-mark-all @click="all()">{{word('alarms.mark.all')}}</button></div>
    <div class="e-list"></div><div class="g-foot"><span class="wide-only">{{word('alarms.keys')}}</span></div></div>`,
  props: { show: String, q: String, at: String, label: String, doing: String, agency: String, may: Array },
  data: () => ({ state: "connecting", standing: 0, calling: 0, away: 0, marks: 0 }),
  computed: {
    known() {
      return this.state === "live";
    },
    counts() {
      return [
        ["calling", say("alarms.calling"), this.calling],
        ["standing", say("alarms.standing"), this.standing],
        ["shelved", say("alarms.shelved"), this.away],
      ];
    },
    acts() {
      const needed = { acknowledge: "alarm.acknowledge", shelve: "alarm.shelve", assign: "alarm.assign" };
      return [
        ["acknowledge", "A"],
        ["shelve", "S"],
        ["assign", "R"],
      ].map(([act, letter]) => [
        act,
        say("alarms." + act),
        letter,
        !this.may || this.may.includes(needed[act]),
        `${say("act.forbidden")}: ${needed[act]}`,
      ]);
    },
  },
  mounted() {
    Object.assign(this, {
      rows: new Map(),
      which: this.show || "all",
      words: this.q || "",
      wanted: this.at,
      marked: new Set(),
      live: new Map(),
      liveState: "connecting",
      asked: "",
      first: 0,
    });
    this.grid = new Grid(this.$el.querySelector(".e-list"), {
      label: this.label,
      key: "id",
      empty: [say("alarms.none"), say("alarms.none.hint")],
      order: null,
      columns: [
        {
          key: "mark",
          title: "✓",
          width: 34,
          value: (r) => this.marked.has(r.id),
          show: (v) => (v ? "☑" : "☐"),
          draw: (e, v) => {
            e.firstChild.className = "al-mark" + (v ? " on" : "");
          },
        },
        { key: "severity", title: say("column.severity"), width: 138, kind: "severity" },
        {
          key: "phase",
          title: say("column.state"),
          width: 126,
          show: state,
          draw: (e, v, r) => {
            e.firstChild.className = "al " + (r.calls ? "calls" : shelved(r) || HELD.includes(v) ? "away" : "");
          },
        },
        {
          key: "title",
          title: say("column.alarm"),
          width: "minmax(140px,2.6fr)",
          value: (r) => (this.agency && r.owner !== this.agency ? `${r.owner} · ` : "") + (r.title || r.alarm),
        },
        {
          key: "parameter",
          title: say("column.parameter"),
          width: "minmax(110px,1.2fr)",
          kind: "mono",
          value: (r) => parameter(r).split("/").pop(),
          from: 1180,
        },
        { key: "value", title: say("alarms.trigger"), width: "minmax(92px,1fr)", kind: "mono", cls: "v", from: 780 },
        {
          key: "live",
          title: say("alarms.live"),
          width: 112,
          value: (r) => this.told(r),
          show: (v) => v?.text ?? "",
          order: (r) => this.told(r)?.value,
          draw: (e, v) => {
            e.firstChild.className = v ? "mono st st" + v.level : "";
          },
          from: 640,
        },
        { key: "since", title: say("column.since"), width: 166, kind: "seconds", from: 940 },
        { key: "age", title: say("column.age"), width: 112, kind: "span" },
        {
          key: "counts",
          title: say("column.times"),
          width: 62,
          kind: "count",
          value: (r) => r.counts?.times || r.occurrence,
          from: 1080,
        },
        { key: "owner", title: say("column.owner"), width: 86, cls: "d", from: 980 },
        { key: "acknowledged_by", title: say("column.acknowledged"), width: "minmax(90px,.8fr)", cls: "d", from: 1280 },
        {
          key: "role",
          title: say("column.assigned"),
          width: "minmax(90px,.8fr)",
          cls: "d",
          value: (r) => [r.role, r.person].filter(Boolean).join(" · "),
          from: 1380,
        },
      ],
      rowClass: (r) =>
        `${this.known ? "l" + r.severity : "stale"}${r.calls ? " calls" : ""}${shelved(r) ? " away" : ""}${this.marked.has(r.id) ? " marked" : ""}`,
      select: (r) => {
        remember({ alarm: key(r) });
        this.$emit("select", { ...r });
      },
      open: (r) => r.calls && this.act("acknowledge"),
    });
    this.$el.querySelector(".e-list").addEventListener(
      "click",
      (e) => {
        const cell = e.target.closest(".g-row > span:first-child");
        if (cell) {
          e.stopPropagation();
          this.turn(this.grid.seen[+cell.parentNode.dataset.i]);
        }
      },
      true,
    );
    this.off = subscribe(
      { topic: "alarms", rate_hz: 2 },
      {
        snapshot: (all) => {
          this.rows = new Map();
          this.take(all);
        },
        updates: (all) => this.take(all),
        state: (s) => {
          this.state = s;
          this.grid.ask();
        },
      },
    );
    this.offTick = watch((l) => {
      if (l.tick && !this.ticked) {
        this.ticked = true;
        if (this.rows.size) this.look();
      }
    });
    this.clock = setInterval(() => {
      if (!document.hidden && this.known) this.look();
    }, 5000);
    document.addEventListener("keydown", this.keys, true);
  },
  unmounted() {
    this.off();
    this.offTick();
    this.offLive?.();
    clearInterval(this.clock);
    document.removeEventListener("keydown", this.keys, true);
    this.grid.end();
  },
  methods: {
    word: say,
    take(all) {
      for (const r of all)
        if (r.gone) {
          this.rows.delete(key(r));
          this.marked.delete(key(r));
        } else this.rows.set(key(r), { ...r, id: key(r) });
      if (this.grid.state === "loading") this.grid.state = "";
      this.look();
      this.follow();
      if (this.wanted) {
        const i = this.grid.seen.findIndex((r) => r.id === this.wanted);
        if (i >= 0) {
          this.wanted = "";
          this.grid.go(i);
          if (this.doing) setTimeout(() => this.act(this.doing), 300);
        }
      }
      const row = this.grid.row(),
        fresh = row && all.find((r) => key(r) === row.id);
      if (fresh) this.$emit("select", { ...fresh, id: row.id });
    },
    look() {
      const at = now(),
        words = this.words.toLowerCase().split(/\s+/).filter(Boolean),
        rows = [...this.rows.values()];
      const standing = rows.filter((r) => !r.quiet && !shelved(r)),
        away = rows.filter((r) => shelved(r));
      Object.assign(this, {
        standing: standing.length,
        calling: standing.filter((r) => r.calls).length,
        away: away.length,
        marks: this.marked.size,
      });
      const chosen =
        { calling: standing.filter((r) => r.calls), shelved: away, all: rows.filter((r) => !r.quiet || shelved(r)), quiet: rows }[
          this.which
        ] ?? rows;
      for (const r of chosen) r.age = r.since ? (at - Date.parse(r.since)) / 1000 : null;
      const worst = (r) => (r.calls ? 100 : 0) + r.severity * 10 - (shelved(r) ? 1000 : 0);
      this.grid.set(
        chosen
          .filter((r) => {
            const t = JSON.stringify([r.title, r.alarm, r.owner, r.value, r.role, r.person]).toLowerCase();
            return words.every((w) => t.includes(w));
          })
          .sort((a, b) => worst(b) - worst(a) || (b.since ?? "").localeCompare(a.since ?? "")),
      );
    },
    follow() {
      // the values of now of the parameters that alarms are about
      const names = [...new Set([...this.rows.values()].map(parameter).filter(Boolean))].sort().slice(0, MOST_LIVE),
        asked = names.join();
      if (asked === this.asked) return;
      this.asked = asked;
      this.offLive?.();
      this.live = new Map();
      this.offLive = null;
      if (!names.length) return;
      const take = (all) => {
        for (const u of all) this.live.set(`${u.s}/${u.n}`, { ...this.live.get(`${u.s}/${u.n}`), ...u });
        this.grid.ask();
      };
      this.offLive = subscribe(
        { topic: "parameters", names, rate_hz: 1 },
        {
          snapshot: take,
          updates: take,
          state: (s) => {
            this.liveState = s;
            this.grid.ask();
          },
        },
      );
    },
    told(r) {
      const name = parameter(r),
        craft = r.alarm.slice(0, r.alarm.indexOf(":/")).split(":")[1],
        u = name && (craft ? this.live.get(`${craft}/${name}`) : [...this.live.values()].find((one) => one.n === name));
      return u
        ? {
            text: `${number(u.v)}${u.u ? " " + u.u : ""}`,
            value: u.v,
            level: this.liveState !== "live" || r.stale ? "-stale" : Number.isInteger(u.l) ? u.l : "-none",
          }
        : null;
    },
    pick(which) {
      this.which = which;
      remember({ show: which === "all" ? "" : which });
      this.look();
    },
    search(text) {
      this.words = text;
      remember({ q: text });
      this.look();
    },
    turn(r) {
      if (this.marked.has(r.id)) this.marked.delete(r.id);
      else this.marked.add(r.id);
      this.marks = this.marked.size;
      this.grid.ask();
    },
    mark(rows) {
      this.marked = new Set(rows.map((r) => r.id));
      this.marks = this.marked.size;
      this.grid.ask();
    },
    all() {
      this.mark(this.grid.seen);
    },
    keep(doing) {
      remember({ doing });
    },
    act(act) {
      const rows = this.marked.size
        ? [...this.rows.values()].filter((r) => this.marked.has(r.id))
        : [this.grid.row()].filter(Boolean);
      if (rows.length) this.$emit("act", { act, rows: rows.map((r) => ({ ...r })) });
    },
    keys(e) {
      // on the whole page, but not while one types, and not the second letter of a pair that goes to another page
      if (
        e.target.closest?.("input,textarea,select,[contenteditable],[role=dialog]") ||
        document.querySelector(".q-dialog") ||
        e.altKey
      )
        return;
      if (e.ctrlKey || e.metaKey) {
        if (e.code === "KeyA" && this.$el.contains(document.activeElement)) {
          e.preventDefault();
          this.all();
        }
        return;
      }
      if (e.code === "KeyG") {
        this.first = performance.now();
        return;
      }
      if (performance.now() - this.first < TWO_KEYS_MS) {
        this.first = 0;
        return;
      }
      const go = { KeyJ: this.grid.at + 1, KeyK: Math.max(0, this.grid.at - 1) }[e.code],
        here = this.grid.row();
      if (go != null) this.grid.go(go);
      else if ((e.code === "KeyX" || (e.code === "Space" && this.$el.contains(document.activeElement))) && here) this.turn(here);
      else if (e.key === "Escape" && this.marks) this.mark([]);
      else if (KEYS[e.code] && (here || this.marks)) this.act(KEYS[e.code]);
      else return;
      e.preventDefault();
      e.stopPropagation();
    },
  },
};
