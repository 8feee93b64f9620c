// All products of a spacecraft, of every kind: the list, the facts and files of one, and what it holds as curves and tables.
import { line } from "aelita-bus";
import { ask, instant, make, remember, say, stateOf, waiting } from "aelita-face";
import { Figure } from "aelita-figure";
import { cell, facts, known, retrying, rowsTable, table } from "aelita-published";
import { MOST_ROWS, nameOf, seen } from "aelita-series";
const AGAIN_MS = 60000,
  PAGE = 100,
  VIEWS = { orbit: "", cruise: "", residuals: "residuals", porkchop: "transfers", corridor: "aerobraking", launch: "launch" };
export default {
  template: `<div class="nv-wrap nv-products" :class="{old}" data-view="products"><div class="nv-top"><select class="a-text" data-kind :aria-label="word('nav.kind')" v-model="kind" @change="pickKind"><option value="">{{word('nav.kind.all')}}</option><option v-for="k in kinds" :key="k" :value="k">{{kindOf(k)}}</option></select><span class="dim" data-count>{{count}}</span><span v-if="old" class="st st-stale" data-old>{{word('nav.old')}}</span></div>
    <div class="nv-state" ref="place" v-show="!there"></div>
    <div class="nv-body" v-show="there"><div class="nv-wide nv-stack"><section class="a-card nv-listed" :class="{'nv-grow':!drawn}" :aria-label="word('nav.view.products')"><div class="body nv-list" ref="list"></div></section><section v-show="drawn" class="a-card nv-grow" :aria-label="word('nav.content')"><div class="body flush nv-held"><div ref="figure" v-show="curves"></div><div class="nv-list" ref="rows" v-show="!curves"></div></div></section></div>
    <div class="nv-side"><section class="a-card nv-grow" :aria-label="word('nav.product')"><header><h2>{{word('nav.product')}}</h2></header><div class="body" ref="facts"></div></section></div></div></div>`,
  props: { spacecraft: String, at: String, of: String, kinds: Array },
  data() {
    return { kind: this.of, there: false, old: false, count: "", drawn: false, curves: false };
  },
  mounted() {
    this.chosen = this.at;
    this.rows_ = [];
    this.pages = 1;
    this.$refs.place.replaceChildren(waiting());
    this.off = retrying(this, () => {});
    this.timer = setInterval(() => !document.hidden && !this.busy && this.read(), AGAIN_MS);
    this.nothing();
    this.read();
    if (this.at) this.choose(this.at);
  },
  unmounted() {
    this.off();
    clearInterval(this.timer);
    this.stop?.abort();
    this.opening?.abort();
    this.figure?.end();
  },
  methods: {
    word: say,
    kindOf: (k) => known("nav.kind." + k, k),
    pickKind() {
      remember({ kind: this.kind });
      this.pages = 1;
      this.read();
    },
    async read() {
      this.stop?.abort();
      const stop = (this.stop = new AbortController());
      this.busy = true;
      try {
        let all = [],
          next = "";
        for (let page = 0; page < this.pages; page++) {
          const told = await (await ask("navigation/products", { kind: this.kind, spacecraft: this.spacecraft, limit: PAGE, before: next }, { signal: stop.signal })).json();
          all = all.concat(told.rows ?? []);
          next = told.next ?? "";
          if (!next) break;
        }
        this.rows_ = all;
        this.more = !!next;
        this.old = line.state === "dead";
        this.there = all.length > 0 || !!this.shown || !!this.chosen;
        this.count = `${all.length}${next ? "+" : ""}`;
        this.$refs.place.replaceChildren(...(this.there ? [] : [stateOf("empty", say("nav.none.products"), say("nav.none.products.hint"))]));
        this.tell();
      } catch (error) {
        if (error.name === "AbortError") return;
        this.old = true;
        this.tried = performance.now();
        if (this.rows_.length) return;
        this.there = false;
        this.$refs.place.replaceChildren(
          stateOf("bad", say(error.status === 403 ? "forbidden" : "failed"), error.status ? `${error.message} ${error.remedy ?? ""}`.trim() : say("centre.lost"), () => this.read()),
        );
      } finally {
        if (this.stop === stop) this.busy = false;
      }
    },
    tell() {
      const focused = this.$refs.list.contains(document.activeElement) ? document.activeElement.dataset.id : "",
        made = table(
          say("nav.view.products"),
          [say("nav.title"), say("nav.kind"), say("nav.from.to"), say("nav.made.at"), say("nav.by"), say("nav.grade.of"), say("nav.version")],
          this.rows_.map((one) => ({
            cls: one.id === this.chosen ? "on" : "",
            cells: [
              cell(one.title, "nv-title"),
              cell(this.kindOf(one.kind), ""),
              `${instant(one.start, 0).slice(0, -3)} – ${instant(one.stop, 0).slice(0, -3)}`,
              instant(one.made_at, 0),
              cell([one.made_by, one.agency].filter(Boolean).join(" · "), ""),
              cell(one.grade || "–", ""),
              one.id.slice(one.name.length + 1),
            ],
            pick: () => this.choose(one.id),
          })),
        );
      [...made.querySelectorAll("tbody tr")].forEach((tr, k) => {
        tr.dataset.id = this.rows_[k].id;
        if (tr.dataset.id === this.chosen) tr.setAttribute("aria-current", "true");
      });
      const parts = [made];
      if (this.more) {
        const b = make("button", "a-btn small", say("nav.more"));
        b.type = "button";
        b.dataset.more = "";
        b.onclick = () => {
          this.pages++;
          this.read();
        };
        parts.push(b);
      }
      this.$refs.list.replaceChildren(...(this.rows_.length ? parts : [make("p", "dim", say("nav.none.products"))]));
      if (focused) [...made.querySelectorAll("tbody tr")].find((tr) => tr.dataset.id === focused)?.focus({ preventScroll: true });
    },
    nothing() {
      this.$refs.facts.replaceChildren(make("p", "dim", say("nav.product.choose")));
      this.drawn = false;
    },
    async choose(id) {
      this.opening?.abort();
      const opening = (this.opening = new AbortController());
      this.chosen = id;
      remember({ at: id });
      this.tell();
      try {
        const found = await (await ask(`navigation/products/${encodeURIComponent(id)}`, {}, { signal: opening.signal })).json();
        if (opening.signal.aborted) return;
        this.shown = found;
        this.there = true;
        this.hold(found);
      } catch (error) {
        if (error.name === "AbortError") return;
        this.there = true;
        this.drawn = false;
        this.$refs.facts.replaceChildren(stateOf("bad", say("failed"), error.status ? error.message : say("centre.lost"), () => this.choose(id)));
      }
    },
    hold(p) {
      const parts = [
          make("p", "nv-title", p.title),
          facts([
            [say("nav.kind"), this.kindOf(p.kind)],
            [say("nav.from.to"), `${instant(p.start, 0)} – ${instant(p.stop, 0)}`],
            [say("nav.made.at"), instant(p.made_at, 0)],
            [say("nav.by"), [p.made_by, p.agency].filter(Boolean).join(" · ")],
            [say("nav.grade.of"), p.grade],
            ["id", p.id],
          ]),
        ],
        view = VIEWS[p.kind];
      if (view != null && Object.keys(p.data ?? {}).length) {
        const a = make("a", "a-btn small nv-open", say("nav.open.view")),
          about = p.kind === "cruise" ? "&about=sun" : "";
        a.href = `/navigation?spacecraft=${encodeURIComponent(p.spacecraft)}&${view ? `view=${view}&at` : "product"}=${encodeURIComponent(p.id)}${about}`;
        parts.push(a);
      }
      parts.push(make("h3", "a-part", say("nav.files")));
      const files = make("ul", "nv-filelist");
      for (const one of p.files ?? []) {
        const li = make("li", ""),
          a = make("a", "mono", one.name);
        a.href = `/api/v1/navigation/products/${encodeURIComponent(p.id)}/files/${encodeURIComponent(one.name)}`;
        a.setAttribute("download", "");
        a.title = `SHA-256 ${one.sha256}`;
        li.append(a, make("span", "dim", ` ${octets(one.size)}`));
        files.append(li);
      }
      parts.push(p.files?.length ? files : make("p", "dim", say("nav.files.none")));
      let held = null;
      try {
        held = seen(p.data ?? {});
        if (held.pairs.length) parts.push(make("h3", "a-part", say("nav.content")), facts(held.pairs));
        for (const [key, rows] of view == null ? held.tables : []) parts.push(make("h3", "a-part", nameOf(key)), rowsTable(nameOf(key), rows.slice(0, MOST_ROWS)));
      } catch (error) {
        parts.push(make("p", "st st2", `${say("nav.not.drawn")}: ${error.message ?? error}`));
      }
      this.$refs.facts.replaceChildren(...parts);
      // kinds that have a view of their own are drawn there
      this.curves = view == null && !!held?.panels.length;
      this.drawn = this.curves || (view == null && !!held?.rows.length);
      if (this.curves)
        this.$nextTick(() => {
          this.figure ??= new Figure(this.$refs.figure);
          this.figure.view = null;
          this.figure.set({ label: p.title, x: { kind: "time", name: "UTC" }, panels: held.panels });
        });
      else if (this.drawn) {
        const shown = [rowsTable(p.title, held.rows.slice(0, MOST_ROWS))];
        if (held.rows.length > MOST_ROWS) shown.push(make("p", "dim", say("nav.rows.first").replace("{n}", MOST_ROWS).replace("{all}", held.rows.length)));
        this.$refs.rows.replaceChildren(...shown);
      }
    },
  },
};
const octets = (n) => (n < 1e4 ? `${n} ${say("nav.octets")}` : n < 1e7 ? `${(n / 1e3).toFixed(0)} kB` : `${(n / 1e6).toFixed(1)} MB`);
