// A container drawn bit by bit: each field where it lies, in rows of so many bits; a field leads to its parameter.
import { ask, make, say, short, stateOf, waiting } from "aelita-face";
const HUES = 8,
  MOST = 4000;
export default {
  template: `<div class="y-wrap"><div class="y-head"></div><div class="y-body" tabindex="0"></div></div>`,
  props: { path: String, query: Object, mark: String, bits: { type: Number, default: 32 } },
  mounted() {
    this.head = this.$el.querySelector(".y-head");
    this.body = this.$el.querySelector(".y-body");
    this.sizes = new ResizeObserver(() => this.lay());
    this.sizes.observe(this.$el);
    if (this.path) this.open(this.path, this.query, this.mark);
    else this.body.replaceChildren(stateOf("empty", say("database.no.container"), say("database.no.container.hint")));
  },
  unmounted() {
    this.stop?.abort();
    this.sizes.disconnect();
  },
  methods: {
    async open(path, query = {}, mark = "") {
      this.stop?.abort();
      const stop = (this.stop = new AbortController());
      this.marked = mark;
      this.told = null;
      this.head.replaceChildren();
      this.body.replaceChildren(waiting());
      try {
        this.told = await (await ask(path, query, { signal: stop.signal })).json();
        this.draw();
      } catch (error) {
        if (error.name !== "AbortError")
          this.body.replaceChildren(
            stateOf(
              "bad",
              error.status === 403 ? say("forbidden") : say("failed"),
              error.status ? error.message : say("centre.lost"),
              () => this.open(path, query, mark),
            ),
          );
      }
    },
    lay() {
      const bits = this.$el.clientWidth > 900 ? 64 : 32;
      if (bits !== this.wide) {
        this.wide = bits;
        if (this.told) this.draw();
      }
    },
    draw() {
      const told = this.told,
        wide = this.wide ?? 32,
        fields = (told.fields ?? []).slice(0, MOST),
        ruler = make("div", "y-row y-ruler");
      for (let b = 0; b < wide; b += 8) {
        const s = make("span", "", String(b));
        s.style.gridColumn = `${b + 2} / span 8`;
        ruler.append(s);
      }
      ruler.style.setProperty("--bits", wide);
      const rows = new Map(),
        row = (i) => {
          if (!rows.has(i)) {
            const e = make("div", "y-row");
            e.style.setProperty("--bits", wide);
            e.append(make("i", "", String((i * wide) / 8)));
            rows.set(i, e);
          }
          return rows.get(i);
        };
      fields.forEach((f, k) => {
        let from = f.first_bit,
          left = Math.max(f.bits, 1),
          first = true,
          lines = 0;
        while (left > 0 && lines++ < 4) {
          const i = Math.floor(from / wide),
            at = from % wide,
            n = Math.min(left, wide - at);
          row(i).append(this.box(f, k, at, n, first, left > n && lines === 4));
          from += n;
          left -= n;
          first = false;
        }
      });
      const notes = [told.dynamic, told.stop].filter(Boolean).map((t) => make("p", "y-note", t));
      this.head.replaceChildren(
        make("b", "mono", told.name),
        make(
          "span",
          "dim",
          `${told.bits} ${say("database.bits")} · ${told.fields.length} ${say("database.fields")}${told.fixed ? "" : " · " + say("database.not.fixed")}`,
        ),
      );
      this.body.replaceChildren(
        ...(fields.length
          ? [ruler, ...[...rows.entries()].sort((a, b) => a[0] - b[0]).map((r) => r[1])]
          : [stateOf("empty", say("database.no.fields"), told.dynamic || told.stop || say("database.no.fields.hint"))]),
        ...notes,
      );
      this.body.querySelector(".marked")?.scrollIntoView({ block: "center" });
    },
    box(f, k, at, n, first, more) {
      const e = make(
        "button",
        "y-box" +
          (this.marked && (f.parameter === this.marked || f.column === this.marked) ? " marked" : "") +
          (first ? "" : " on"),
        first ? short(f.column || f.parameter) : "…",
      );
      e.type = "button";
      e.style.gridColumn = `${at + 2} / span ${n}`;
      e.style.setProperty("--hue", `var(--s${(k % HUES) + 1})`);
      e.title = `${f.column || f.parameter}\n${say("database.octet")} ${f.octet}, ${say("database.bit")} ${f.bit_of_octet}; ${f.bits} ${say("database.bits")}${f.type ? "\n" + f.type : ""}`;
      if (n < 3) e.textContent = "";
      if (more) e.textContent += " …";
      e.onclick = () => this.$emit("parameter", { name: f.parameter || f.column });
      return e;
    },
  },
};
