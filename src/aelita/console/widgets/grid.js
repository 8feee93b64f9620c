// A table that draws only the rows in sight; cells change only where their text does. Sorted by its heads, walked by the keyboard.
import { line } from "aelita-bus";
import { make, say, number, instant, span, scaled, stateOf, waiting, chosen } from "aelita-face";
const ROW = 25,
  SPARE = 6;

const STAGES = { waiting: 1, failed: 4, refused: 4, unknown: 3, rejected: 3, expired: 2, withdrawn: "-none" };
const RUNS = { held: 1, failed: 4, aborted: 2, suspended: 3 };
const KINDS = {
  // what a cell shows of its value, and the classes of its column
  text: {
    show: (v) =>
      v == null
        ? ""
        : Array.isArray(v)
          ? v.join(", ")
          : typeof v === "object"
            ? Object.entries(v)
                .map((one) => one.join(" "))
                .join(", ")
            : String(v),
    cls: "",
  },
  dim: { show: (v) => (v == null ? "" : Array.isArray(v) ? v.join(", ") : String(v)), cls: "d" },
  tail: { show: (v) => (v == null ? "" : String(v).split("/").at(-1)), cls: "" },
  mono: { show: (v) => (v == null ? "" : String(v)), cls: "m" },
  number: { show: number, cls: "m r" },
  count: { show: (v) => (v == null ? "–" : Number(v).toLocaleString("fr").replaceAll(/\s/g, " ")), cls: "m r" },
  bits: { show: (v) => scaled(v, "bit/s"), cls: "m r" },
  flow: { show: (v) => scaled(v, "B/s", 1024), cls: "m r" },
  octets: { show: (v) => scaled(v, "B", 1024), cls: "m r" },
  percent: { show: (v) => (v == null ? "–" : (100 * v).toFixed(2) + " %"), cls: "m r" },
  rate: { show: (v) => (v == null ? "–" : v === 0 ? "0" : v < 100 ? v.toFixed(2) : String(Math.round(v))), cls: "m r" },
  span: { show: span, cls: "m r d" },
  left: { show: (v) => span((Date.parse(v) - Date.parse(line.tick?.mission)) / 1000), cls: "m r d" }, // until an instant, by the mission's clock
  time: { show: (v) => instant(v), cls: "m" },
  seconds: { show: (v) => instant(v, 0), cls: "m" },
  yes: { show: (v) => (v == null ? "–" : say(v ? "yes" : "no")), cls: "" },
  severity: {
    show: (v) => say("severity." + (Number.isInteger(v) ? v : String(v ?? "none"))),
    cls: "",
    draw: (e, v) => {
      e.firstChild.className =
        "st st" +
        (Number.isInteger(v)
          ? v
          : ({
              info: 0,
              information: 0,
              normal: 0,
              low: 1,
              watch: 1,
              medium: 2,
              warning: 2,
              distress: 3,
              high: 4,
              critical: 4,
              severe: 5,
            }[v] ?? "-none"));
    },
  },
  degrees: { show: (v) => (v == null ? "–" : v.toFixed(1) + "°"), cls: "m r" },
  lock: {
    show: (v) => say("lock." + (v || "unknown")),
    cls: "",
    draw: (e, v) => {
      e.firstChild.className = "st " + ({ locked: "st0", unknown: "st-stale" }[v || "unknown"] ?? "st2");
    },
  },
  stage: {
    // where a request of commanding stands
    show: (v) => say("commands.state." + v),
    cls: "",
    draw: (e, v) => {
      e.firstChild.className = "st st" + (STAGES[v] ?? "0");
    },
  },
  run: {
    // where a run of a procedure stands
    show: (v, r) => say("procedures.state." + (r.asked ? "asks" : v)),
    cls: "",
    draw: (e, v, r) => {
      e.firstChild.className = "st st" + (r.asked ? 2 : (RUNS[v] ?? "0"));
    },
  },
  report: {
    // a stage that a spacecraft reported ({ generated, received, succeeded, code }), "missing", or nothing
    show: (v) =>
      v == null
        ? "–"
        : v === "missing"
          ? say("commands.missing")
          : instant(chosen(v, "generated", "received"))
              .split(" ")
              .pop() + (v.succeeded ? "" : ` · ${say("commands.state.failed")} ${v.code ?? ""}`),
    cls: "m",
    draw: (e, v) => {
      e.firstChild.className = v === "missing" ? "st st2" : v && !v.succeeded ? "st st4" : "";
    },
  },
  json: { show: (v) => (v == null ? "" : JSON.stringify(v)), cls: "m d" },
  word: { show: (v) => (v == null ? "–" : say(String(v))), cls: "" },
};

