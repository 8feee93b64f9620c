// Gaps of reception and an on-board packet store: what it holds, which read-outs would close which gaps, and those under way.
import { Axis } from "aelita-axis";
import { line, rereading, single } from "aelita-bus";
import { brief } from "aelita-doing";
import { ask, instant, say, span, unread, waiting } from "aelita-face";
import { missionNow } from "aelita-stages";
const SOON_MS = 500,
  EACH_MS = 20000,
  TICK_MS = 1000,
  SHOWN = 200;
const LEVEL = { failed: 4, refused: 4, unknown: 3, waiting: 1 };
const meets = (a, b) => a.first <= b.last && b.first <= a.last;
const lasts = (one) => (Date.parse(one.last) - Date.parse(one.first)) / 1000;
export default {
  template: `<div class="q-view" :class="{old}"><div ref="over" class="q-over" v-show="!told"></div>
    <section v-show="told" class="a-card q-top" :aria-label="word('onboard.store')"><div class="body" v-if="told"><div class="q-facts">
      <div><i>{{word('onboard.store.holds')}}</i><span v-if="told.summary" class="mono" data-holds>{{at(told.summary.oldest)}} – {{at(told.summary.newest).slice(-8)}}</span><span v-else class="st st-none" data-holds>{{word('onboard.store.unknown')}}</span></div>
      <div v-if="told.summary"><i>{{word('onboard.store.full')}}</i><span class="q-full"><span class="x-bar" role="meter" :aria-label="word('onboard.store.full')" aria-valuemin="0" aria-valuemax="100" :aria-valuenow="told.summary.percentage"><i ref="bar"></i></span><b class="mono">{{told.summary.percentage}} %</b></span></div>
      <div><i>{{word('onboard.reported')}}</i><span class="st" :class="'st'+(old ? '-stale' : told.summary ? '0' : '-none')" data-reported><template v-if="told.summary">{{at(told.summary.reported)}}</template><template v-else>{{word('onboard.never')}}</template>{{stale}}</span></div>
      <div><i>{{word('onboard.gaps')}}</i><span class="st" :class="'st'+(old ? '-stale' : told.gaps_total ? '2' : '0')" data-gaps>{{told.gaps_total ? told.gaps_total+' · '+word('onboard.packets.missing').replace('{n}',missing) : word('onboard.gaps.none')}}{{stale}}</span></div>
      <div class="q-acts"><button type="button" class="a-btn small" data-act="summary" :aria-disabled="!can||!told.ask_summary.length" :title="hint(told.ask_summary.length ? 'onboard.summary.hint' : 'onboard.summary.none')" @click="summary">{{word('onboard.summary')}}</button></div></div></div><div ref="axis"></div></section>
    <div v-if="told" class="a-grid q-two even">
      <section class="a-card" :aria-label="word('onboard.readouts')"><header><h2>{{word('onboard.readouts')}}</h2><span class="dim">{{word('onboard.readouts.hint')}}</span></header><div class="body">
        <table v-if="outs.length" class="x-table q-outs" :aria-label="word('onboard.readouts')"><thead><tr><th>{{word('onboard.stretch')}}</th><th>{{word('onboard.closes')}}</th><th>{{word('column.state')}}</th><th></th></tr></thead>
        <tbody><tr v-for="o in outs" :key="o.key" :data-out="o.kind"><td class="mono n">{{at(o.first)}}<br>{{at(o.last)}}</td><td><template v-if="o.gaps.length">{{word('onboard.closes.gaps').replace('{n}',o.gaps.length)}}<br><span class="dim">{{word('onboard.packets.of').replace('{n}',o.packets)}} · {{o.apids}}</span></template><span v-else class="dim">{{word('onboard.closes.none')}}</span></td>
          <td><span v-if="o.kind==='asked'" class="st" :class="'st'+(old ? '-stale' : rank(o.state))">{{word('commands.state.'+o.state)}}{{stale}}</span><span v-else class="st" :class="o.kind==='proposed' ? 'st-none' : 'st3'">{{word('onboard.out.'+o.kind)}}</span><template v-if="o.request"><br><a class="mono" :href="'/queue?at='+o.request">{{o.request}}</a> <a v-if="o.state==='waiting'" :href="'/approvals?at='+o.request">{{word('page.inbox')}}</a></template></td>
          <td class="q-do"><button v-if="o.kind==='proposed'" type="button" class="a-btn small pri" data-act="readout" :aria-disabled="!can" :title="hint('onboard.readout.hint')+': '+o.calls.map(brief).join('; ')" @click="readout(o)">{{word('onboard.readout')}}</button></td></tr></tbody></table>
        <div v-else class="a-state"><b>{{word('onboard.readouts.none')}}</b><span>{{word(told.gaps_total ? 'onboard.readouts.none.gaps' : 'onboard.gaps.none.hint')}}</span></div></div></section>
      <section class="a-card" :aria-label="word('onboard.gaps')"><header><h2>{{word('onboard.gaps')}}</h2><span class="dim">{{told.gaps.length<told.gaps_total ? word('onboard.gaps.shown').replace('{n}',told.gaps.length).replace('{all}',told.gaps_total) : told.gaps_total}}</span><span class="grow"></span><a class="a-btn small flat" :href="'/completeness?spacecraft='+spacecraft">{{word('page.completeness')}}</a></header><div class="body">
        <table v-if="gaps.length" class="x-table" :aria-label="word('onboard.gaps')"><thead><tr><th>{{word('onboard.from')}}</th><th>{{word('onboard.lasts')}}</th><th class="c">{{word('onboard.packets')}}</th><th>APID</th><th>{{word('onboard.reading')}}</th></tr></thead>
        <tbody><tr v-for="g in gaps" :key="g.first+g.last" data-gap><td class="mono n">{{at(g.first)}}</td><td class="mono n">{{lasting(g)}}</td><td class="mono c">{{g.packets}}</td><td class="mono">{{g.apids.join(', ')}}</td><td><span class="st" :class="'st'+(old ? '-stale' : {asked:1,proposed:'-none',lost:3,none:'-none'}[g.by])">{{word('onboard.gap.'+g.by)}}</span></td></tr></tbody></table>
        <div v-else class="a-state"><b>{{word('onboard.gaps.none')}}</b><span>{{word('onboard.gaps.none.hint')}}</span></div></div></section></div></div>`,
  props: { spacecraft: String, store: Number, may: Boolean },
  data() {
    return { told: null, old: false, number: this.store, choices: 0 };
  },
  computed: {
    stale() {
      return this.old ? ` · ${say("stale")}` : "";
    },
    can() {
      return this.may && !this.old;
    },
    missing() {
      return this.told.gaps.reduce((sum, g) => sum + g.packets, 0);
    },
    gaps() {
      const by = (g) =>
        this.told.under_way.some((o) => meets(o, g))
          ? "asked"
          : this.told.proposals.some((o) => meets(o, g))
            ? "proposed"
            : this.told.given_up.some((o) => meets(o, g))
              ? "lost"
              : "none";
      return this.told.gaps
        .slice(-SHOWN)
        .reverse()
        .map((g) => ({ ...g, by: by(g) }));
    },
    outs() {
      const full = (kind) => (o, i) => {
        const gaps = this.told.gaps.filter((g) => meets(o, g)),
          apids = [...new Set(gaps.flatMap((g) => g.apids))].sort((a, b) => a - b);
        const shown = apids.length > 12 ? [...apids.slice(0, 12), "…"] : apids;
        const packets = gaps.reduce((n, g) => n + g.packets, 0);
        return { ...o, kind, key: kind + i, gaps, packets, apids: `APID ${shown.join(", ")}` };
      };
      return [
        ...this.told.under_way.map(full("asked")),
        ...this.told.proposals.map(full("proposed")).slice(0, SHOWN),
        ...this.told.given_up.map(full("lost")).slice(0, SHOWN),
      ];
    },
  },
  mounted() {
    this.$refs.over.replaceChildren(waiting());
    this.reader = single((signal) => this.reads(signal));
    this.axis = new Axis(this.$refs.axis, say("onboard.store"));
    const concerns = (all) => all.some((one) => one.kind === "request" && one.spacecraft === this.spacecraft);
    this.again = rereading({ topic: "commands", rate_hz: 1 }, SOON_MS, this, concerns);
    this.ticks = setInterval(() => this.tick(), TICK_MS);
    this.polls = setInterval(() => !document.hidden && line.state === "alive" && this.told && this.read(), EACH_MS);
    window.addEventListener("aelita:choice", (this.onChoice = () => (this.choices++, this.told && this.draw())));
  },
  unmounted() {
    this.reader.end();
    this.again.end();
    clearInterval(this.ticks);
    clearInterval(this.polls);
    window.removeEventListener("aelita:choice", this.onChoice);
  },
  methods: {
    word: say,
    brief,
    rank: (s) => LEVEL[s] ?? 0,
    at(text) {
      return this.choices >= 0 ? instant(text, 0) : "";
    },
    lasting: (g) => span(lasts(g)),
    hint(key) {
      return this.may ? say(key) : `${say("act.forbidden")}: command.request`;
    },
    turn(old) {
      this.old = old;
      this.tick();
    },
    show(number) {
      this.number = number;
      this.told = null;
      this.$refs.over.replaceChildren(waiting());
      this.read();
    },
    read() {
      return this.reader();
    },
    async reads(signal) {
      try {
        const path = `onboard/${encodeURIComponent(this.spacecraft)}/gaps`;
        const told = await (await ask(path, { store: this.number }, { signal })).json();
        if (told.store !== this.number) return; // another one is wished for by now, and read next
        this.told = told;
        this.$refs.over.replaceChildren();
        this.draw();
        this.turn(this.again.isSilent());
      } catch (error) {
        unread(this, error, this.$refs.over);
      }
    },
    draw() {
      const t = this.told,
        mark = (cls, word) => (o) => ({
          from: Date.parse(o.first),
          to: Date.parse(o.last),
          cls,
          title: `${instant(o.first, 0)} – ${instant(o.last, 0)} · ${say(word)}`,
        });
      const gaps = this.gaps.map((g) => mark("s-" + g.by, "onboard.gap." + g.by)(g)),
        outs = this.outs.map((o) => mark("s-" + o.kind, "onboard.out." + o.kind)(o)),
        holds = t.summary?.oldest ? [{ first: t.summary.oldest, last: t.summary.newest }] : [],
        held = holds.map(mark("s-held", "onboard.store.holds"));
      const times = [...gaps, ...outs, ...held].flatMap((m) => [m.from, m.to]);
      const now = Date.parse(t.now),
        first = Math.min(now - 600e3, ...times),
        last = Math.max(now, ...times);
      const lanes = [
        { title: say("onboard.gaps"), marks: gaps },
        { title: say("onboard.readouts"), marks: outs },
      ];
      if (t.summary) lanes.push({ title: say("onboard.store.holds"), marks: held });
      this.axis.set(lanes, first - (last - first) * 0.01, last + (last - first) * 0.03);
      this.$nextTick(() => {
        if (this.$refs.bar) this.$refs.bar.style.width = t.summary.percentage + "%";
        this.tick();
      });
    },
    tick() {
      if (this.told) this.axis.tell(missionNow(), this.old || line.state !== "alive");
    },
    summary() {
      if (this.can && this.told.ask_summary.length) this.$emit("ask", { calls: this.told.ask_summary, comment: "" });
    },
    readout(o) {
      if (this.can) this.$emit("ask", { calls: o.calls, comment: o.comment });
    },
  },
};
