// Products of flight dynamics of one kind: which there are, which is shown, its facts and files. Views build on it.
import { line, watch } from "aelita-bus";
import { ask, instant, make, remember, say, stateOf, waiting } from "aelita-face";
import { plainly } from "aelita-figure";
const AGAIN_MS = 60000,
  RETRY_MS = 2000,
  MOST = 200;
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
    Object.assign(this, { kind, spacecraft, at, bar, place, of, rows: [], product: null, wrong: "" });
    this.place.replaceChildren(waiting());
    this.off = retrying(this, (old) => of.turn(old));
    this.timer = setInterval(() => !document.hidden && !this.busy && this.read(), AGAIN_MS);
    this.read();
  }
  end() {
    this.off();
    clearInterval(this.timer);
    this.stop?.abort();
    this.opening?.abort();
  }
  async read() {
    // what is looked at stays until another is chosen, though there be a newer one
    this.stop?.abort();
    const stop = (this.stop = new AbortController());
    this.busy = true;
    try {
      const told = await (
        await ask("navigation/products", { kind: this.kind, spacecraft: this.spacecraft, limit: MOST }, { signal: stop.signal })
      ).json();
      this.rows = told.rows ?? [];
      const wanted = this.product?.id || this.at || this.rows[0]?.id;
      if (!wanted) {
        this.told = "";
        this.bar.replaceChildren();
        this.nothing();
      } else if (wanted !== this.product?.id) await this.open(wanted);
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
    if (error.status === 404) {
      this.old = false; // it will not come by asking again
      this.head();
    }
  }
  async choose(id) {
    // the last that was chosen is shown, whichever answer comes first; one that cannot be had leaves what is there, and says so
    this.at = id;
    this.wrong = "";
    remember({ at: id });
    try {
      await this.open(id);
    } catch (error) {
      if (error.name === "AbortError") return;
      this.wrong = error.status ? error.message : say("centre.lost");
      if (this.product) {
        remember({ at: (this.at = this.product.id) });
        this.told = "";
        this.head();
      } else this.failed(error);
    }
  }
  async open(id) {
    this.opening?.abort();
    const opening = (this.opening = new AbortController()),
      found = await (await ask(`navigation/products/${encodeURIComponent(id)}`, {}, { signal: opening.signal })).json();
    opening.signal.throwIfAborted();
    this.product = found;
    this.wrong = "";
    this.place.hidden = true;
    this.place.replaceChildren();
    this.head();
    this.of.show(found);
  }
  say(title, hint) {
    // in the place of what cannot be drawn of the product that is shown
    this.place.hidden = false;
    this.place.replaceChildren(stateOf("empty", title, hint));
  }
  head() {
    const p = this.product,
      newer = p && this.rows.find((one) => one.name === p.name),
      gone = p && this.rows.length < MOST && !this.rows.some((one) => one.id === p.id),
      now = JSON.stringify([p?.id, this.rows.map((one) => one.id)]);
    if (now === this.told) return; // a choice that is open stays so
    this.told = now;
    const pick = make("select", "a-text nv-pick"),
      by = make("span", "dim nv-by"),
      files = make("span", "nv-files");
    pick.setAttribute("aria-label", say("nav.product"));
    const all = !p ? [{ id: "", title: "–" }, ...this.rows] : this.rows.some((one) => one.id === p.id) ? this.rows : [p, ...this.rows];
    for (const one of all) {
      const o = make("option", "", one.id ? `${one.title} · ${one.id}` : one.title);
      o.value = one.id;
      o.selected = one.id === (p?.id ?? "");
      pick.append(o);
    }
    pick.onchange = () => pick.value && this.choose(pick.value);
    if (!p) {
      this.bar.replaceChildren(pick);
      return;
    }
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
    const remarks = [];
    if (newer && newer.id !== p.id && newer.made_at > p.made_at) {
      const b = make("button", "a-btn small", `${say("nav.newer")}: ${newer.id.slice(newer.name.length + 1)}`);
      b.type = "button";
      b.dataset.newer = "";
      b.onclick = () => this.choose(newer.id);
      remarks.push(b);
    }
    if (gone) remarks.push(make("span", "st st-stale", say("nav.gone")));
    if (this.wrong) {
      const told = make("span", "st st4", this.wrong);
      told.setAttribute("role", "alert");
      remarks.push(told);
    }
    this.bar.replaceChildren(pick, by, files, ...remarks);
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
        // a product may be files alone; and what a partner sent may be of no form that can be drawn
        const some = !!product && Object.keys(product.data ?? {}).length > 0;
        this.there = some;
        if (product && !some) this.published.say(say("nav.files.alone"), say("nav.files.alone.hint"));
        if (some)
          this.$nextTick(() => {
            if (this.published.product !== product) return;
            try {
              shown(this, product.data, product);
            } catch (error) {
              this.there = false;
              this.published.say(say("nav.not.drawn"), String(error.message ?? error));
            }
          });
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
