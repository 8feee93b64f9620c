// Octets of a packet, frame or quarantined piece, with its fields beside them: a field shows its octets, an octet its fields.
import { Grid } from "aelita-grid";
import { ask, make, number, say, short, stateOf, waiting } from "aelita-face";
const LINE = 20,
  SPARE = 8,
  HUES = 8;
const hex = (n, digits) => n.toString(16).toUpperCase().padStart(digits, "0");
const shown = (v) =>
  typeof v === "string" && v.length > 80
    ? v.slice(0, 80) + "…"
    : typeof v === "number" && Number.isFinite(v)
      ? String(+v.toPrecision(12))
      : number(v); // all digits: here one looks closely
export default {
  template: `<div class="o-wrap"><div class="o-head"></div><div class="o-two"><div class="o-fields"></div><div class="o-side"><div class="o-hex" tabindex="0" role="application" :aria-label="word('octets.label')"><div class="o-space"></div></div><div class="o-bits" role="status"></div></div></div><div class="o-over"></div></div>`,
  props: { path: String, label: String, given: Object },
  mounted() {
    const at = (cls) => this.$el.querySelector(cls);
    Object.assign(this, {
      head: at(".o-head"),
      body: at(".o-hex"),
      space: at(".o-space"),
      bits: at(".o-bits"),
      over: at(".o-over"),
      octets: [],
      fields: [],
      owners: [],
      drawn: new Map(),
      hot: null,
      cursor: -1,
    });
    this.grid = new Grid(at(".o-fields"), {
      label: say("octets.fields"),
      empty: [say("octets.no.fields"), say("octets.no.fields.hint")],
      columns: [
        {
          key: "name",
          title: say("column.field"),
          width: "minmax(110px,1.5fr)",
          value: (f) => short(f.name),
          order: (f) => f.bit_offset,
        },
        {
          key: "bit_offset",
          title: say("column.place"),
          width: 92,
          kind: "mono",
          cls: "d",
          show: (v, f) => `${v >> 3}${v & 7 ? "." + (v & 7) : ""} +${f.bits}`,
        },
        { key: "raw", title: say("column.raw"), width: "minmax(60px,.8fr)", kind: "number", show: (v) => shown(v), from: 330 },
        {
          key: "value",
          title: say("column.value"),
          width: "minmax(80px,1.1fr)",
          kind: "number",
          cls: "v",
          show: (v, f) =>
            f.good === false ? say("bad") : f.type === "Binary" && v == null ? "" : shown(v) + (f.units ? " " + f.units : ""),
        },
      ],
      rowClass: (f) => `${f === this.hot ? "hot" : ""}${f.good === false ? " l2" : ""}`,
      select: (f) => this.light(f, true),
      open: (f) => f.parameter && this.$emit("parameter", { name: f.parameter }),
    });
    this.grid.space.addEventListener("mousemove", (e) => {
      const r = e.target.closest(".g-row");
      if (r) this.light(this.grid.seen[+r.dataset.i], true);
    });
    this.body.addEventListener("scroll", () => this.ask());
    this.space.addEventListener("mousemove", (e) => {
      const o = e.target.dataset.o;
      if (o != null) this.point(+o);
    });
    this.space.addEventListener("click", (e) => {
      const o = e.target.dataset.o;
      if (o != null) {
        this.point(+o);
        this.body.focus({ preventScroll: true });
      }
    });
    this.body.addEventListener("keydown", (e) => this.keys(e));
    this.sizes = new ResizeObserver(() => this.lay());
    this.sizes.observe(this.$el);
    if (this.given) this.show(this.given);
    else if (this.path) this.open(this.path);
    else this.nothing();
  },
  unmounted() {
    this.stop?.abort();
    this.sizes.disconnect();
    this.grid.end();
    cancelAnimationFrame(this.frame);
  },
  methods: {
    word: say,
    cover(...boxes) {
      this.over.replaceChildren(...boxes);
      this.over.style.display = boxes.length ? "" : "none";
    },
    nothing(title, hint) {
      this.cover(stateOf("empty", title ?? say("octets.choose"), hint ?? say("octets.choose.hint")));
    },
    async open(path) {
      this.stop?.abort();
      const stop = (this.stop = new AbortController());
      this.cover(waiting());
      try {
        const told = await (await ask(path, {}, { signal: stop.signal })).json();
        this.show(told);
        this.$emit("loaded", { path, source: told.source, row: told.row ?? null, number: told.number ?? null });
      } catch (error) {
        if (error.name !== "AbortError")
          this.cover(
            stateOf(
              "bad",
              error.status === 403 ? say("forbidden") : say("failed"),
              error.status ? `${error.message} ${error.remedy}` : say("centre.lost"),
              () => this.open(path),
            ),
          );
      }
    },
    show(told) {
      this.cover();
      this.$el.classList.toggle("bare", !!this.given && !told.fields?.length);
      this.octets = (told.octets ?? "").match(/../g)?.map((t) => parseInt(t, 16)) ?? [];
      this.fields = [...(told.fields ?? [])].sort((a, b) => a.bit_offset - b.bit_offset || b.bits - a.bits);
      this.owners = this.octets.map(() => []);
      this.fields.forEach((f, i) => {
        f.hue = (i % HUES) + 1;
        for (let o = f.bit_offset >> 3; f.bits && o <= Math.min((f.bit_offset + f.bits - 1) >> 3, this.octets.length - 1); o++)
          this.owners[o].push(f);
      });
      this.hot = null;
      this.cursor = -1;
      this.body.scrollTop = 0;
      this.grid.body.scrollTop = 0;
      this.grid.at = -1;
      this.grid.set(this.fields);
      this.heading(told);
      this.bits.replaceChildren(make("span", "dim", say("octets.hover")));
      this.lay(true);
    },
    heading(told) {
      const row = (name, value) => {
        const s = make("span");
        s.append(make("i", "", name), make("b", "mono", String(value)));
        return s;
      };
      const parts = [];
      if (told.container) parts.push(row(say("telemetry.container"), told.container));
      if (told.apid != null) parts.push(row("APID", told.apid));
      if (told.sequence_count != null) parts.push(row(say("column.sequence"), told.sequence_count));
      if (told.virtual_channel != null) parts.push(row("VC", told.virtual_channel));
      if (told.protocol) parts.push(row(say("column.protocol"), told.protocol));
      if (told.channel_count != null) parts.push(row(say("column.counter"), told.channel_count));
      if (told.position != null) parts.push(row(say("column.position"), told.position));
      parts.push(row(say("column.length"), `${told.length ?? this.octets.length} B`));
      const wrong = [...(told.flags ?? []), ...(told.reason ? [told.reason] : []), ...(told.faults ?? [])].map((t) =>
        make("span", "o-fault", t),
      );
      const inside = (told.packets ?? []).slice(0, 40).map((p) => {
        const b = make("button", "a-btn small", `${p.apid ?? "?"} · ${p.sequence_count ?? "?"}`);
        b.type = "button";
        b.title = say("octets.open.packet");
        b.onclick = () => this.$emit("packet", { source: p.source, row: p.row });
        return b;
      });
      if (inside.length) inside.unshift(make("i", "", say("octets.begin")));
      this.head.replaceChildren(...parts, ...wrong, ...inside);
    },
    lay(again = false) {
      const per = this.body.clientWidth >= 560 ? 16 : 8;
      if (per !== this.per || again) {
        this.per = per;
        for (const e of this.drawn.values()) e.remove();
        this.drawn.clear();
      }
      this.space.style.height = Math.ceil(this.octets.length / this.per) * LINE + "px";
      this.ask();
    },
    ask() {
      if (!this.frame)
        this.frame = requestAnimationFrame(() => {
          this.frame = 0;
          this.draw();
        });
    },
    draw() {
      const lines = Math.ceil(this.octets.length / this.per),
        first = Math.max(0, Math.floor(this.body.scrollTop / LINE) - SPARE),
        last = Math.min(lines, Math.ceil((this.body.scrollTop + this.body.clientHeight) / LINE) + SPARE);
      for (const [i, e] of this.drawn)
        if (i < first || i >= last) {
          e.remove();
          this.drawn.delete(i);
        }
      for (let i = first; i < last; i++)
        if (!this.drawn.has(i)) {
          const e = this.line(i);
          this.drawn.set(i, e);
          this.space.append(e);
        }
      for (const e of this.space.querySelectorAll("[data-o]")) {
        const o = +e.dataset.o,
          own = this.owners[o],
          on = this.hot && own.includes(this.hot);
        e.classList.toggle("hot", !!on);
        e.classList.toggle("cur", o === this.cursor);
      }
    },
    line(i) {
      const e = make("div", "o-line");
      e.style.top = i * LINE + "px";
      e.append(make("i", "", hex(i * this.per, 4)));
      const letters = make("span", "o-text"),
        cells = make("span", "o-cells");
      for (let o = i * this.per; o < Math.min((i + 1) * this.per, this.octets.length); o++) {
        const v = this.octets[o],
          own = this.owners[o][0];
        const cell = make("span", own ? "own" : "", hex(v, 2)),
          letter = make("span", "", v > 31 && v < 127 ? String.fromCharCode(v) : "·");
        if (own) cell.style.setProperty("--hue", `var(--s${own.hue})`);
        cell.dataset.o = letter.dataset.o = o;
        cells.append(cell);
        letters.append(letter);
      }
      e.append(cells, letters);
      return e;
    },
    light(field, scroll) {
      // the octets of a field
      if (!field || field === this.hot) return;
      this.hot = field;
      this.cursor = field.bit_offset >> 3;
      if (scroll) {
        const y = Math.floor(this.cursor / this.per) * LINE,
          b = this.body;
        if (y < b.scrollTop || y + LINE > b.scrollTop + b.clientHeight) b.scrollTop = Math.max(0, y - b.clientHeight / 3);
      }
      this.inspect(this.cursor);
      this.ask();
      this.grid.ask();
    },
    point(o) {
      // the field of an octet: the narrowest one that lies there
      if (o === this.cursor || o < 0 || o >= this.octets.length) return;
      this.cursor = o;
      this.hot = [...this.owners[o]].sort((a, b) => a.bits - b.bits)[0] ?? null;
      const i = this.grid.seen.indexOf(this.hot),
        y = i * 25,
        b = this.grid.body;
      if (i >= 0 && (y < b.scrollTop || y + 25 > b.scrollTop + b.clientHeight)) b.scrollTop = Math.max(0, y - b.clientHeight / 3);
      this.inspect(o);
      this.ask();
      this.grid.ask();
    },
    inspect(o) {
      // the eight bits of an octet, each by its field
      if (o < 0 || o >= this.octets.length) {
        this.bits.replaceChildren(make("span", "dim", say("octets.beyond")));
        return;
      }
      const row = make("span", "mono o-bitrow"),
        v = this.octets[o],
        own = this.owners[o];
      for (let k = 0; k < 8; k++) {
        const f = own.find((one) => one.bit_offset <= 8 * o + k && 8 * o + k < one.bit_offset + one.bits),
          s = make("b", f && f === this.hot ? "hot" : "", String((v >> (7 - k)) & 1));
        if (f) {
          s.style.setProperty("--hue", `var(--s${f.hue})`);
          s.title = f.name;
        }
        row.append(s);
      }
      const names = own.slice(0, 6).map((f) => {
        const s = make("span", f === this.hot ? "o-name hot" : "o-name", short(f.name));
        s.style.setProperty("--hue", `var(--s${f.hue})`);
        s.title = `${f.name}${f.description ? "\n" + f.description : ""}`;
        return s;
      });
      this.bits.replaceChildren(make("span", "mono dim", `${o} · 0x${hex(o, 4)} = 0x${hex(v, 2)} = ${v}`), row, ...names);
    },
    keys(e) {
      const step = {
        ArrowRight: 1,
        ArrowLeft: -1,
        ArrowDown: this.per,
        ArrowUp: -this.per,
        Home: -this.octets.length,
        End: this.octets.length,
      }[e.key];
      if (step == null || !this.octets.length) return;
      e.preventDefault();
      const to = Math.max(0, Math.min(this.octets.length - 1, Math.max(this.cursor, 0) + (this.cursor < 0 ? 0 : step))),
        y = Math.floor(to / this.per) * LINE,
        b = this.body;
      if (y < b.scrollTop) b.scrollTop = y;
      else if (y + LINE > b.scrollTop + b.clientHeight) b.scrollTop = y + LINE - b.clientHeight;
      this.point(to);
    },
  },
};