export class Grid {
  // columns: [{ key, title, kind, width (fr or px), from (least width of the table, px, at which it is shown), cls, value(row), order(row) }]
  constructor(
    box,
    { columns, label, key = null, rowClass = null, select = null, open = null, more = null, empty = null, order = null },
  ) {
    Object.assign(this, {
      box,
      columns,
      key,
      rowClass,
      select,
      open,
      more,
      emptyText: empty,
      rows: [],
      seen: [],
      test: null,
      at: -1,
      order,
      drawn: new Map(),
    });
    box.classList.add("g-wrap");
    this.head = make("div", "g-head");
    this.head.setAttribute("role", "row");
    this.body = make("div", "g-body");
    this.body.tabIndex = 0;
    this.body.setAttribute("role", "grid");
    this.body.setAttribute("aria-label", label ?? "");
    this.space = make("div", "g-space");
    this.body.append(this.space);
    this.over = make("div", "g-over");
    this.over.style.display = "none";
    box.append(this.head, this.body, this.over);
    this.body.addEventListener("scroll", () => {
      this.ask();
      this.head.scrollLeft = this.body.scrollLeft;
    });
    this.body.addEventListener("keydown", (e) => this.keys(e));
    this.space.addEventListener("click", (e) => this.click(e));
    this.space.addEventListener("dblclick", () => this.openAt());
    if (columns.some((c) => c.kind === "left")) this.clock = setInterval(() => this.ask(), 1000); // what is left runs
    this.sizes = new ResizeObserver(() => this.lay());
    this.sizes.observe(box);
    this.onChoice = () => {
      this.heads();
      this.drawn.forEach((r) => r.remove());
      this.drawn.clear();
      this.lay();
    };
    window.addEventListener("aelita:choice", this.onChoice);
    this.lay();
  }
  end() {
    clearInterval(this.clock);
    this.sizes.disconnect();
    window.removeEventListener("aelita:choice", this.onChoice);
    cancelAnimationFrame(this.frame);
    this.box.replaceChildren();
  }
  lay() {
    // which columns there is room for
    const width = this.box.clientWidth || 900;
    const shown = this.columns.filter((c) => !c.from || width >= c.from),
      same = shown.length === this.shown?.length;
    this.shown = shown;
    const template = shown
      .map((c) => (typeof c.width === "string" ? c.width : c.width ? `${c.width}px` : "minmax(120px,1fr)"))
      .join(" ");
    if (!same || template !== this.template) {
      this.template = template;
      this.drawn.forEach((r) => r.remove());
      this.drawn.clear();
      this.heads();
    }
    this.ask();
  }
  heads() {
    this.head.style.gridTemplateColumns = this.template;
    this.head.style.paddingRight = "var(--bar,0px)";
    this.head.replaceChildren(
      ...this.shown.map((c) => {
        const s = make(
          "span",
          `${KINDS[c.kind]?.cls ?? ""} ${c.cls ?? ""}`.split(" ").includes("r") ? "r" : "",
          typeof c.title === "function" ? c.title() : c.title,
        );
        s.setAttribute("role", "columnheader");
        s.tabIndex = 0;
        s.title = s.textContent;
        s.setAttribute("aria-sort", this.order?.key === c.key ? (this.order.down ? "descending" : "ascending") : "none");
        s.onclick = () => this.sort(c.key);
        s.onkeydown = (e) => {
          if (e.key === "Enter" || e.key === " ") {
            e.preventDefault();
            this.sort(c.key);
          }
        };
        return s;
      }),
    );
  }
  sort(key) {
    this.order = this.order?.key !== key ? { key, down: false } : this.order.down ? null : { key, down: true };
    this.heads();
    this.look();
    this.onSort?.(this.order);
  }
  set(rows) {
    this.rows = rows;
    this.look();
  }
  filter(test) {
    this.test = test;
    this.look();
  }
  look() {
    // filter and sort anew; the row that is selected stays so
    const chosen = this.row();
    let seen = this.test ? this.rows.filter(this.test) : this.rows.slice();
    if (this.order) {
      const c = this.columns.find((one) => one.key === this.order.key),
        sign = this.order.down ? -1 : 1;
      const value = c?.order ?? c?.value ?? ((r) => r[this.order.key]);
      seen.sort((a, b) => {
        const x = value(a),
          y = value(b);
        if (x == null) return y == null ? 0 : 1;
        if (y == null) return -1;
        return (
          sign *
          (typeof x === "number" && typeof y === "number"
            ? x - y
            : String(x).localeCompare(String(y), undefined, { numeric: true }))
        );
      });
    }
    this.box.style.setProperty("--rows", seen.length);
    this.seen = seen;
    this.at = chosen ? seen.findIndex((r) => this.same(r, chosen)) : -1;
    this.space.style.height = seen.length * ROW + "px";
    this.box.style.setProperty("--rows", seen.length || 4);
    this.body.setAttribute("aria-rowcount", seen.length);
    if (this.state !== "loading" && this.state !== "bad") this.say(this.rows.length ? (seen.length ? null : "none") : "empty");
    this.ask();
  }
  same(a, b) {
    return this.key ? this.key.split("+").every((k) => a[k] === b[k]) : a === b;
  }
  row() {
    return this.seen[this.at];
  }
  say(state, title, hint, retry) {
    // null, loading, empty, none (of the filter) or bad
    if (state === this.state && state !== "bad") return;
    this.state = state;
    this.over.style.display = state ? "" : "none";
    const boxes = {
      loading: waiting,
      bad: () => stateOf("bad", title, hint, retry),
      none: () => stateOf("empty", say("nothing.matches"), say("nothing.matches.hint")),
      empty: () => stateOf("empty", ...(this.emptyText ?? [say("nothing.yet"), ""])),
    };
    this.over.replaceChildren(...(state ? [boxes[state]()] : []));
  }
  ask() {
    if (!this.frame)
      this.frame = requestAnimationFrame(() => {
        this.frame = 0;
        this.draw();
      });
  }
  draw() {
    const top = Math.max(0, Math.floor(this.body.scrollTop / ROW) - SPARE),
      last = Math.min(this.seen.length, Math.ceil((this.body.scrollTop + this.body.clientHeight) / ROW) + SPARE);
    this.head.style.setProperty("--bar", this.body.offsetWidth - this.body.clientWidth + "px");
    for (const [i, e] of this.drawn)
      if (i < top || i >= last) {
        e.remove();
        this.drawn.delete(i);
      }
    for (let i = top; i < last; i++) this.drawRow(i);
    if (this.more && last >= this.seen.length - 2 && this.seen.length) this.more();
  }
  drawRow(i) {
    const row = this.seen[i];
    let e = this.drawn.get(i);
    if (!e) {
      e = make("div");
      e.style.top = i * ROW + "px";
      e.style.gridTemplateColumns = this.template;
      e.setAttribute("role", "row");
      e.id = `${(this.space.id ||= "g" + Math.random().toString(36).slice(2))}-${i}`;
      e.dataset.i = i;
      for (const c of this.shown) {
        const s = make("span", `${KINDS[c.kind]?.cls ?? ""} ${c.cls ?? ""}`.trim());
        s.setAttribute("role", "gridcell");
        if (KINDS[c.kind]?.draw || c.draw) s.append(make("span"));
        e.append(s);
      }
      this.drawn.set(i, e);
      this.space.append(e);
    }
    const cls = `g-row ${this.rowClass?.(row) ?? ""}${i === this.at ? " sel" : ""}`;
    if (e.className !== cls) {
      e.className = cls;
      e.setAttribute("aria-selected", i === this.at);
    }
    this.shown.forEach((c, k) => {
      const cell = e.children[k],
        kind = KINDS[c.kind] ?? KINDS.text,
        v = c.value ? c.value(row) : row[c.key],
        text = c.show ? c.show(v, row) : kind.show(v, row);
      if (cell.shownText === text && cell.shownValue === v) return;
      cell.shownText = text;
      cell.shownValue = v;
      if (kind.draw || c.draw) {
        cell.firstChild.textContent = text;
        (c.draw ?? kind.draw)(cell, v, row);
      } else cell.textContent = text;
      if (text.length > 14) cell.title = text;
    });
  }
  click(e) {
    const r = e.target.closest(".g-row");
    if (r) this.go(+r.dataset.i);
  }
  go(i) {
    if (!this.seen.length) return;
    this.at = Math.max(0, Math.min(this.seen.length - 1, i));
    const y = this.at * ROW,
      b = this.body;
    if (y < b.scrollTop) b.scrollTop = y;
    else if (y + ROW > b.scrollTop + b.clientHeight) b.scrollTop = y + ROW - b.clientHeight;
    b.setAttribute("aria-activedescendant", `${this.space.id}-${this.at}`);
    this.ask();
    this.select?.(this.row());
  }
  openAt() {
    if (this.row()) this.open?.(this.row());
  }
  keys(e) {
    const page = Math.max(1, Math.floor(this.body.clientHeight / ROW) - 1);
    const to = {
      ArrowDown: this.at + 1,
      ArrowUp: Math.max(0, this.at - 1),
      PageDown: this.at + page,
      PageUp: this.at - page,
      Home: 0,
      End: this.seen.length - 1,
    }[e.key];
    if (to != null) {
      e.preventDefault();
      this.go(to);
    } else if (e.key === "Enter") {
      e.preventDefault();
      this.openAt();
    }
  }
}
