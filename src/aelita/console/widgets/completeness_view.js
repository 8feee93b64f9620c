// What was received and what is missing, by virtual channel and application process: counts, and holes over time as a strip.
import { subscribe } from "aelita-bus";
import { ask, fromMs, instant, make, packetNames, remember, say, stateOf, waiting } from "aelita-face";
const AGAIN_MS = 10000,
  TELL_MS = 200,
  ns = "http://www.w3.org/2000/svg",
  ms = (t) => (t ? Date.parse(t) : NaN);
const count = (n) => (n == null ? "–" : Number(n).toLocaleString("fr").replaceAll(/\s/g, " "));
const share = (have, missing) => (have + missing ? (have / (have + missing)) * 100 : 100);
const percent = (v, missing) => (missing && v > 99.99 ? "> 99.99" : v.toFixed(v === 100 ? 0 : 2)) + " %";
export default {
  template: `<div class="c-wrap"><div class="c-now"><span><i>{{word('completeness.open')}}</i><b class="live-value" data-holes>{{alive ? holes ?? '–' : word('unknown')}}</b></span><span><i>{{word('overview.frames')}}</i><b class="live-value">{{alive ? merged : word('unknown')}}</b></span><span><i>{{word('completeness.late')}}</i><b class="live-value">{{alive ? late : word('unknown')}}</b></span><span><i>{{word('completeness.read')}}</i><b>{{readAt}}</b></span></div><div class="c-body" tabindex="0"></div></div>`,
  props: { spacecraft: String, source: [String, Number], begin: String, until: String, label: String },
  data: () => ({ holes: null, merged: "–", late: "–", alive: false, readAt: "–" }),
  mounted() {
    this.body = this.$el.querySelector(".c-body");
    this.asked = { spacecraft: this.spacecraft, source: this.source };
    this.chosen = "";
    const take = (all) => {
      const told = Object.assign({}, ...all);
      if (!told.counts) return;
      const mine = told.counts.filter(
          (c) => (!told.agency || c.agency === told.agency) && (!this.asked.spacecraft || c.spacecraft === this.asked.spacecraft),
        ),
        sum = (k) => mine.reduce((s, c) => s + (c[k] ?? 0), 0),
        before = this.holes;
      this.holes = sum("holes");
      this.merged = count(sum("merged"));
      this.late = count(sum("late"));
      if (before !== null && before !== this.holes) this.read(true);
    };
    this.off = subscribe(
      { topic: "status", rate_hz: 1 },
      {
        snapshot: take,
        updates: take,
        state: (s) => {
          this.alive = s === "live";
        },
      },
    );
    this.clock = setInterval(() => {
      if (!document.hidden) this.read(true);
    }, AGAIN_MS);
    this.view = this.begin && this.until ? [Date.parse(this.begin), Date.parse(this.until)] : null;
    this.names = new Map();
    this.body.addEventListener(
      "wheel",
      (e) => {
        const strip = e.target.closest?.(".c-strip");
        if (!strip || !this.told) return;
        e.preventDefault();
        const box = strip.getBoundingClientRect(),
          [a, b] = this.range(),
          d = e.deltaY || e.deltaX;
        if (e.shiftKey) this.show(a + (b - a) * 0.15 * Math.sign(d), b + (b - a) * 0.15 * Math.sign(d));
        else this.nearer(d > 0 ? 1.3 : 1 / 1.3, a + ((e.clientX - box.left) / box.width) * (b - a));
      },
      { passive: false },
    );
    this.body.addEventListener("keydown", (e) => {
      const [a, b] = this.range(),
        w = (b - a) / 6,
        act = {
          "+": () => this.nearer(1 / 1.5),
          "=": () => this.nearer(1 / 1.5),
          "-": () => this.nearer(1.5),
          ArrowLeft: () => this.show(a - w, b - w),
          ArrowRight: () => this.show(a + w, b + w),
          Home: () => this.everything(),
        }[e.key];
      if (act && this.told) {
        e.preventDefault();
        act();
      }
    });
    this.body.addEventListener("dblclick", (e) => {
      if (e.target.closest?.(".c-strip")) this.everything();
    });
    this.read();
  },
  unmounted() {
    this.off();
    clearInterval(this.clock);
    clearTimeout(this.telling);
    this.stop?.abort();
  },
  methods: {
    word: say,
    whole() {
      const t = this.told,
        ends = t.packets
          .flatMap((p) => [ms(p.first), ms(p.last)])
          .concat(t.gaps.flatMap((g) => [ms(g.start), ms(g.stop)]))
          .filter(Number.isFinite),
        from = Math.min(...ends);
      return [from, Math.max(...ends, from + 1000)];
    },
    range() {
      return this.view ?? this.whole();
    },
    show(a, b) {
      if (b - a < 100) return;
      this.view = [a, b];
      this.tell(fromMs(a), fromMs(b));
    },
    nearer(factor, at) {
      const [a, b] = this.range(),
        x = at ?? (a + b) / 2;
      this.show(x - (x - a) * factor, x + (b - x) * factor);
    },
    everything() {
      this.view = null;
      this.tell("", "");
    },
    tell(from, to) {
      remember({ from, to });
      this.draw();
      clearTimeout(this.telling);
      this.telling = setTimeout(() => this.$emit("range", { from, to }), TELL_MS);
    },
    ask(asked) {
      this.asked = asked;
      this.view = null;
      this.told = null;
      this.read();
    },
    async read(quiet = false) {
      if (quiet && this.busy) return;
      this.stop?.abort();
      const stop = (this.stop = new AbortController());
      this.busy = true;
      if (!quiet) this.body.replaceChildren(waiting());
      try {
        const told = await (await ask("completeness", { ...this.asked, limit: 2000 }, { signal: stop.signal })).json();
        this.readAt = new Date().toISOString().slice(11, 19);
        const text = JSON.stringify(told);
        if (text !== this.text || !quiet) {
          this.text = text;
          this.told = told;
          this.draw();
        }
        if (!quiet) this.call();
      } catch (error) {
        if (error.name !== "AbortError" && !this.told)
          this.body.replaceChildren(
            stateOf(
              error.status === 503 ? "empty" : "bad",
              error.status === 403 ? say("forbidden") : error.status ? error.message : say("centre.lost"),
              error.remedy,
              () => this.read(),
            ),
          );
      }
      this.busy = false;
    },
    async call() {
      try {
        this.names = await packetNames(this.asked.spacecraft || this.told.spacecraft);
        this.draw();
      } catch {
        /* numbers alone, then */
      }
    },
    draw() {
      const told = this.told,
        at = this.body.scrollTop;
      if (!told.channels.length && !told.packets.length) {
        this.body.replaceChildren(stateOf("empty", say("completeness.none"), say("completeness.none.hint")));
        return;
      }
      const own = this.asked.source ? +this.asked.source : null,
        mine = (one) => one.source === own; // without a source: rows of all together
      const [from, to] = this.range(),
        craft = this.asked.spacecraft || told.spacecraft,
        called = (apid) => {
          const name = this.names.get(`${craft} ${apid}`);
          return `APID ${apid}` + (name ? ` · ${name}` : "");
        };
      const gaps = (list, test) => list.filter(test);
      this.body.replaceChildren(
        this.part(
          say("completeness.channels"),
          from,
          to,
          [say("column.frames"), say("column.bad"), say("column.late")],
          told.channels.filter(mine).map((c) => ({
            id: `vc${c.source ?? ""}-${c.virtual_channel}`,
            name: c.virtual_channel == null ? "VC ?" : `VC ${c.virtual_channel}`,
            cells: [c.frames, c.bad, `${c.late} + ${c.resent}`],
            missing: c.missing,
            whole: share(c.frames - c.bad, c.missing),
            holes: gaps(told.gaps, (g) => g.virtual_channel === c.virtual_channel && (own == null || own === g.source)),
          })),
        ),
        this.part(
          say("completeness.packets"),
          from,
          to,
          [say("column.packets"), say("column.bad"), say("column.restarts")],
          told.packets.filter(mine).map((p) => ({
            id: `apid${p.source ?? ""}-${p.apid}`,
            apid: p.apid,
            name: p.apid == null ? "APID ?" : called(p.apid),
            cells: [p.packets, p.bad, p.restarts],
            missing: p.missing,
            whole: share(p.packets, p.missing),
            first: ms(p.first),
            last: ms(p.last),
            holes: gaps(told.missing, (g) => g.apid === p.apid && g.source === own),
          })),
        ),
      );
      this.body.scrollTop = at;
    },
    part(title, from, to, heads, rows) {
      const box = make("section", "c-part");
      box.setAttribute("aria-label", title);
      const head = make("div", "c-row c-headrow"),
        axis = make("span", "c-axis");
      axis.append(
        make("span", "", instant(fromMs(from), 0)),
        make("span", "", `${say("time.scet")} · ${say("completeness.zoom")}`),
        make("span", "", instant(fromMs(to), 0)),
      );
      head.append(
        make("b", "", title),
        ...heads.map((h) => make("span", "r", h)),
        make("span", "r", say("column.missing")),
        make("span", "r", say("column.complete")),
        axis,
      );
      box.append(head, ...rows.map((r) => this.row(r, from, to)));
      return box;
    },
    row(r, from, to) {
      const e = make("div", "c-row" + (r.missing ? " holes" : "") + (this.chosen === r.id ? " sel" : ""));
      e.tabIndex = 0;
      e.setAttribute("role", "button");
      e.dataset.row = r.id;
      e.setAttribute("aria-label", `${r.name}: ${percent(r.whole, r.missing)}, ${r.missing} ${say("column.missing")}`);
      e.append(
        make("b", "mono", r.name),
        ...r.cells.map((c) => make("span", "r mono", typeof c === "number" ? count(c) : c)),
        make("span", "r mono" + (r.missing ? " c-bad" : ""), count(r.missing)),
        make("span", "r mono", percent(r.whole, r.missing)),
        this.strip(r, from, to),
      );
      const choose = () => {
        this.chosen = this.chosen === r.id ? "" : r.id;
        this.draw();
        this.$emit(
          "select",
          this.chosen
            ? { id: r.id, name: r.name, apid: r.apid ?? null, holes: r.holes.slice(-500).reverse() }
            : { id: "", name: "", holes: [] },
        );
      };
      e.onclick = choose;
      e.onkeydown = (k) => {
        if (k.key === "Enter" || k.key === " ") {
          k.preventDefault();
          choose();
        } else if (k.key === "ArrowDown" || k.key === "ArrowUp") {
          k.preventDefault();
          const all = [...this.body.querySelectorAll("[data-row]")];
          all[all.indexOf(e) + (k.key === "ArrowDown" ? 1 : -1)]?.focus();
        }
      };
      return e;
    },
    strip(r, from, to) {
      const svg = document.createElementNS(ns, "svg"),
        wide = to - from,
        x = (t) => ((t - from) / wide) * 1000;
      svg.setAttribute("viewBox", "0 0 1000 12");
      svg.setAttribute("preserveAspectRatio", "none");
      svg.setAttribute("class", "c-strip");
      svg.setAttribute("aria-hidden", "true");
      const rect = (a, b, cls, title) => {
        const s = document.createElementNS(ns, "rect");
        s.setAttribute("x", a.toFixed(2));
        s.setAttribute("width", Math.max(b - a, 2).toFixed(2));
        s.setAttribute("y", cls === "unplaced" ? 9 : 0);
        s.setAttribute("height", cls === "unplaced" ? 3 : 12);
        s.setAttribute("class", cls);
        if (title) {
          const t = document.createElementNS(ns, "title");
          t.textContent = title;
          s.append(t);
        }
        svg.append(s);
      };
      const put = (a, b, ...more) => {
        if (b >= 0 && a <= 1000) rect(Math.max(0, a), Math.min(1000, b), ...more);
      };
      put(Number.isFinite(r.first) ? x(r.first) : 0, Number.isFinite(r.last) ? x(r.last) : 1000, "have");
      if (r.missing && r.holes.every((h) => !h.start && !h.stop)) rect(0, 1000, "unplaced", say("completeness.unplaced"));
      for (const h of r.holes) {
        const a = ms(h.start),
          b = ms(h.stop);
        if (Number.isFinite(a) || Number.isFinite(b))
          put(
            x(Number.isFinite(a) ? a : b),
            x(Number.isFinite(b) ? b : a),
            "hole",
            `${instant(h.start)} – ${instant(h.stop)}: ${h.lost ?? h.missing}`,
          );
      }
      return svg;
    },
  },
};
