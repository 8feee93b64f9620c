// A run of a procedure as it stands: the present step and what it waits for with a countdown, its requests, its steps, its log.
import { line, rereading, single } from "aelita-bus";
import { kindOf, doing, level, recorded, stepsOf } from "aelita-doing";
import { ask, instant, say, unread, waiting } from "aelita-face";
import { clock, missionNow } from "aelita-stages";
const SOON_MS = 150,
  EACH_MS = 1000,
  TICK_MS = 250,
  SHOWN = 300;
const ACTS = ["step", "resume", "pause", "abort"];
const LIVE = ["held", "running", "stepping", "suspended"];
const LEVEL = { failed: 4, refused: 4, unknown: 3, rejected: 3, expired: 2, withdrawn: "-none", waiting: 1 };
export default {
  template: `<div class="r-run" :class="{old}"><div ref="over" class="m-over" v-show="!told"></div><template v-if="told">
    <div class="m-top"><span class="st" :class="'st'+(old ? '-stale' : level(told.state))" :data-state="told.state">{{word('procedures.state.'+told.state)}}{{stale}}</span><b class="mono m-id">{{told.id}}</b><span class="dim">{{told.spacecraft}} · {{told.person}} · {{told.role}}@{{told.centre}}</span><span class="grow"></span>
      <span v-if="live" class="m-buttons"><button v-for="a in acts" :key="a" type="button" class="a-btn small" :class="{pri:a==='step'&&can(a),danger:a==='abort'}" :data-act="a" :aria-disabled="!can(a)" :title="may ? word('procedures.act.'+a+'.hint') : word('act.forbidden')+': command.request'" @click="act(a)">{{word('procedures.act.'+a)}}</button></span></div>
    <dl class="a-pairs r-facts"><dt>{{word('procedures.procedure')}}</dt><dd>{{told.title||told.procedure}} <span class="dim mono">{{told.procedure}} · {{told.sha256.slice(0,12)}}</span></dd><template v-if="given"><dt>{{word('commands.arguments')}}</dt><dd class="mono">{{given}}</dd></template><dt>{{word('procedures.begun')}}</dt><dd class="mono">{{at(told.begun)}}<template v-if="told.ended"> – {{at(told.ended)}}</template></dd></dl>
    <section v-if="live||told.why" class="r-now" :class="{asks:told.asked,bad:told.state==='failed'||told.state==='suspended'}" :aria-label="word('procedures.now')">
      <p v-if="told.why" class="r-why" role="alert">{{told.why}}</p>
      <p v-if="resumed" class="st st2" data-resumed>{{word('procedures.resumed')}}</p>
      <template v-if="now"><div v-if="now.kind!=='ask'||!told.asked" class="r-line"><i class="mono">{{told.step}}</i><span class="r-kind">{{kind(now.kind)}}</span><span class="r-text"><a v-if="now.request" :href="'/queue?at='+now.request">{{now.text}}</a><template v-else>{{now.text}}</template></span></div>
        <p v-if="told.state==='held'&&!told.outstanding" class="dim">{{word('procedures.next.waits')}}</p>
        <p v-if="people" class="st st1" data-people>{{word('procedures.people')}} <a :href="'/approvals?at='+now.request">{{word('page.inbox')}}</a></p></template>
      <div ref="count" class="m-count" role="timer"></div>
      <form v-if="told.asked" class="r-ask" data-asked @submit.prevent="answer"><div class="r-line"><i class="mono">{{told.asked.step}}</i><span class="r-kind">{{kind('ask')}}</span><b>{{told.asked.question}}</b></div>
        <div v-if="told.asked.choices.length" class="r-choices" role="radiogroup" :aria-label="told.asked.question"><label v-for="c in told.asked.choices" :key="c" class="r-choice" :class="{on:typed===c}"><input type="radio" name="answer" :value="c" v-model="typed" :data-choice="c">{{choice(c)}}</label></div>
        <input v-else class="a-text" data-answer v-model="typed" maxlength="2000" :aria-label="word('procedures.answer')" autocomplete="off">
        <button type="submit" class="a-btn small pri" data-send :aria-disabled="!can('answer')||!typed.trim()" :title="may ? '' : word('act.forbidden')+': command.request'">{{word('procedures.answer')}}</button></form>
    </section>
    <template v-if="told.requests.length"><h3 class="a-part">{{word('commands.requests')}}</h3><ul class="r-requests"><li v-for="r in told.requests" :key="r.request" :data-request="r.request"><a class="mono" :href="'/queue?at='+r.request">{{r.request}}</a><span class="st" :class="'st'+(old ? '-stale' : rank(r.state))">{{state(r.state)}}{{stale}}</span><a v-if="r.state==='waiting'" :href="'/approvals?at='+r.request">{{word('page.inbox')}}</a></li></ul></template>
    <h3 class="a-part">{{word('procedures.steps')}}</h3>
    <p v-if="steps.length>shown.length" class="dim r-small">{{word('procedures.earlier').replace('{n}',steps.length-shown.length)}}</p>
    <ol class="r-steps" ref="steps"><li v-for="s in shown" :key="s.number" :class="['k-'+s.kind,{now:s.number===told.step&&live}]" :aria-current="s.number===told.step&&live ? 'step' : null" :data-number="s.number"><i class="mono">{{s.number}}</i><span class="mono dim" :title="at(s.at)">{{at(s.at).slice(-8)}}</span><span class="r-kind">{{kind(s.kind)}}</span><span class="r-text">{{s.text}}<span v-if="s.sent" class="dim mono"> → {{s.sent}}</span><span v-if="s.again" class="dim"> · {{word('procedures.again')}}</span></span><span class="r-out"><span v-if="s.outcome&&s.outcome.text&&!quiet(s)" class="st" :class="'st'+s.outcome.level">{{s.outcome.text}}</span><span v-if="s.by" class="dim"> {{s.by}}</span></span></li>
      <li v-if="live&&now&&!begun" class="now ahead" :class="'k-'+now.kind" aria-current="step" :data-number="told.step"><i class="mono">{{told.step}}</i><span class="dim">{{word('procedures.next')}}</span><span class="r-kind">{{kind(now.kind)}}</span><span class="r-text">{{now.text}}</span><span class="r-out"></span></li></ol>
    <div class="a-head r-log"><button type="button" class="a-btn small flat" data-log :aria-expanded="open" @click="open=!open"><span aria-hidden="true">{{open ? '▾' : '▸'}}</span>{{word('procedures.log')}} · {{log.length}}</button><span class="grow"></span><span class="dim">{{word('procedures.export')}}</span><button type="button" class="a-btn small" data-export="csv" @click="file('csv')">CSV</button><button type="button" class="a-btn small" data-export="json" @click="file('json')">JSON</button></div>
      <table v-if="open" class="x-table" :aria-label="word('procedures.log')"><thead><tr><th>№</th><th>{{word('column.time')}}</th><th>{{word('procedures.step')}}</th><th>{{word('procedures.record')}}</th><th>{{word('procedures.who')}}</th></tr></thead><tbody><tr v-for="r in tail" :key="r.number"><td class="mono n">{{r.number}}</td><td class="mono n">{{whole(r.at)}}</td><td class="mono n">{{r.step||''}}</td><td><span class="dim">{{word('procedures.kept.'+r.kind)}}</span> {{text(r)}}<span v-if="r.request" class="mono dim"> {{r.request}}</span></td><td>{{r.by}}</td></tr></tbody></table>
  </template></div>`,
  props: { name: String, may: Boolean },
  data: () => ({ told: null, log: [], old: false, typed: "", open: false, acts: ACTS, choices: 0 }),
  computed: {
    live() {
      return LIVE.includes(this.told.state);
    },
    stale() {
      return this.old ? ` · ${say("stale")}` : "";
    },
    given() {
      return Object.entries(this.told.arguments)
        .map(([k, v]) => `${k} = ${v}`)
        .join(", ");
    },
    now() {
      return this.told.text ? doing(this.told.text) : null;
    },
    steps() {
      return stepsOf(this.log);
    },
    shown() {
      return this.steps.slice(-SHOWN);
    },
    begun() {
      return this.steps.some((s) => s.number === this.told.step);
    },
    tail() {
      return this.log.slice(-2 * SHOWN);
    },
    resumed() {
      return this.told.state === "held" && this.log.at(-1)?.kind === "resumed";
    },
    people() {
      const one = this.now?.request && this.told.requests.find((r) => r.request === this.now.request);
      return this.told.outstanding && one?.state === "waiting";
    },
  },
  mounted() {
    this.$refs.over.replaceChildren(waiting());
    this.reader = single((signal) => this.reads(signal));
    const concerns = (all) => all.some((one) => one.kind === "request" && String(one.id).startsWith(this.name));
    this.again = rereading({ topic: "commands", rate_hz: 4 }, SOON_MS, this, concerns);
    this.timer = setInterval(() => this.tick(), TICK_MS);
    this.polls = setInterval(() => {
      if (this.told && this.live && !document.hidden && line.state === "alive") this.read();
    }, EACH_MS);
    window.addEventListener("aelita:choice", (this.onChoice = () => this.choices++));
  },
  unmounted() {
    this.again.end();
    this.reader.end();
    clearInterval(this.timer);
    clearInterval(this.polls);
    window.removeEventListener("aelita:choice", this.onChoice);
  },
  methods: {
    word: say,
    kind: kindOf,
    level,
    text: recorded,
    at(text) {
      return this.choices >= 0 ? instant(text, 0) : "";
    },
    whole(text) {
      return this.choices >= 0 ? instant(text) : "";
    },
    rank: (s) => LEVEL[s] ?? 0,
    quiet: (s) => s.kind === "section" || s.kind === "say" || (s.kind === "send" && s.outcome.level === 0),
    state(s) {
      const key = "commands.state." + s;
      return say(key) === key ? say("procedures.not.made") : say(key);
    },
    choice(c) {
      const key = "procedures.choice." + c;
      return say(key) === key ? c : say(key);
    },
    can(a) {
      return this.may && !this.old && this.told.actions.includes(a);
    },
    turn(old) {
      this.old = old;
      this.tick();
    },
    read() {
      return this.reader();
    },
    async reads(signal) {
      try {
        let more = true;
        while (more) {
          const path = "procedures/runs/" + encodeURIComponent(this.name);
          const told = await (await ask(path, { after: this.log.length }, { signal })).json();
          if (told.log.length) this.log = this.log.concat(told.log);
          more = told.more;
          if (this.told?.asked?.step !== told.asked?.step) this.typed = "";
          const step = this.told?.step;
          this.told = told;
          if (step !== told.step) this.$nextTick(() => this.$refs.steps?.querySelector(".now")?.scrollIntoView({ block: "nearest" }));
        }
        this.$refs.over.replaceChildren();
        this.turn(this.again.isSilent());
      } catch (error) {
        unread(this, error, this.$refs.over);
      }
    },
    tick() {
      const box = this.$refs.count;
      if (!box) return;
      const old = this.old || line.state !== "alive",
        left = this.told?.deadline ? (Date.parse(this.told.deadline) - missionNow()) / 1000 : NaN;
      let text = "";
      if (this.told?.deadline && this.told.outstanding) {
        if (old) text = say("commands.count.stale");
        else if (Number.isFinite(left))
          text = say(left > 0 ? "procedures.count" : "procedures.count.over")
            .replace("{in}", clock(left))
            .replace("{time}", instant(this.told.deadline, 0).slice(-8));
      }
      box.classList.toggle("old", old);
      if (box.textContent !== text) box.textContent = text;
    },
    act(a) {
      const resumed = this.resumed || this.told.state === "suspended";
      if (this.can(a)) this.$emit("act", { action: a, id: this.told.id, resumed });
    },
    answer() {
      if (!this.can("answer") || !this.typed.trim()) return;
      this.$emit("answer", { id: this.told.id, step: this.told.asked.step, answer: this.typed });
    },
    file(form) {
      const names = ["number", "at", "kind", "step", "text", "by", "request"],
        cell = (v) => (/[",\n\r]/.test(v) ? `"${String(v).replaceAll('"', '""')}"` : String(v)),
        lines = [names, ...this.log.map((r) => names.map((n) => r[n] ?? ""))].map((row) => row.map(cell).join(","));
      const text = form === "csv" ? lines.join("\r\n") + "\r\n" : JSON.stringify({ ...this.told, log: this.log }, null, 2);
      const a = document.createElement("a");
      a.href = URL.createObjectURL(new Blob([text], { type: form === "csv" ? "text/csv" : "application/json" }));
      a.download = `${this.told.id}.${form}`;
      document.body.append(a);
      a.click();
      a.remove();
      setTimeout(() => URL.revokeObjectURL(a.href), 1000);
    },
  },
};
