// Commands of one request: put in order, filled in by forms made of their arguments, checked while one types, kept over a reload.
import { ask, fromMs, parsed, say, short } from "aelita-face";
import { line } from "aelita-bus";
import { doubt, fault, range } from "aelita-checks";
const WINDOW = ["earliest", "latest", "execute"],
  MOST = 256;
let numbers = 0;
export default {
  template: `<div class="m-compose" @keydown="keys">
    <ol class="m-stack" ref="stack" role="listbox" tabindex="0" :aria-label="word('commands.stack')" :aria-activedescendant="chosen ? 'm-call-'+chosen.key : null">
      <li v-for="(c,i) in calls" :key="c.key" :id="'m-call-'+c.key" role="option" :aria-selected="i===at" :class="{on:i===at,wrong:faults(c)}" @click="at=i">
        <i class="mono">{{i+1}}</i><b>{{short(c.command)}}</b><span class="mono m-args">{{brief(c)}}</span>
        <span v-if="faults(c)" class="st st4">{{word('commands.incomplete')}}</span>
        <span class="m-acts"><button v-for="b in buttons" :key="b[0]" type="button" class="a-ib" :data-do="b[0]" :aria-label="b[2]+': '+short(c.command)" :title="b[2]+' ('+b[3]+')'" @click.stop="act(b[0],i)">{{b[1]}}</button></span></li>
    </ol>
    <div v-if="!calls.length" class="m-none"><b>{{word('commands.stack.empty')}}</b><span>{{word('commands.stack.empty.hint')}}</span></div>
    <div v-if="trouble" class="m-trouble st st4" role="alert">{{trouble}}</div>
    <section v-if="chosen&&definition" class="m-form" :aria-label="short(chosen.command)">
      <header><b>{{short(chosen.command)}}</b><span class="st" :class="grave(definition)">{{gravity(definition)}}</span></header>
      <p v-if="definition.description" class="mut">{{definition.description}}</p>
      <p v-if="definition.warning" class="st st3">{{definition.warning}}</p>
      <p v-for="c in definition.constraints" :key="c" class="dim">{{word('commands.constraint')}}: <span class="mono">{{c}}</span></p>
      <template v-for="group in groups" :key="group.title"><details v-if="group.fields.length" :open="group.open||group.wrong"><summary :class="{plain:group.open}">{{group.title}}</summary>
        <div class="m-fields"><label v-for="a in group.fields" :key="a.name" class="m-arg" :class="{wrong:touched(a)&&wrong(a)}"><span class="m-name">{{a.name}}<i v-if="a.units">{{a.units}}</i><em v-if="a.required">*</em></span>
          <select v-if="a.labels.length" class="a-text" :data-arg="a.name" :value="value(a)" :aria-invalid="!!wrong(a)" @change="put(a,$event.target.value)"><option value="">{{a.default!=null ? word('commands.default')+': '+a.default : '–'}}</option><option v-for="l in a.labels" :key="l.label" :value="l.label">{{l.label}} ({{l.value}})</option></select>
          <textarea v-else-if="a.type==='Array'||a.type==='Aggregate'" rows="2" class="a-text mono" spellcheck="false" :data-arg="a.name" :value="value(a)" :placeholder="sample(a)" :aria-invalid="!!wrong(a)" @input="put(a,$event.target.value)"></textarea>
          <input v-else class="a-text mono" spellcheck="false" autocomplete="off" :data-arg="a.name" :value="value(a)" :placeholder="a.default!=null ? word('commands.default')+': '+a.default : ''" :aria-invalid="!!wrong(a)" @input="put(a,$event.target.value)">
          <span class="m-rule dim">{{rule(a)}}</span><span class="m-fault" role="status">{{touched(a) ? wrong(a) || unsure(a) : ''}}</span><span v-if="a.description" class="m-about dim">{{a.description}}</span></label></div></details></template>
      <p v-if="fixed.length" class="dim m-fixed">{{word('commands.fixed')}}: <span class="mono">{{fixed}}</span></p>
    </section>
    <section v-if="calls.length" class="m-when" :aria-label="word('commands.when')">
      <label v-for="k in window" :key="k"><span>{{word('commands.'+k)}}</span><input class="a-text mono" :class="{wrong:late(k)}" :data-when="k" :value="options[k]" :placeholder="word('commands.'+k+'.none')" :title="word('commands.'+k+'.hint')" :aria-invalid="!!late(k)" @input="option(k,$event.target.value)"><span class="m-fault" role="status">{{late(k)}}</span></label>
      <label><span>{{word('commands.service')}}</span><span class="a-seg" role="group" :aria-label="word('commands.service')"><button v-for="s in ['','AD','BD']" :key="s" type="button" :data-service="s" :title="word('commands.service.'+(s||'usual'))" :aria-pressed="options.service===s" @click="option('service',s)">{{s||word('commands.usual')}}</button></span></label>
      <label v-if="asks.length>1"><span>{{word('commands.as')}}</span><select class="a-text" data-place :value="as" :title="word('commands.as.hint')" @change="option('place',$event.target.value)"><option value="">{{word('commands.as.usual')}}</option><option v-for="p in asks" :key="p" :value="p">{{p}}</option></select></label>
      <label class="m-wide"><span>{{word('commands.comment')}}</span><textarea class="a-text" rows="2" maxlength="2000" data-comment :value="options.comment" @input="option('comment',$event.target.value)"></textarea></label>
      <div class="m-wide m-go"><button type="button" class="a-btn pri" data-prepare :aria-disabled="!fine" @click="prepare">{{word('commands.prepare')}}<kbd>Ctrl+Enter</kbd></button><span class="dim" role="status">{{fine ? word('commands.prepare.hint') : word('commands.unfit')}}</span><span class="grow"></span><button type="button" class="a-btn flat" data-clear @click="clear">{{word('commands.clear')}}</button></div>
    </section></div>`,
  props: { spacecraft: String, places: { type: Array, default: () => [] } },
  data: () => ({
    calls: [],
    at: 0,
    known: {},
    options: { service: "", comment: "", place: "" },
    trouble: "",
    seen: {},
    window: WINDOW,
  }),
  computed: {
    chosen() {
      return this.calls[this.at];
    },
    definition() {
      return this.known[this.chosen?.command];
    },
    mine() {
      return (this.definition?.parameters ?? []).filter((a) => a.by === "user");
    },
    groups() {
      const needed = this.mine.filter((a) => a.required),
        others = this.mine.filter((a) => !a.required);
      const wrong = (list) => list.some((a) => this.wrong(a) || this.value(a));
      return [
        { title: say("commands.arguments"), fields: needed, open: true, wrong: false },
        {
          title: `${say("commands.defaults")} (${others.length})`,
          fields: others,
          open: !needed.length && others.length < 5,
          wrong: wrong(others),
        },
      ];
    },
    asks() {
      // one's roles that may request every command that is in the request
      const all = this.calls.map((c) => this.known[c.command]?.request);
      return all.every(Boolean) ? this.places.filter((p) => all.every((may) => may.includes(p))) : [];
    },
    as() {
      return this.asks.includes(this.options.place) ? this.options.place : "";
    },
    fixed() {
      return (this.definition?.parameters ?? [])
        .filter((a) => a.by === "command")
        .map((a) => `${a.name} = ${a.default}`)
        .join(", ");
    },
    fine() {
      return this.calls.length > 0 && !this.calls.some((c) => this.faults(c)) && !WINDOW.some((k) => this.late(k));
    },
    buttons() {
      return [
        ["up", "▴", say("commands.up"), "Alt+↑"],
        ["down", "▾", say("commands.down"), "Alt+↓"],
        ["copy", "×2", say("commands.copy"), "Alt+D"],
        ["remove", "✕", say("commands.remove"), "Delete"],
      ];
    },
  },
  mounted() {
    this.$el.aelita = this;
    this.restore();
  },
  methods: {
    word: say,
    short,
    place() {
      return `keep:draft:commands:${this.spacecraft}`;
    },
    restore() {
      let kept = {};
      try {
        kept = JSON.parse(sessionStorage.getItem(this.place()) ?? "{}");
      } catch {
        /* not of ours */
      }
      this.calls = (kept.calls ?? []).map((c) => ({ command: c.command, arguments: { ...c.arguments }, key: ++numbers }));
      this.at = Math.max(0, Math.min(this.calls.length - 1, kept.at ?? 0));
      this.options = { service: "", comment: "", place: "", ...kept.options };
      for (const c of this.calls) this.learn(c.command);
    },
    keep() {
      const told = {
        calls: this.calls.map(({ command, arguments: given }) => ({ command, arguments: given })),
        at: this.at,
        options: this.options,
      };
      sessionStorage.setItem(this.place(), JSON.stringify(told));
    },
    changed() {
      this.keep();
      this.$emit("changed", {});
    },
    async learn(name) {
      if (this.known[name]) return this.known[name];
      try {
        const path = name.split("/").filter(Boolean).map(encodeURIComponent).join("/");
        const told = await (await ask(`commands/catalogue/${encodeURIComponent(this.spacecraft)}/${path}`)).json();
        this.known = { ...this.known, [name]: told };
        this.trouble = "";
        return told;
      } catch (error) {
        this.trouble = error.status ? error.message : say("centre.lost");
        return null;
      }
    },
    async add(name) {
      const before = document.activeElement;
      if (this.calls.length >= MOST || !(await this.learn(name))) return;
      this.calls.push({ command: name, arguments: {}, key: ++numbers });
      this.at = this.calls.length - 1;
      this.changed();
      if (document.activeElement === before)
        this.$nextTick(() => this.$el.querySelector(".m-form details[open] [data-arg]")?.focus()); // not from under who types
    },
    load(calls) {
      // what another request had
      this.calls = calls.map((c) => ({ command: c.command, arguments: { ...c.arguments }, key: ++numbers }));
      this.at = 0;
      for (const c of this.calls) this.learn(c.command);
      this.changed();
    },
    act(what, i) {
      const one = this.calls[i];
      if (!one) return;
      if (what === "copy") {
        this.calls.splice(i + 1, 0, { command: one.command, arguments: { ...one.arguments }, key: ++numbers });
        this.at = i + 1;
      } else if (what === "remove") {
        this.calls.splice(i, 1);
        this.at = Math.max(0, Math.min(this.at, this.calls.length - 1));
      } else {
        const to = i + (what === "up" ? -1 : 1);
        if (to < 0 || to >= this.calls.length) return;
        this.calls.splice(to, 0, this.calls.splice(i, 1)[0]);
        this.at = to;
      }
      this.changed();
    },
    clear() {
      this.calls = [];
      this.at = 0;
      this.options = { service: "", comment: "", place: "" };
      sessionStorage.removeItem(this.place());
      this.$emit("changed", {});
    },
    keys(e) {
      const inStack = e.target === this.$refs.stack,
        altered = { ArrowUp: "up", ArrowDown: "down", KeyD: "copy" }[e.code];
      if ((e.ctrlKey || e.metaKey) && e.key === "Enter") this.prepare();
      else if (e.altKey && altered) this.act(altered, this.at);
      else if (inStack && e.key === "Delete") this.act("remove", this.at);
      else if (inStack && e.key === "ArrowDown") this.at = Math.min(this.calls.length - 1, this.at + 1);
      else if (inStack && e.key === "ArrowUp") this.at = Math.max(0, this.at - 1);
      else return;
      e.preventDefault();
      e.stopPropagation();
    },
    value(a) {
      return this.chosen.arguments[a.name] ?? "";
    },
    put(a, text) {
      if (text === "") delete this.chosen.arguments[a.name];
      else this.chosen.arguments[a.name] = text;
      this.seen[`${this.chosen.key} ${a.name}`] = true;
      this.changed();
    },
    touched(a) {
      return this.value(a) !== "" || this.seen[`${this.chosen.key} ${a.name}`];
    },
    wrong(a) {
      return fault(a, this.value(a));
    },
    unsure(a) {
      return doubt(a, this.value(a));
    },
    faults(c) {
      const told = this.known[c.command];
      return !told || told.parameters.some((a) => a.by === "user" && fault(a, c.arguments[a.name] ?? ""));
    },
    brief(c) {
      return Object.entries(c.arguments)
        .map(([k, v]) => `${k}=${v}`)
        .join(" ");
    },
    rule(a) {
      const spans = range(a);
      return [a.encoding || a.type, spans].filter(Boolean).join(" · ");
    },
    sample(a) {
      return a.type === "Array" ? "[1, 2]" : `{${(a.members ?? []).map((m) => `"${m.name}": …`).join(", ")}}`;
    },
    gravity(d) {
      return say("commands.significance." + d.significance);
    },
    grave(d) {
      return "st" + (d.rank ? Math.min(5, d.rank + 1) : 0);
    },
    option(k, v) {
      this.options = { ...this.options, [k]: v };
      this.changed();
    },
    instantOf(k) {
      const text = (this.options[k] ?? "").trim();
      return text ? parsed(text, line.tick?.mission ?? "") : null;
    },
    late(k) {
      const at = this.instantOf(k);
      if (at === null) return "";
      if (Number.isNaN(at)) return say("commands.fault.instant");
      if (k === "latest" && this.instantOf("earliest") >= at) return say("commands.fault.window");
      const now = line.tick ? Date.parse(line.tick.mission) : NaN;
      return k !== "earliest" && at < now ? say("commands.fault.past") : "";
    },
    prepare() {
      if (!this.fine) return;
      const told = { spacecraft: this.spacecraft, service: this.options.service, comment: this.options.comment ?? "" };
      for (const k of WINDOW) if (this.instantOf(k) !== null) told[k] = fromMs(this.instantOf(k));
      if (this.asks.length > 1 && this.as) [told.role, told.centre] = this.as.split("@");
      told.calls = this.calls.map((c) => ({ command: c.command, arguments: { ...c.arguments } }));
      this.$emit("prepare", told);
    },
  },
};
