// From anywhere to anything: pages, parameters, packets and displays by words, opened by Ctrl+K.
import { ask, say } from "aelita-face";
const EACH = 6,
  WAIT_MS = 100;
export default {
  template: `<div v-if="open" class="k-veil" @mousedown.self="hide"><div class="k-box" role="dialog" :aria-label="word('palette')"><input ref="field" class="a-text" :placeholder="word('palette.hint')" :aria-label="word('palette')" v-model="text" @input="look" @keydown="keys" role="combobox" aria-expanded="true" autocomplete="off" spellcheck="false">
    <div class="k-list" role="listbox"><template v-for="(f,i) in found" :key="f.kind+f.path"><div role="option" :aria-selected="i===at" :class="{on:i===at}" @mousemove="at=i" @mousedown.prevent="go(f)"><i>{{word('palette.'+f.kind)}}</i><b :class="{mono:f.kind!=='page'}">{{f.name}}</b><span class="dim">{{f.more}}</span></div></template><div v-if="!found.length" class="k-none">{{word(text.trim()?'nothing.matches':'palette.hint')}}</div></div>
    <div class="g-foot"><span>{{word('palette.keys')}}</span></div></div></div>`,
  props: { pages: Array },
  data: () => ({ open: false, text: "", found: [], at: 0 }),
  mounted() {
    this.onKey = (e) => {
      if ((e.ctrlKey || e.metaKey) && !e.altKey && !e.shiftKey && e.code === "KeyK") {
        e.preventDefault();
        if (this.open) this.hide();
        else this.show();
      }
    };
    this.onAsk = () => this.show();
    document.addEventListener("keydown", this.onKey);
    window.addEventListener("aelita:palette", this.onAsk);
  },
  unmounted() {
    document.removeEventListener("keydown", this.onKey);
    window.removeEventListener("aelita:palette", this.onAsk);
  },
  methods: {
    word: say,
    show() {
      this.back = document.activeElement;
      this.open = true;
      this.text = "";
      this.look();
      this.$nextTick(() => this.$refs.field.focus());
    },
    hide() {
      this.open = false;
      clearTimeout(this.wait);
      this.stop?.abort();
      this.back?.focus?.();
    },
    pagesOf(words) {
      return this.pages
        .filter((p) => words.every((w) => p.title.toLowerCase().includes(w)))
        .map((p) => ({ kind: "page", name: p.title, more: `g ${p.letter}`, path: p.path }));
    },
    look() {
      const words = this.text.toLowerCase().split(/\s+/).filter(Boolean);
      this.found = this.pagesOf(words);
      this.at = 0;
      clearTimeout(this.wait);
      this.stop?.abort();
      if (words.length) this.wait = setTimeout(() => this.seek(words), WAIT_MS);
    },
    async seek(words) {
      const stop = (this.stop = new AbortController()),
        search = words.join(" ");
      const list = async (path, query, make) => {
        try {
          const told = await (await ask(path, query, { signal: stop.signal })).json();
          return (told.items ?? told).slice(0, EACH).map(make);
        } catch {
          return [];
        }
      };
      const found = await Promise.all([
        list("parameters", { search, limit: EACH, spacecraft: "*" }, (p) => ({
          kind: "parameter",
          name: p.name,
          more: [p.spacecraft, p.units, p.description].filter(Boolean).join(" · "),
          path: `/telemetry?p=${encodeURIComponent(p.name)}&q=${encodeURIComponent(p.name)}`,
          plot: `/plot?p=${encodeURIComponent(p.name)}`,
        })),
        list("database/containers", { search, limit: EACH }, (c) => ({
          kind: "container",
          name: c.name,
          more: c.description ?? "",
          path: `/database?kind=container&name=${encodeURIComponent(c.name)}`,
        })),
        list("displays", {}, (d) => d).then((all) =>
          all
            .filter((d) => words.every((w) => d.title.toLowerCase().includes(w)))
            .map((d) => ({ kind: "display", name: d.title, more: d.owner, path: `/displays?d=${encodeURIComponent(d.id)}` })),
        ),
      ]);
      if (!stop.signal.aborted && this.open) this.found = [...this.pagesOf(words), ...found.flat()];
    },
    keys(e) {
      const n = this.found.length,
        to = { ArrowDown: (this.at + 1) % (n || 1), ArrowUp: (this.at + n - 1) % (n || 1) }[e.key];
      if (to != null) {
        e.preventDefault();
        this.at = to;
        this.$nextTick(() => this.$el.querySelector?.(".on")?.scrollIntoView({ block: "nearest" }));
      } else if (e.key === "Enter" && n) {
        e.preventDefault();
        this.go(this.found[this.at], e.shiftKey);
      } else if (e.key === "Escape") {
        e.preventDefault();
        e.stopPropagation();
        this.hide();
      }
    },
    go(one, plotted = false) {
      this.open = false;
      this.$emit("go", plotted && one.plot ? one.plot : one.path);
    },
  },
};
