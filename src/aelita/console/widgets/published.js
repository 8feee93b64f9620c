// Products of flight dynamics of one kind: which there are, which is shown, its facts and files. Views build on it.
import { line, watch } from "aelita-bus";
import { ask, instant, make, remember, say, stateOf, waiting } from "aelita-face";
import { plainly } from "aelita-figure";
const AGAIN_MS = 60000,
  RETRY_MS = 2000;
export function retrying(of, turn) {
  // what was read turns old with the line, and stays so until it was read again: at once when the line is back, then every while
  return watch((l) => {
    if (l.state === "dead") {
      of.old = true;
      of.tried = 0;
    } else if (l.state === "alive" && of.old && !of.busy && performance.now() - (of.tried ?? 0) > RETRY_MS) {
      of.tried = performance.now();
      of.read();
    }
    turn(!!of.old);
  });
}
export const cell = (text, cls) => make("td", cls ?? "mono n", text);
export function table(label, heads, rows) {
  // a plain table of texts; a row may be a list of cells, or { cells, cls, pick }
  const t = make("table", "x-table"),
    head = make("tr"),
    body = make("tbody");
  t.setAttribute("aria-label", label);
  head.append(...heads.map((one) => make("th", "", one)));
  const top = make("thead");
  top.append(head);
  for (const one of rows) {
    const tr = make("tr", one.cls ?? ""),
      cells = one.cells ?? one;
    tr.append(...cells.map((text, k) => (text instanceof Node ? text : cell(text, k ? "mono n" : "n"))));
    if (one.pick) {
      tr.tabIndex = 0;
      tr.onclick = one.pick;
      tr.onkeydown = (e) => {
        if (e.key === "Enter" || e.key === " ") {
          e.preventDefault();
          one.pick();
        }
      };
    }
    body.append(tr);
  }
  t.append(top, body);
  return t;
}
export function facts(pairs) {
  const list = make("dl", "a-pairs");
  for (const [name, value] of pairs) list.append(make("dt", "", name), make("dd", "mono", value == null || value === "" ? "–" : value));
  return list;
}
export class Published {
  // `of` has `show(product)` and `turn(old)`; `bar` takes the choice, the facts and the files; `place` the states without a product
  constructor({ kind, spacecraft, at, bar, place, of }) {
    Object.assign(this, { kind, spacecraft, at, bar, place, of, rows: [], product: null });
    this.place.replaceChildren(waiting());
    this.off = retrying(this, (old) => of.turn(old));
    this.timer = setInterval(() => !document.hidden && this.read(), AGAIN_MS);
    this.read();
  }
  end() {
    this.off();
    clearInterval(this.timer);
    this.stop?.abort();
  }
  async read() {
    this.stop?.abort();
    const stop = (this.stop = new AbortController());
    this.busy = true;
    try {
      const told = await (
        await ask("navigation/products", { kind: this.kind, spacecraft: this.spacecraft, limit: 200 }, { signal: stop.signal })
      ).json();
      this.rows = told.rows ?? [];
      const wanted = this.rows.find((one) => one.id === this.at) ?? this.rows[0];
      if (!wanted) {
        this.product = null;
        this.told = "";
        this.bar.replaceChildren();
        this.nothing();
      } else if (wanted.id !== this.product?.id) await this.open(wanted.id, stop.signal);
      else this.head();
      this.old = false;
      this.of.turn(line.state === "dead");
    } catch (error) {
      this.failed(error);
    } finally {
      if (this.stop === stop) this.busy = false;
    }
  }
  nothing() {
    this.place.hidden = false;
    this.place.replaceChildren(
      stateOf("empty", say(`nav.none.${this.kind}`), say("nav.none.hint").replace("{kind}", this.kind).replace("{craft}", this.spacecraft || "…")),
    );
    this.of.show(null);
  }
  failed(error) {
    if (error.name === "AbortError") return;
    this.old = true;
    this.tried = performance.now();
    if (this.product) {
      this.of.turn(true);
      return;
    }
    this.place.hidden = false;
    this.place.replaceChildren(
      stateOf(
        "bad",
        say(error.status === 403 ? "forbidden" : "failed"),
        error.status ? `${error.message} ${error.remedy ?? ""}`.trim() : say("centre.lost"),
        () => this.read(),
      ),
    );
  }
  async open(id, signal) {
    const found = await (await ask(`navigation/products/${encodeURIComponent(id)}`, {}, { signal })).json();
    this.product = found;
    this.place.hidden = true;
    this.place.replaceChildren();
    this.head();
    this.of.show(found);
  }
  head() {
    const p = this.product,
      now = JSON.stringify([p.id, this.rows.map((one) => one.id)]);
    if (now === this.told) return; // a choice that is open stays so
    this.told = now;
    const pick = make("select", "a-text nv-pick"),
      by = make("span", "dim nv-by"),
      files = make("span", "nv-files");
    pick.setAttribute("aria-label", say("nav.product"));
    for (const one of this.rows) {
      const o = make("option", "", `${one.title} · ${one.id}`);
      o.value = one.id;
      o.selected = one.id === p.id;
      pick.append(o);
    }
    pick.onchange = () => {
      this.at = pick.value;
      remember({ at: pick.value });
      this.open(pick.value).catch((error) => this.failed(error));
    };
    by.textContent = [`${say("nav.made")} ${instant(p.made_at, 0)}`, p.made_by, p.agency, p.grade && `${say("nav.grade")} ${p.grade}`]
      .filter(Boolean)
      .join(" · ");
    for (const one of p.files ?? []) {
      const a = make("a", "a-chip", `${one.name.split(".").at(-1)} ↓`);
      a.href = `/api/v1/navigation/products/${encodeURIComponent(p.id)}/files/${encodeURIComponent(one.name)}`;
      a.title = `${one.name}, ${one.size} ${say("nav.octets")}\nSHA-256 ${one.sha256}`;
      a.setAttribute("download", "");
      files.append(a);
    }
    this.bar.replaceChildren(pick, by, files);
  }
}

