// A procedure to be run: what it does, its arguments with what is lawful, and a dry run that tells everything it could send.
import { watch } from "aelita-bus";
import { brief, kindOf, waysOf } from "aelita-doing";
import { ask, fromMs, parsed, say } from "aelita-face";
const GRAVE = { watch: 1, warning: 2, distress: 3, vital: 3, critical: 4, severe: 5, forbidden: 5 };
const WHOLE = /^[+-]?(\d+|0x[\da-f]+|0o[0-7]+|0b[01]+)$/i;
const told = (key, what = {}) =>
  Object.entries(what).reduce((text, [k, v]) => text.replace(`{${k}}`, v), say("commands.fault." + key));
const valueOf = (text) => {
  const plain = text.replace(/^[+-]/, "");
  return (text.startsWith("-") ? -1 : 1) * Number(plain);
};
export default {
  template: `<div class="r-form" @keydown="keys">
    <div class="a-head"><b class="r-title">{{p.title}}</b><span class="x-tag mono">{{p.name}}</span><span class="x-tag" :title="word('procedures.grade.hint')">{{grade}}</span><span class="grow"></span><span class="dim mono" :title="p.sha256">{{p.file}} · {{p.sha256.slice(0,12)}}</span></div>
    <p v-if="p.about" class="mut r-about">{{p.about}}</p>
    <div class="m-fields">
      <label class="m-arg"><span class="m-name">{{word('column.spacecraft')}}</span><select class="a-text" data-craft :value="craft" @change="turn($event.target.value)"><option v-for="c in crafts" :key="c" :value="c">{{c}}</option></select></label>
      <label v-for="a in p.arguments" :key="a.name" class="m-arg" :class="{wrong:wrong(a)&&touched(a)}"><span class="m-name">{{a.name}}<em v-if="a.default==null">*</em></span>
        <select v-if="a.kind==='choice'||a.kind==='flag'" class="a-text" :data-arg="a.name" :value="given[a.name]||''" @change="put(a,$event.target.value)"><option value="">{{a.default!=null ? word('commands.default')+': '+a.default : '–'}}</option><option v-for="c in (a.kind==='flag' ? ['true','false'] : a.choices)" :key="c" :value="c">{{a.kind==='flag' ? word(c==='true' ? 'yes' : 'no') : c}}</option></select>
        <input v-else class="a-text mono" spellcheck="false" autocomplete="off" :data-arg="a.name" :value="given[a.name]||''" :placeholder="a.default!=null ? word('commands.default')+': '+a.default : ''" :aria-invalid="!!wrong(a)" @input="put(a,$event.target.value)">
        <span class="m-rule dim">{{rule(a)}}</span><span class="m-fault" role="status">{{touched(a) ? wrong(a) : ''}}</span><span v-if="a.about" class="m-about dim">{{a.about}}</span></label>
    </div>
    <div class="a-head m-go"><button type="button" class="a-btn" data-dry :aria-disabled="!ready||asking" :title="hint" @click="dry">{{word('procedures.dry')}}<kbd>Ctrl+Enter</kbd></button>
      <label class="r-check"><input type="checkbox" data-thorough v-model="thorough" @change="keep"> {{word('procedures.thorough')}}</label><span class="grow"></span>
      <span class="a-seg" role="group" :aria-label="word('procedures.mode')"><button v-for="m in ['step','automatic']" :key="m" type="button" :data-mode="m" :aria-pressed="mode===m" :title="word('procedures.mode.'+m+'.hint')" @click="mode=m;keep()">{{word('procedures.mode.'+m)}}</button></span>
      <button type="button" class="a-btn pri" data-start :aria-disabled="!ready" :title="hint" @click="start">{{word('procedures.start')}}</button></div>
    <p class="dim r-small" role="status">{{!fine ? word('procedures.unfit') : word('procedures.mode.'+mode+'.hint')}}</p>
    <p v-if="trouble" class="m-trouble st st4" role="alert">{{trouble}}</p>
    <section v-if="result" class="r-dry" :class="{old:result.past}" data-result :aria-label="word('procedures.dry')">
      <h3 class="a-part">{{word('procedures.dry.result')}}</h3>
      <div class="m-summary" role="status"><b>{{word('procedures.ways')}} {{result.paths.length}}</b><b>{{word('procedures.calls')}} {{result.calls.length}}</b><span class="st st0">{{word('procedures.dry.nothing')}}</span><span v-if="!result.whole" class="st st2">{{word('procedures.not.whole')}}</span><span v-if="result.past" class="st st2" data-past>{{word('procedures.dry.past')}}</span></div>
      <table v-if="result.calls.length" class="x-table r-calls" :aria-label="word('procedures.calls')"><thead><tr><th>{{word('commands.commands')}}</th><th>{{word('commands.does')}}</th><th>{{word('commands.significance')}}</th><th>{{word('procedures.acts')}}</th></tr></thead>
        <tbody><tr v-for="(c,i) in result.calls" :key="i" data-call><td class="mono">{{brief(c)}}</td><td><span v-if="c.problem" class="st st4">{{c.problem}}</span><template v-else>{{c.sentence}}</template></td><td class="n"><span v-if="c.significance" class="st" :class="grave(c.significance)">{{word('commands.significance.'+c.significance)}}</span></td><td><div v-for="w in c.wanted" :key="w">{{w}}</div></td></tr></tbody></table>
      <p v-else class="dim">{{word('procedures.no.calls')}}</p>
      <div class="a-head r-ways"><h3 class="a-part">{{word('procedures.way')}} {{at+1}} / {{result.paths.length}}</h3><template v-if="result.paths.length>1"><button type="button" class="a-btn small" data-way="before" :aria-disabled="at===0" :aria-label="word('procedures.way.before')" @click="at=Math.max(0,at-1)">◂</button><button type="button" class="a-btn small" data-way="next" :aria-disabled="at+1>=result.paths.length" :aria-label="word('procedures.way.next')" @click="at=Math.min(result.paths.length-1,at+1)">▸</button></template><span class="grow"></span><span class="st" :class="ends(way.end)">{{endOf(way.end)}}</span></div>
      <ol class="r-steps plain"><li v-for="(s,i) in steps" :key="i" :class="'k-'+s.kind"><i class="mono">{{i+1}}</i><span class="r-kind">{{kind(s.kind)}}</span><span class="r-text">{{s.text}}</span><span class="r-out"><span v-if="s.outcome" class="st" :class="'st'+s.outcome.level">{{s.outcome.text}}</span></span></li></ol>
    </section></div>`,
  props: { procedure: Object, crafts: Array, craftFirst: String, may: Boolean },
  data() {
    return {
      p: this.procedure,
      craft: this.craftFirst,
      given: {},
      seen: {},
      mode: "step",
      thorough: false,
      result: null,
      trouble: "",
      asking: false,
      at: 0,
      lost: false,
    };
  },
  computed: {
    fine() {
      return !this.p.arguments.some((a) => this.wrong(a));
    },
    ready() {
      return this.fine && this.may && !this.lost && !!this.craft;
    },
    hint() {
      return this.may ? "" : `${say("act.forbidden")}: command.request`;
    },
    grade() {
      return say("grade." + this.p.grade) === "grade." + this.p.grade ? this.p.grade : say("grade." + this.p.grade);
    },
    steps() {
      return waysOf(this.way);
    },
    way() {
      return this.result.paths[this.at];
    },
  },
  mounted() {
    let kept = {};
    try {
      kept = JSON.parse(sessionStorage.getItem(this.place()) ?? "{}");
    } catch {
      /* not of ours */
    }
    this.given = { ...kept.given };
    this.mode = kept.mode ?? "step";
    this.thorough = !!kept.thorough;
    this.off = watch((l) => (this.lost = l.state === "dead"));
  },
  unmounted() {
    this.off();
    this.stop?.abort();
  },
  methods: {
    word: say,
    kind: kindOf,
    brief,
    place() {
      return `keep:draft:procedure:${this.p.name}`;
    },
    keep() {
      sessionStorage.setItem(this.place(), JSON.stringify({ given: this.given, mode: this.mode, thorough: this.thorough }));
      if (this.result) this.result.past = true;
    },
    turn(craft) {
      this.craft = craft;
      this.keep();
      this.$emit("craft", { craft });
    },
    put(a, text) {
      const { [a.name]: _, ...others } = this.given;
      this.given = text === "" ? others : { ...others, [a.name]: text };
      this.seen = { ...this.seen, [a.name]: true };
      this.keep();
    },
    touched(a) {
      return this.seen[a.name] || !!this.given[a.name];
    },
    wrong(a) {
      const text = (this.given[a.name] ?? "").trim();
      if (!text) return a.default == null ? told("needed") : "";
      if (a.kind === "integer" && !WHOLE.test(text)) return told("whole");
      if (a.kind === "number" && !Number.isFinite(Number(text))) return told("number");
      if (a.kind === "time") return Number.isNaN(parsed(text)) ? told("instant") : "";
      if (a.kind !== "integer" && a.kind !== "number") return "";
      const value = valueOf(text);
      return (a.least != null && value < a.least) || (a.most != null && value > a.most) ? told("range", { range: this.span(a) }) : "";
    },
    span(a) {
      return a.least == null && a.most == null ? "" : `[${a.least ?? "−∞"}, ${a.most ?? "∞"}]`;
    },
    rule(a) {
      return [say("procedures.type." + a.kind), this.span(a)].filter(Boolean).join(" · ");
    },
    grave(s) {
      return "st" + (GRAVE[s] ?? 0);
    },
    ends(end) {
      return end.startsWith("completed") ? "st0" : "st2";
    },
    endOf(end) {
      const [state, ...why] = end.split(": "),
        key = "procedures.end." + state.replace(/ \d+ steps$/, "");
      return [say(key) === key ? state : say(key), ...why].join(": ");
    },
    body() {
      const given = Object.entries(this.given).map(([name, text]) => {
        const a = this.p.arguments.find((one) => one.name === name);
        return [name, a?.kind === "time" ? fromMs(parsed(text)) : text.trim()];
      });
      const known = given.filter(([name]) => this.p.arguments.some((one) => one.name === name));
      return { procedure: this.p.name, spacecraft: this.craft, arguments: Object.fromEntries(known) };
    },
    async dry() {
      if (!this.ready || this.asking) return;
      this.stop?.abort();
      const stop = (this.stop = new AbortController());
      this.asking = true;
      this.trouble = "";
      try {
        const how = {
          method: "POST",
          signal: stop.signal,
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ ...this.body(), thorough: this.thorough }),
        };
        this.result = { ...(await (await ask("procedures/dry-run", {}, how)).json()), past: false };
        this.at = 0;
      } catch (error) {
        if (error.name === "AbortError") return;
        this.result = null;
        this.trouble = error.status ? [error.message, error.remedy].filter(Boolean).join(". ") : say("centre.lost");
      } finally {
        this.asking = false;
      }
    },
    start() {
      if (!this.ready) return;
      const sends = this.result && !this.result.past ? this.result.calls.map(brief) : [];
      this.$emit("start", { ...this.body(), mode: this.mode, sends });
    },
    keys(e) {
      if ((e.ctrlKey || e.metaKey) && e.key === "Enter") {
        e.preventDefault();
        this.dry();
      }
    },
  },
};
