// The ground's copy of the schedule on board: what comes when, how it stands to the last report, what became of what is gone.
import { Axis } from "aelita-axis";
import { line, rereading, single } from "aelita-bus";
import { ask, instant, say, span, unread, waiting } from "aelita-face";
import { Grid } from "aelita-grid";
import { clock, missionNow } from "aelita-stages";
const SOON_MS = 300,
  EACH_MS = 5000,
  TICK_MS = 500,
  BEHIND_MS = 600e3,
  GONE_SHOWN = 100;
const LEVEL = { matches: "0", way: "1", due: "1", unreported: "-none", missing: "4", unknown: "3", time: "2", packet: "3" };
const KINDS = { "missing on board": "missing", "unknown on ground": "unknown", "other time": "time", "other packet": "packet" };
const FATE = { released: "0", "assumed released": "1", "dropped, since release was disabled": "2", deleted: "-none" };
const known = (key, text) => (say(key) === key ? text : say(key));
const pending = (text) =>
  text
    .split(", ")
    .map((one) => known("onboard.pending." + one, one))
    .join(", ");

export function rowsOf(told) {
  // what is scheduled, with what the last report differs in: each with its standing
  const differing = new Map(told.differences.map((d) => [`${d.apid}/${d.count}`, d]));
  const rows = told.coming.map((one) => {
    const d = differing.get(`${one.apid}/${one.count}`);
    if (d) differing.delete(`${one.apid}/${one.count}`);
    const standing = d
      ? KINDS[d.kind]
      : one.pending.startsWith("its time")
        ? "due"
        : one.pending
          ? "way"
          : one.confirmed
            ? "matches"
            : "unreported";
    const note = d?.on_board && d.kind !== "missing on board" ? `${say("onboard.on.board")} ${instant(d.on_board, 0)}` : "";
    return { ...one, standing, note: [note, one.pending && pending(one.pending)].filter(Boolean).join(" · ") };
  });
  for (const d of differing.values())
    rows.push({ ...d, at: d.on_board ?? d.ground, standing: KINDS[d.kind] ?? "unknown", note: "" });
  return rows.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

export default {
  template: `<div class="q-view" :class="{old}"><div ref="over" class="q-over" v-show="!told"></div>
    <section v-show="told" class="a-card q-top" :aria-label="word('onboard.schedule')"><div class="body" v-if="told">
      <div class="q-facts">
        <div><i>{{word('onboard.release')}}</i><span class="st" :class="'st'+(old ? '-stale' : {true:'0',false:'2',null:'-none'}[told.enabled])" data-release>{{word('onboard.release.'+told.enabled)}}{{stale}}</span></div>
        <div><i>{{word('onboard.reported')}}</i><span class="st" :class="'st'+(old ? '-stale' : told.reported ? '0' : '-none')" data-reported><template v-if="told.reported">{{at(told.reported)}} <span ref="age" class="dim"></span></template><template v-else>{{word('onboard.never')}}</template></span></div>
        <div><i>{{word('onboard.against')}}</i><span class="st" :class="'st'+(old ? '-stale' : !told.reported ? '-none' : told.differences.length ? '4' : '0')" data-verdict>{{verdict}}{{stale}}</span></div>
        <div class="q-wide"><i>{{word('onboard.next')}}</i><span v-if="told.next" class="q-next"><b>{{told.next.what||apid(told.next)}}</b> <a v-if="told.next.request" class="mono" :href="'/queue?at='+told.next.request">{{told.next.request}}</a></span><span v-else class="dim">{{word(told.enabled===false ? 'onboard.next.held' : 'onboard.next.none')}}</span><div ref="count" class="m-count" role="timer"></div></div>
        <div class="q-acts"><button type="button" class="a-btn small pri" data-act="report" :aria-disabled="!can" :title="hint('onboard.report.hint')" @click="act('report')">{{word('onboard.report')}}</button><button type="button" :class="{danger:told.can_adopt&&told.differences.length}" class="a-btn small" data-act="adopt" :aria-disabled="!can||!told.can_adopt" :title="hint(told.can_adopt ? 'onboard.adopt.hint' : 'onboard.adopt.none')" @click="act('adopt')">{{word('onboard.adopt')}}</button></div>
      </div></div><div ref="axis"></div></section>
    <div v-show="told" class="a-grid q-two"><section class="a-card" :aria-label="word('onboard.coming')"><header><h2>{{word('onboard.coming')}}</h2><span class="dim" data-coming>{{rows.length}}</span><span class="grow"></span><template v-for="s in tally" :key="s[0]"><span class="st" :class="'st'+(old ? '-stale' : level(s[0]))">{{word('onboard.standing.'+s[0])}} {{s[1]}}</span></template></header><div class="body flush"><div ref="grid"></div></div></section>
      <section class="a-card" :aria-label="word('onboard.gone')"><header><h2>{{word('onboard.gone')}}</h2></header><div class="body"><table v-if="told&&told.gone.length" class="x-table" :aria-label="word('onboard.gone')"><thead><tr><th>{{word('onboard.at')}}</th><th>{{word('onboard.fate')}}</th><th>{{word('commands.does')}}</th></tr></thead><tbody><tr v-for="g in gone" :key="g.at+g.apid+'/'+g.count"><td class="mono n">{{at(g.at)}}</td><td class="n"><span class="st" :class="'st'+(fate[g.fate]||'-none')">{{fateOf(g.fate)}}</span></td><td>{{g.what||apid(g)}} <a v-if="g.request" class="mono" :href="'/queue?at='+g.request">{{g.request}}</a></td></tr></tbody></table><div v-else class="a-state"><b>{{word('onboard.gone.none')}}</b></div></div></section></div></div>`,
  props: { spacecraft: String, may: Boolean },
  data: () => ({ told: null, old: false, rows: [], fate: FATE, choices: 0 }),
  computed: {
    stale() {
      return this.old ? ` · ${say("stale")}` : "";
    },
    can() {
      return this.may && !this.old;
    },
    verdict() {
      if (!this.told.reported) return say("onboard.verdict.none");
      const n = this.told.differences.length;
      return n ? say("onboard.verdict.differs").replace("{n}", n) : say("onboard.verdict.same");
    },
    gone() {
      return this.told.gone.slice(0, GONE_SHOWN);
    },
    tally() {
      const made = {};
      for (const r of this.rows) made[r.standing] = (made[r.standing] ?? 0) + 1;
      return Object.keys(LEVEL)
        .filter((k) => made[k])
        .map((k) => [k, made[k]]);
    },
  },
  mounted() {
    this.$refs.over.replaceChildren(waiting());
    this.reader = single((signal) => this.reads(signal));
    this.axis = new Axis(this.$refs.axis, say("onboard.schedule"));
    this.grid = new Grid(this.$refs.grid, {
      columns: this.columns(),
      label: say("onboard.coming"),
      key: "at+apid+count",
      empty: [say("onboard.coming.none"), say("onboard.coming.none.hint")],
      rowClass: (r) => (this.old ? "stale" : r.standing === "missing" ? "l4" : r.standing === "unknown" ? "l3" : ""),
      open: (r) => r.request && this.$emit("open", { request: r.request }),
    });
    const concerns = (all) => all.some((one) => one.kind === "request" && one.spacecraft === this.spacecraft);
    this.again = rereading({ topic: "commands", rate_hz: 2 }, SOON_MS, this, concerns);
    this.ticks = setInterval(() => this.tick(), TICK_MS);
    this.polls = setInterval(() => !document.hidden && line.state === "alive" && this.told && this.read(), EACH_MS);
    window.addEventListener("aelita:choice", (this.onChoice = () => (this.choices++, this.told && this.draw())));
  },
  unmounted() {
    this.reader.end();
    this.again.end();
    this.grid.end();
    clearInterval(this.ticks);
    clearInterval(this.polls);
    window.removeEventListener("aelita:choice", this.onChoice);
  },
  methods: {
    word: say,
    at(text) {
      return this.choices >= 0 ? instant(text, 0) : "";
    },
    level: (s) => LEVEL[s],
    apid: (r) => `APID ${r.apid} · ${r.count}`,
    fateOf: (f) => known("onboard.fate." + f, f),
    hint(key) {
      return this.may ? say(key) : `${say("act.forbidden")}: command.request`;
    },
    columns() {
      const state = (e, v) => (e.firstChild.className = `st st${this.old ? "-stale" : LEVEL[v]}`);
      const left = (v) => {
        const s = (Date.parse(v) - missionNow()) / 1000;
        return this.old || line.state !== "alive" || !Number.isFinite(s) ? "–" : s > 0 ? clock(s) : say("commands.over");
      };
      return [
        { key: "standing", title: say("onboard.standing"), width: 158, draw: state, show: (v) => say("onboard.standing." + v) },
        { key: "at", title: say("onboard.at"), kind: "seconds", width: 160 },
        { key: "left", title: say("onboard.in"), kind: "span", width: 96, value: (r) => r.at, show: left, from: 620 },
        { key: "what", title: say("commands.does"), kind: "text", width: "minmax(130px,2fr)" },
        { key: "note", title: say("onboard.note"), kind: "dim", width: "minmax(90px,.6fr)", from: 940 },
        { key: "request", title: say("commands.request"), kind: "mono", width: 132, from: 540 },
        { key: "apid", title: "APID", kind: "mono", width: 60, from: 840 },
        { key: "count", title: say("column.sequence"), kind: "mono", width: 80, from: 900 },
      ];
    },
    turn(old) {
      this.old = old;
      this.grid.drawn.forEach((e) => e.remove());
      this.grid.drawn.clear();
      this.grid.ask();
      this.tick();
    },
    read() {
      return this.reader();
    },
    async reads(signal) {
      try {
        const path = `onboard/${encodeURIComponent(this.spacecraft)}/timeline`;
        this.told = await (await ask(path, {}, { signal })).json();
        this.$refs.over.replaceChildren();
        this.draw();
        if (this.old !== this.again.isSilent()) this.turn(this.again.isSilent());
      } catch (error) {
        unread(this, error, this.$refs.over);
      }
    },
    draw() {
      this.rows = rowsOf(this.told);
      this.grid.set(this.rows);
      const now = Date.parse(this.told.now),
        marks = this.rows.map((r) => ({
          from: Date.parse(r.at),
          cls: "s-" + r.standing,
          title: `${instant(r.at, 0)} · ${say("onboard.standing." + r.standing)} · ${r.what || this.apid(r)}`,
        })),
        gone = this.told.gone
          .map((g) => ({
            from: Date.parse(g.at),
            cls: "s-gone",
            title: `${instant(g.at, 0)} · ${this.fateOf(g.fate)} · ${g.what || this.apid(g)}`,
          }))
          .filter((m) => m.from > now - 6 * BEHIND_MS);
      const times = [...marks, ...gone].map((m) => m.from);
      const last = Math.max(now + 6 * BEHIND_MS, ...times),
        first = Math.min(now - BEHIND_MS, ...times);
      this.axis.set([{ title: say("onboard.schedule"), marks: [...gone, ...marks] }], first, last + (last - first) * 0.03);
      this.$nextTick(() => this.tick());
    },
    tick() {
      if (!this.told) return;
      const old = this.old || line.state !== "alive",
        now = missionNow(),
        next = this.told.next,
        until = next ? (Date.parse(next.at) - now) / 1000 : NaN;
      this.axis.tell(now, old);
      const text = !next
        ? ""
        : old
          ? say("commands.count.stale")
          : Number.isFinite(until)
            ? say("onboard.count")
                .replace("{in}", clock(until))
                .replace("{time}", instant(next.at, 0).slice(-8))
            : "";
      const box = this.$refs.count;
      if (box) {
        box.classList.toggle("old", old);
        if (box.textContent !== text) box.textContent = text;
      }
      const age = (now - Date.parse(this.told.reported)) / 1000;
      const ago = old || !Number.isFinite(age) ? "" : say("onboard.ago").replace("{age}", span(Math.max(0, age)));
      if (this.$refs.age) this.$refs.age.textContent = ago;
      this.grid.ask();
    },
    act(what) {
      if (this.can && (what !== "adopt" || this.told.can_adopt))
        this.$emit("act", { act: what, differences: this.told.differences.length });
    },
  },
};