export function productView(kind, inside, { shown, ended = () => {}, methods = {}, data = {} }) {
  // a component that shows one product of a kind: choice and facts above, `inside` below, drawn by `shown(view, data, product)`
  return {
    template: `<div class="nv-wrap" :class="{old}" data-view="${kind}"><div class="nv-top"><div class="nv-bar" ref="bar"></div><span v-if="old" class="st st-stale" data-old>{{word('nav.old')}}</span></div><div class="nv-state" ref="place"></div><div class="nv-body nv-${kind}" v-show="there">${inside}</div></div>`,
    props: { spacecraft: String, at: String },
    data: () => ({ there: false, old: false, ...data }),
    mounted() {
      this.published = new Published({ kind, spacecraft: this.spacecraft, at: this.at, bar: this.$refs.bar, place: this.$refs.place, of: this });
    },
    unmounted() {
      this.published.end();
      ended(this);
    },
    methods: {
      word: say,
      turn(old) {
        this.old = old;
      },
      show(product) {
        this.there = !!product;
        if (product) this.$nextTick(() => shown(this, product.data ?? {}, product));
      },
      ...methods,
    },
  };
}
export const known = (key, otherwise) => (say(key) === key ? otherwise : say(key));
export function rowsTable(label, rows, only) {
  // rows as they came, their columns named where there is a word for them
  const keys = only ?? [...new Set(rows.flatMap((one) => Object.keys(one ?? {})))];
  return table(
    label,
    keys.map((k) => known("nav.column." + k, k.replaceAll("_", " "))),
    rows.map((one) => keys.map((k) => shownValue(one?.[k]))),
  );
}
export function shownValue(v) {
  if (v == null || v === "") return "–";
  if (typeof v === "number") return plainly(v);
  if (typeof v === "boolean") return say(v ? "yes" : "no");
  if (Array.isArray(v)) return v.map(shownValue).join(", ");
  if (typeof v === "object")
    return Object.entries(v)
      .map(([k, one]) => `${known("nav.column." + k, k.replaceAll("_", " "))} ${shownValue(one)}`)
      .join(" · ");
  return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(v) ? instant(v, 0) : String(v);
}
