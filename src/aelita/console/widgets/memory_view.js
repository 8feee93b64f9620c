// A memory image against what is known of its memory: octets that are the same, different, not known, and where they stand.
import { rereading, single } from "aelita-bus";
import { ask, instant, say, stateOf, waiting } from "aelita-face";
const SOON_MS = 400,
  SHOWN = 500;
const KINDS = ["same", "different", "not known"];
const address = (n) => "0x" + n.toString(16).toUpperCase().padStart(6, "0");
const bytes = (hex) => hex.match(/../g) ?? [];
export default {
  template: `<div class="q-memory" :class="{old}"><div ref="over" class="q-over" v-show="!told"></div><template v-if="told">
    <div class="m-top"><b>{{told.image.name}}</b><span class="x-tag mono">{{told.image.version}}</span><span class="dim">{{word('onboard.memory')}} {{told.image.memory}} · {{told.image.octets}} B</span><span class="grow"></span><span class="m-buttons"><button v-for="a in ['load','changed','dump','check']" :key="a" type="button" class="a-btn small" :class="{danger:a==='load',pri:a==='dump'}" :data-act="a" :aria-disabled="!can||(a==='changed'&&!differing)" :title="hint(a)" @click="act(a)">{{word('onboard.image.'+a)}}</button></span></div>
    <div class="m-digest"><i>SHA-256</i><code class="mono" tabindex="0">{{told.image.digest}}</code></div>
    <div class="q-parts" role="img" :aria-label="summary"><span v-for="k in kinds" :key="k" :class="'s-'+k.replace(' ','-')" ref="parts" :data-kind="k"></span></div>
    <div class="m-summary" role="status" data-octets><span v-for="k in kinds" :key="k" class="st" :class="'st'+(old ? '-stale' : mark(k))">{{word('onboard.octets.'+k)}} {{told.octets[k]}} B{{old ? ' · '+word('stale') : ''}}</span><span class="grow"></span><span class="dim">{{word('onboard.compared')}} <span class="mono">{{at(when)}}</span></span><button type="button" class="a-btn small" data-compare @click="read">{{word('onboard.compare')}}</button></div>
    <h3 class="a-part">{{word('onboard.differences')}}</h3>
    <p v-if="told.stretches.length<told.stretches_total" class="st st2">{{word('onboard.stretches.shown').replace('{n}',told.stretches.length).replace('{all}',told.stretches_total)}}</p>
    <table v-if="rows.length" class="x-table q-bytes" :aria-label="word('onboard.differences')"><thead><tr><th>{{word('onboard.address')}}</th><th class="c">{{word('onboard.octets')}}</th><th>{{word('column.state')}}</th><th>{{word('onboard.wanted')}}</th><th>{{word('onboard.found')}}</th></tr></thead>
      <tbody><tr v-for="s in rows" :key="s.address" :data-stretch="s.kind"><td class="mono n">{{address(s.address)}}</td><td class="mono c">{{s.octets}}</td><td class="n"><span class="st" :class="'st'+(old ? '-stale' : mark(s.kind))">{{word('onboard.octets.'+s.kind)}}</span></td><td class="mono q-hex"><span v-for="(b,i) in pairs(s)" :key="i" :class="{d:b[2]}">{{b[0]}}</span><i v-if="s.octets*2>s.wanted.length">…</i></td><td class="mono q-hex"><template v-if="s.found"><span v-for="(b,i) in pairs(s)" :key="i" :class="{d:b[2]}">{{b[1]}}</span><i v-if="s.octets*2>s.found.length">…</i></template><span v-else class="dim">{{word('onboard.octets.not known')}}</span></td></tr></tbody></table>
    <p v-else class="st st0" data-same>{{word('onboard.all.same')}}</p>
    <h3 class="a-part">{{word('onboard.known')}} {{told.image.memory}}</h3>
    <table v-if="told.known.length||bad.length" class="x-table" :aria-label="word('onboard.known')"><thead><tr><th>{{word('onboard.address')}}</th><th class="c">{{word('onboard.octets')}}</th><th>{{word('onboard.oldest')}}</th><th>{{word('onboard.newest')}}</th></tr></thead><tbody><tr v-for="k in told.known.slice(0,200)" :key="k.address"><td class="mono n">{{address(k.address)}} – {{address(k.address+k.octets-1)}}</td><td class="mono c">{{k.octets}}</td><td class="mono n">{{at(k.oldest)}}</td><td class="mono n">{{at(k.newest)}}</td></tr><tr v-for="b in bad" :key="'b'+b.address+b.at"><td class="mono n">{{address(b.address)}}</td><td class="mono c">{{b.octets}}</td><td colspan="2"><span class="st st4">{{word('onboard.bad')}}</span> <span class="mono">{{at(b.at)}}</span></td></tr></tbody></table>
    <p v-else class="dim">{{word('onboard.known.none')}}</p></template></div>`,
  props: { spacecraft: String, name: String, version: String, range: Object, may: Boolean },
  data() {
    return { told: null, bad: [], old: false, kinds: KINDS, when: null, query: this.range ?? {}, choices: 0 };
  },
  computed: {
    can() {
      return this.may && !this.old;
    },
    differing() {
      return this.told.octets.different + this.told.octets["not known"];
    },
    rows() {
      return this.told.stretches.filter((s) => s.kind !== "same").slice(0, SHOWN);
    },
    summary() {
      return KINDS.map((k) => `${say("onboard.octets." + k)} ${this.told.octets[k]} B`).join(", ");
    },
  },
  mounted() {
    this.$refs.over.replaceChildren(waiting());
    this.reader = single((signal) => this.reads(signal));
    const concerns = (all) =>
      all.some((one) => one.kind === "request" && one.spacecraft === this.spacecraft && one.state === "completed");
    this.again = rereading({ topic: "commands", rate_hz: 1 }, SOON_MS, this, concerns);
    window.addEventListener("aelita:choice", (this.onChoice = () => this.choices++));
  },
  unmounted() {
    this.reader.end();
    this.again.end();
    window.removeEventListener("aelita:choice", this.onChoice);
  },
  methods: {
    word: say,
    address,
    mark: (k) => ({ same: "0", different: "4", "not known": "-none" })[k],
    at(text) {
      return this.choices >= 0 ? instant(text, 0) : "";
    },
    hint(a) {
      if (!this.may) return `${say("act.forbidden")}: command.request`;
      return a === "changed" && !this.differing ? say("onboard.all.same") : say(`onboard.image.${a}.hint`);
    },
    pairs(s) {
      const wanted = bytes(s.wanted),
        found = bytes(s.found);
      return wanted.map((b, i) => [b, found[i] ?? "", s.kind === "different" && found[i] !== undefined && found[i] !== b]);
    },
    turn(old) {
      this.old = old;
    },
    ask(query) {
      this.query = query;
      this.read();
    },
    read() {
      return this.reader();
    },
    async reads(signal) {
      const how = { signal },
        query = this.query,
        base = `onboard/${encodeURIComponent(this.spacecraft)}`;
      try {
        const told = await (
          await ask(`${base}/images/${encodeURIComponent(this.name)}/${encodeURIComponent(this.version)}`, query, how)
        ).json();
        const memory = await (await ask(`${base}/memories/${told.image.memory}`, query, how)).json();
        if (query !== this.query) return; // narrowed otherwise by now, and read next
        const now = await (await ask("clock", {}, how)).json();
        Object.assign(this, { told, bad: memory.bad, when: now.mission });
        this.$refs.over.replaceChildren();
        this.turn(this.again.isSilent());
        this.$nextTick(() => {
          for (const e of this.$refs.parts ?? []) e.style.flexGrow = String(told.octets[e.dataset.kind] ?? 0);
        });
      } catch (error) {
        if (error.name === "AbortError") return;
        if (this.told && !error.status) this.turn(true);
        else {
          this.told = null;
          this.$refs.over.replaceChildren(
            stateOf("bad", say("failed"), error.status ? error.message : say("centre.lost"), () => this.read()),
          );
        }
      }
    },
    act(a) {
      if (!this.can || (a === "changed" && !this.differing)) return;
      const what = a === "changed" ? "load" : a;
      this.$emit("act", { what, only_changed: a === "changed", name: this.name, version: this.version });
    },
  },
};
