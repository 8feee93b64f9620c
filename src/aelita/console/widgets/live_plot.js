// One chart of archive and live values. Zooming moves the axis at once; the interface is asked for the right resolution, one question at a time.
import { subscribe, watch, line } from "aelita-bus";
import {
  ask,
  say,
  number,
  span,
  instant,
  choices,
  fromMs,
  parsed,
  short,
  remember,
  stateOf,
  limitsOf,
  whichTime,
} from "aelita-face";
import { read, joined, lastSample, Tail } from "aelita-samples";
import { load, options, stepped, drawLimits, drawMarks, picture } from "aelita-chart";
const SPANS = [
    [120, "2 min"],
    [600, "10 min"],
    [3600, "1 h"],
    [21600, "6 h"],
    [86400, "1 d"],
  ],
  PICKED = 8,
  TICK_MS = 100,
  LEAST_MS = 1;
export default {
  template: `<div class="p-wrap">
    <div v-if="tools" class="p-bar"><span v-for="(s,k) in list" :key="s.key" class="p-chip" :title="s.key"><i :style="{background:'var(--s'+(k%8+1)+')'}"></i><span>{{s.short}}<span v-if="s.craft||twin(s)" class="dim">@{{s.craft||s.name.split('/')[1]}}</span></span><b class="live-value">{{s.now}}</b><span class="dim">{{isRaw?'':s.units}}</span><span v-if="s.note" style="color:var(--warn)">{{s.note}}</span><button type="button" :aria-label="word('plot.remove')+' '+s.name" @click="drop(s.key)">✕</button></span>
      <span style="position:relative"><input ref="find" class="a-text" style="width:230px;height:26px" :placeholder="word('plot.add')" :aria-label="word('plot.add')" data-find v-model="text" @input="suggest" @focus="suggest" @keydown="walk" @blur="hide" role="combobox" :aria-expanded="found.length>0" autocomplete="off" spellcheck="false"><div v-if="found.length" class="p-list" role="listbox"><div v-for="(f,i) in found" :key="f.key" role="option" :class="{on:i===pickAt}" :aria-selected="i===pickAt" @mousedown.prevent="add(f.key)">{{f.name}} <span class="dim">{{f.craft}} {{f.units}}</span></div></div></span></div>
    <div v-if="tools" class="p-bar"><span class="a-seg" role="group" :aria-label="word('plot.span')"><button v-for="s in spans" :key="s[0]" type="button" :aria-pressed="following && width===s[0]" :data-span="s[0]" @click="follow(s[0])">{{s[1]}}</button><button type="button" data-whole :aria-pressed="whole" @click="everything">{{word('plot.whole')}}</button></span>
      <button type="button" class="a-btn small" data-live :aria-pressed="following" @click="following?hold():follow(width)">{{word('plot.live')}}</button>
      <input v-for="end in ['from','to']" :key="end" class="a-text mono p-end" :data-end="end" :class="{wrong:wrong===end}" v-model="ends[end]" :placeholder="word('plot.'+end)" :aria-label="word('plot.'+end)+': '+axisName" :title="word('plot.'+end)+': '+axisName" @keydown.enter="typed" @change="typed">
      <span class="a-seg" role="group" :aria-label="word('plot.zoom')"><button type="button" data-zoom="out" :aria-label="word('plot.out')" :title="word('plot.out')+' (−)'" @click="nearer(1.5)">−</button><button type="button" data-zoom="in" :aria-label="word('plot.in')" :title="word('plot.in')+' (+)'" @click="nearer(1/1.5)">+</button></span>
      <span class="grow"></span>
      <span class="a-seg" role="group" :aria-label="word('plot.shown')"><button type="button" data-raw :aria-pressed="isRaw" @click="turnRaw">{{word('plot.raw')}}</button><button type="button" data-limits :aria-pressed="showLimits" @click="showLimits=!showLimits;redraw();keep()">{{word('plot.limits')}}</button><button type="button" data-steps :aria-pressed="steps" :title="word('plot.steps.hint')" @click="steps=!steps;build();keep()">{{word('plot.steps')}}</button><button type="button" data-zero :aria-pressed="zero" :title="word('plot.zero.hint')" @click="zero=!zero;fixed={};build();keep()">{{word('plot.zero')}}</button></span>
      <span class="a-seg" role="group" :aria-label="word('plot.take')"><button type="button" data-png :disabled="!list.length" @click="png">PNG</button><a data-csv :href="out('csv')" download>CSV</a><a data-parquet :href="out('parquet')" download>Parquet</a></span></div>
    <div ref="plot" class="p-plot" role="img" :aria-label="spoken" tabindex="0" @keydown="keys"><div v-if="veil||busy" class="p-veil">{{busy||veil}}</div></div>
    <div v-if="tools||foot" class="p-foot num"><span>{{foot||word('plot.help')}}</span><span v-for="m in marked" :key="m.name" :title="m.name"><b>{{m.short}}</b> A {{m.a}} · B {{m.b}} · Δ {{m.d}}</span><span class="grow"></span><span data-told>{{told}}</span></div></div>`,
  props: {
    names: Array,
    start: String,
    stop: String,
    span: Number,
    raw: Boolean,
    limits: Boolean,
    flat: Boolean,
    fromZero: Boolean,
    spacecraft: String,
    tools: Boolean,
    deep: Boolean,
  },
  data: () => ({
    list: [],
    text: "",
    found: [],
    pickAt: 0,
    following: true,
    width: 600,
    whole: false,
    isRaw: false,
    showLimits: true,
    steps: false,
    zero: false,
    veil: "",
    busy: "",
    foot: "",
    told: "",
    spoken: "",
    marked: [],
    ends: { from: "", to: "" },
    wrong: "",
    axisName: "",
    spans: SPANS,
  }),
  async mounted() {
    Object.assign(this, {
      tails: [],
      archive: null,
      marks: [],
      view: null,
      alive: false,
      fixed: {},
      delay: { t: 0, d: 0, k: 0 },
      states: new Map(),
    });
    this.stats = window.__aelita.plot = { zooms: [], aborted: 0, points: 0, asked: 0 };
    Object.assign(this, {
      isRaw: this.raw,
      showLimits: this.limits,
      steps: this.flat,
      zero: this.fromZero,
      width: this.span,
      following: !this.start,
      axisName: whichTime(),
    });
    this.list = this.names.map((n) => this.entry(n));
    this.tails = this.names.map(() => new Tail());
    this.uPlot = await load();
    if (this.gone) return;
    this.sizes = new ResizeObserver(() =>
      this.u?.setSize({ width: this.$refs.plot.clientWidth, height: this.$refs.plot.clientHeight }),
    );
    this.sizes.observe(this.$refs.plot);
    this.look = new MutationObserver(() => this.build());
    this.look.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    window.addEventListener(
      "aelita:choice",
      (this.onChoice = async () => {
        this.axisName = whichTime();
        await this.learn();
        this.build();
        this.keep();
      }),
    );
    this.behind = null; // how far what arrives now is behind the mission's clock, as heard; until then the light time
    this.offLine = watch((l) => {
      this.alive = l.state === "alive";
      this.stain();
    });
    if (!this.following)
      this.view = [Date.parse(this.start), this.stop ? Date.parse(this.stop) : Date.parse(this.start) + this.width * 1000];
    await this.define();
    this.listen();
    this.build();
    for (let i = 0; i < 60 && this.following && !line.tick && !this.gone; i++) await new Promise((r) => setTimeout(r, 50));
    this.timer = setInterval(() => {
      if (!document.hidden && this.following && this.alive) this.move();
    }, TICK_MS);
    await this.fill();
  },
  unmounted() {
    this.gone = true;
    clearInterval(this.timer);
    this.again = false;
    this.stopRead?.abort();
    for (const off of this.offs ?? []) off();
    this.offLine?.();
    this.sizes?.disconnect();
    this.look?.disconnect();
    window.removeEventListener("aelita:choice", this.onChoice);
    this.u?.destroy();
  },
  methods: {
    word: say,
    entry(key) {
      const at = key.lastIndexOf("@"),
        name = at > 0 ? key.slice(0, at) : key;
      return {
        key,
        name,
        craft: at > 0 ? key.slice(at + 1) : "",
        short: short(name),
        now: "",
        units: "",
        type: "",
        labels: [],
        note: "",
        bands: [],
      };
    },
    of(s) {
      return s.craft || this.spacecraft || "";
    },
    twin(s) {
      return this.list.some((o) => o !== s && o.short === s.short);
    },
    crafts() {
      const by = new Map();
      this.list.forEach((s, k) => by.set(this.of(s), [...(by.get(this.of(s)) ?? []), k]));
      return by;
    },
    clock() {
      return line.tick ? Date.parse(line.tick.mission) + (performance.now() - line.at) * (line.tick.speed ?? 1) : Date.now();
    },
    late() {
      const all = line.tick?.spacecraft ?? [],
        craft = this.list.length ? this.of(this.list[0]) : "";
      return 1000 * ((all.find((o) => o.spacecraft === craft) ?? all[0])?.owlt_s ?? 0);
    },
    range() {
      if (this.following || !this.view) {
        const b = this.clock() - (this.behind ?? this.late());
        return [b - this.width * 1000, b];
      }
      return this.view;
    },
    // The axis shows event time, or when it was received: then each instant is later by the delay d at t, which grows by k.
    axis(t) {
      return t + this.delay.d + this.delay.k * (t - this.delay.t);
    },
    back(x) {
      return this.delay.t + (x - this.delay.t - this.delay.d) / (1 + this.delay.k);
    },
    async learn() {
      // the delay at both ends of what is shown, from the packets there; the light time when there are none
      if (choices().which !== "ert") {
        this.delay = { t: 0, d: 0, k: 0 };
        return;
      }
      const [a, b] = this.range(),
        craft = this.list.length ? this.of(this.list[0]) : "",
        edge = async (how) => {
          try {
            const one = (
              await (await ask("packets", { spacecraft: craft, start: fromMs(a), stop: fromMs(b), limit: 1, ...how })).json()
            ).items[0];
            return one?.utc && one.received ? [Date.parse(one.utc), Date.parse(one.received) - Date.parse(one.utc)] : null;
          } catch {
            return null;
          }
        };
      const [first, last] = await Promise.all([edge({}), edge({ order: "desc" })]);
      this.delay =
        first && last
          ? { t: first[0], d: first[1], k: last[0] > first[0] ? Math.max(-0.5, (last[1] - first[1]) / (last[0] - first[0])) : 0 }
          : { t: 0, d: this.late(), k: 0 };
    },
    async define() {
      // units, labels and limits
      await Promise.all(
        this.list.map(async (s) => {
          if (s.known) return;
          s.known = true;
          try {
            const p = await (
              await ask("parameters/" + s.name.split("/").filter(Boolean).map(encodeURIComponent).join("/"), {
                spacecraft: this.of(s),
              })
            ).json();
            s.units = p.units ?? p.type?.units ?? "";
            s.type = p.type?.kind ?? p.type ?? "";
            s.labels = p.type?.labels ?? [];
            s.bands = limitsOf(p.limits).bands;
          } catch (e) {
            if (e.status === 404) s.note = "?";
          }
        }),
      );
    },
    listen() {
      for (const off of this.offs ?? []) off();
      this.states.clear();
      this.offs = [...this.crafts()].map(([craft, places]) =>
        subscribe(
          {
            topic: "parameters",
            names: [...new Set(places.map((k) => this.list[k].name))],
            ...(craft ? { spacecraft: craft } : {}),
            rate_hz: 10,
          },
          {
            snapshot: (all) => this.take(all, craft),
            updates: (all) => this.take(all, craft),
            state: (s) => {
              this.states.set(craft, s);
              this.stain();
            },
          },
        ),
      );
    },
    take(all, craft) {
      for (const u of all) {
        const k = this.list.findIndex((s) => s.name === u.n && this.of(s) === craft);
        if (k < 0) continue;
        const s = this.list[k],
          v = this.isRaw ? u.r : u.v,
          n = typeof v === "boolean" ? +v : typeof v === "string" && stepped(s) && typeof u.r === "number" ? u.r : v;
        s.now = number(v);
        if (u.u && !this.isRaw) s.units = u.u;
        if (typeof n === "number" && u.t) {
          this.tails[k].push(Date.parse(u.t), n);
          s.lag = this.clock() - Date.parse(u.t);
          this.lately();
          s.note = this.behind != null && s.lag > this.behind + this.width * 1000 ? `${say("plot.last")} ${instant(u.t, 0)}` : "";
        } else if (typeof v === "string" && !this.archive?.[k]?.count.some((c) => c)) s.note = say("plot.not.numbers");
      }
    },
    lately() {
      // follow whichever is least behind: spacecraft may be of different days, as in a replay
      const least = Math.min(...this.list.map((s) => (s.lag >= 0 ? s.lag : Infinity)));
      if (Number.isFinite(least) && (this.behind == null || least < this.behind || least > this.behind + this.width * 500))
        this.behind = least;
    },
    stain() {
      const dead = !this.alive || [...this.states.values()].some((s) => s === "stale" || s === "lost");
      this.$el?.classList?.toggle("is-stale", dead && line.state !== "connecting");
      this.veil =
        this.fault ||
        (this.following
          ? dead && line.state !== "connecting"
            ? say("plot.stale")
            : ""
          : this.bare
            ? say("plot.no.samples")
            : "");
    },
    build() {
      const place = this.$refs.plot;
      if (!place || !this.uPlot) return;
      this.u?.destroy();
      this.u = null;
      place.querySelector(".a-state")?.remove();
      if (!this.list.length) {
        place.append(stateOf("empty", say("plot.empty"), say("plot.empty.hint")));
        return;
      }
      const hooks = {
        drawClear: [
          (u) => {
            if (this.showLimits && !this.isRaw) drawLimits(u, this.list);
          },
        ],
        draw: [
          (u) =>
            drawMarks(
              u,
              this.marks.map((t) => this.axis(t)),
            ),
        ],
        setCursor: [(u) => this.tell(u)],
        setSelect: [(u) => this.selected(u)],
      };
      const made = options(this.uPlot, this.list, {
        raw: this.isRaw,
        steps: this.steps,
        whole: this.zero,
        fixed: this.fixed,
        hooks,
        axisName: this.tools ? this.axisName : "",
        size: { width: place.clientWidth || 600, height: place.clientHeight || 300 },
      });
      this.u = new this.uPlot(made, [[], ...made.series.slice(1).map(() => [])], place);
      this.hands();
      this.redraw();
    },
    selected(u) {
      if (u.select.width > 4) {
        const [a, b] = [u.select.left, u.select.left + u.select.width].map((x) => this.back(u.posToVal(x, "x")));
        u.setSelect({ width: 0, height: 0 }, false);
        this.show(a, b);
      }
    },
    hands() {
      // mouse and wheel over the chart (time) and over the axes (values)
      const over = this.u.over;
      let drag = null;
      over.addEventListener(
        "wheel",
        (e) => {
          e.preventDefault();
          const [a, b] = this.range(),
            d = e.deltaY || e.deltaX;
          if (e.shiftKey) this.show(a + (b - a) * 0.1 * Math.sign(d), b + (b - a) * 0.1 * Math.sign(d));
          else this.nearer(d > 0 ? 1.3 : 1 / 1.3, this.back(this.u.posToVal(e.offsetX, "x")));
        },
        { passive: false },
      );
      over.addEventListener(
        "mousedown",
        (e) => {
          this.downAt = e.offsetX;
          if (e.shiftKey) {
            drag = [e.clientX, ...this.range()];
            e.stopImmediatePropagation();
          }
        },
        true,
      );
      over.addEventListener("mousemove", (e) => {
        if (drag) {
          const d = ((e.clientX - drag[0]) / over.clientWidth) * (drag[2] - drag[1]);
          this.show(drag[1] - d, drag[2] - d);
        }
      });
      for (const end of ["mouseup", "mouseleave"])
        over.addEventListener(end, () => {
          drag = null;
        });
      over.addEventListener("click", (e) => {
        if (Math.abs(e.offsetX - this.downAt) < 3 && e.detail === 1) this.mark(this.back(this.u.posToVal(e.offsetX, "x")));
      });
      over.addEventListener("dblclick", (e) => {
        e.preventDefault();
        this.everything();
      });
      [...this.u.root.querySelectorAll(".u-axis")].slice(1).forEach((el, i) => {
        const key = "y" + i;
        el.style.pointerEvents = "auto";
        el.style.cursor = "ns-resize";
        el.title = say("plot.axis.help");
        el.addEventListener(
          "wheel",
          (e) => {
            e.preventDefault();
            const { min, max } = this.u.scales[key],
              v = this.u.posToVal(e.clientY - over.getBoundingClientRect().top, key),
              f = e.deltaY > 0 ? 1.25 : 0.8;
            this.hold1(key, v + (min - v) * f, v + (max - v) * f);
          },
          { passive: false },
        );
        el.addEventListener("dblclick", () => {
          delete this.fixed[key];
          this.redraw();
        });
      });
    },
    hold1(key, min, max) {
      this.fixed[key] = [min, max];
      this.u.setScale(key, { min, max });
    },
    nearer(factor, at) {
      const [a, b] = this.range(),
        x = at ?? (a + b) / 2;
      this.show(x - (x - a) * factor, x + (b - x) * factor);
    },
    redraw() {
      // all data at the present range
      if (!this.u) return;
      if (this.following && choices().which === "ert") this.delay = { t: 0, d: this.behind ?? this.late(), k: 0 };
      const [a, b] = this.range(),
        data = joined(this.archive, this.tails, a - (b - a), b + (b - a));
      this.stats.points = data[0].length;
      if (this.delay.d) data[0] = Float64Array.from(data[0], (t) => this.axis(t));
      this.u.batch(() => {
        this.u.setData(data, false);
        this.u.setScale("x", { min: this.axis(a), max: this.axis(b) });
      });
    },
    move() {
      if (!this.u) return;
      this.redraw();
      const [a, b] = this.range();
      const late = this.asked - a;
      if (!this.reading && (late > 0.05 * (b - a) || -late > b - a)) this.fill();
    }, // what comes is older, or much newer, than was thought
    show(a, b) {
      if (!(b > a)) return;
      this.following = false;
      this.whole = false;
      this.view = [a, Math.max(b, a + LEAST_MS)];
      this.u?.setScale("x", { min: this.axis(this.view[0]), max: this.axis(this.view[1]) });
      if (this.reading) this.again = true;
      else this.fill();
    }, // one question at a time: the next one is of the newest range
    async fill() {
      this.again = false;
      this.stopRead?.abort();
      if (!this.list.length) return;
      if (this.reading) this.stats.aborted++;
      const stop = (this.stopRead = new AbortController()),
        [a, b] = this.range(),
        began = performance.now(),
        late = setTimeout(() => (this.busy = say("plot.loading")), 250);
      this.reading = true;
      try {
        const every = this.whole && !this.view,
          margin = every ? 0 : Math.max((b - a) * 0.02, 3 * (this.step ?? 0)); // so that lines go on to the samples beyond the edges
        const query = {
          start: every ? "" : fromMs(a - margin),
          stop: every || this.following ? "" : fromMs(b + margin),
          count: Math.max(300, Math.min(2000, this.$refs.plot.clientWidth)),
          raw: this.isRaw,
        };
        const archive = [];
        this.stats.asked++;
        await Promise.all(
          [...this.crafts()].map(async ([craft, places]) => {
            const got = await read(
              places.map((k) => this.list[k].name),
              { ...query, spacecraft: craft },
              stop.signal,
            );
            places.forEach((k, i) => {
              archive[k] = got[i];
            });
          }),
        );
        if (stop.signal.aborted || this.gone) return;
        this.asked = a;
        this.archive = archive;
        this.fault = "";
        if (every && archive.some((one) => one.t.length)) {
          const held = archive.filter((one) => one.t.length);
          this.view = [
            Math.min(...held.map((one) => one.t[0])),
            Math.max(...held.map((one) => one.t[one.t.length - 1] + one.width)),
          ];
        }
        if (!this.following) await this.learn();
        this.settle(archive);
        if (this.rebuild) {
          this.rebuild = false;
          this.build();
        } else this.redraw();
        this.say(archive);
        this.stain();
        this.stats.zooms.push(performance.now() - began);
        this.keep();
      } catch (error) {
        if (error.name !== "AbortError") {
          this.fault = error.status ? error.message : say("centre.lost");
          this.stain();
        }
      } finally {
        clearTimeout(late);
        if (this.stopRead === stop) {
          this.reading = false;
          this.busy = "";
          if (this.again) {
            this.again = false;
            this.fill();
          }
        }
      }
    },
    settle(archive) {
      // what the archive tells of the parameters
      archive.forEach((one, k) => {
        const s = this.list[k];
        if (!s) return;
        if (one.units && !s.units && !this.isRaw) {
          s.units = one.units;
          this.rebuild = true;
        }
        if (one.labels?.length && !s.labels.length) {
          s.labels = one.labels;
          this.rebuild = true;
        }
        if (!s.now)
          for (let i = one.mean.length - 1; i >= 0; i--)
            if (one.count[i]) {
              s.now = number(one.mean[i]);
              break;
            }
        const n = one.count.reduce((x, y) => x + y, 0);
        if (n > 2) this.step = (lastSample(one) - one.width - one.t[one.count.findIndex((c) => c)]) / n;
      });
    },
    say(archive) {
      // how many samples there are, from where on, and the chart in words
      const counts = archive.map((one) => one.count.reduce((x, y) => x + y, 0)),
        total = counts.reduce((x, y) => x + y, 0),
        [a, b] = this.range();
      const first = Math.min(
        ...archive.map((one) => {
          const i = one.count.findIndex((c) => c);
          return i < 0 ? Infinity : one.t[i];
        }),
      );
      this.bare = !total;
      this.told =
        `${Math.round(total).toLocaleString("fr").replaceAll(/\s/g, " ")} ${say("plot.samples")}` +
        (Number.isFinite(first) && first - a > 0.1 * (b - a)
          ? ` · ${say("plot.first")} ${instant(fromMs(this.axis(first)), 0)}`
          : "");
      this.spoken = this.list
        .map((s, k) => {
          const one = archive[k],
            held = one ? [...one.mean].filter((v, i) => one.count[i]) : [];
          return held.length
            ? `${s.name}: ${number(Math.min(...held))} … ${number(Math.max(...held))} ${s.units}`
            : `${s.name}: ${say("plot.no.samples")}`;
        })
        .join("; ");
    },
    follow(width) {
      this.width = width;
      this.following = true;
      this.whole = false;
      this.view = null;
      this.fill();
    },
    hold() {
      this.view = this.range();
      this.following = false;
      this.fill();
    },
    everything() {
      this.following = false;
      this.whole = true;
      this.view = null;
      this.fixed = {};
      this.fill();
    },
    typed() {
      // an end of the range that was typed
      const [a, b] = this.range(),
        given = ["from", "to"].map((end) => [end, this.ends[end].trim()]),
        at = [];
      for (const [end, text] of given) {
        const t = text ? parsed(text, fromMs(this.axis(b))) : NaN;
        if (text && !Number.isFinite(t)) {
          this.wrong = end;
          return;
        }
        at.push(Number.isFinite(t) ? this.back(t) : end === "from" ? a : b);
      }
      this.wrong = at[1] > at[0] ? "" : "to";
      if (!this.wrong && (at[0] !== a || at[1] !== b)) this.show(...at);
    },
    turnRaw() {
      this.isRaw = !this.isRaw;
      this.tails = this.list.map(() => new Tail());
      for (const s of this.list) s.now = "";
      this.archive = null;
      this.fixed = {};
      this.build();
      this.listen();
      this.fill();
    },
    keep() {
      const [a, b] = this.range().map((t) => fromMs(t));
      this.ends = this.following
        ? { from: "", to: "" }
        : { from: instant(fromMs(this.axis(Date.parse(a)))), to: instant(fromMs(this.axis(Date.parse(b)))) };
      if (this.deep)
        remember({
          p: this.list.map((s) => s.key).join(","),
          from: this.following ? "" : a,
          to: this.following ? "" : b,
          span: this.following && this.width !== 600 ? this.width : "",
          raw: this.isRaw ? "1" : "",
          limits: this.showLimits ? "" : "0",
          steps: this.steps ? "1" : "",
          zero: this.zero ? "1" : "",
        });
    },
    async suggest() {
      clearTimeout(this.asking);
      const text = this.text.trim(),
        many = (line.tick?.spacecraft ?? []).length > 1;
      this.asking = setTimeout(async () => {
        try {
          const told = await (await ask("parameters", { search: text, limit: 20, spacecraft: this.spacecraft })).json();
          if (document.activeElement === this.$refs.find) {
            this.found = (told.items ?? told)
              .map((p) => ({ ...p, craft: many ? p.spacecraft : "", key: many ? `${p.name}@${p.spacecraft}` : p.name }))
              .filter((p) => !this.list.some((s) => s.key === p.key));
            this.pickAt = 0;
          }
        } catch {
          this.found = [];
        }
      }, 120);
    },
    hide() {
      clearTimeout(this.asking);
      this.found = [];
    },
    walk(e) {
      const n = this.found.length;
      if (e.key === "ArrowDown" && n) {
        e.preventDefault();
        this.pickAt = (this.pickAt + 1) % n;
      } else if (e.key === "ArrowUp" && n) {
        e.preventDefault();
        this.pickAt = (this.pickAt + n - 1) % n;
      } else if (e.key === "Enter" && n) {
        e.preventDefault();
        this.add(this.found[this.pickAt].key);
      } else if (e.key === "Escape") {
        this.found = [];
        this.text = "";
        this.$refs.find.blur();
        this.$refs.plot.focus();
      }
    },
    async add(key) {
      this.text = "";
      this.found = [];
      if (this.list.length >= PICKED || this.list.some((s) => s.key === key)) return;
      this.u?.destroy();
      this.u = null;
      this.list.push(this.entry(key));
      this.tails.push(new Tail());
      this.archive = null;
      await this.define();
      this.listen();
      this.build();
      this.fill();
    },
    drop(key) {
      const k = this.list.findIndex((s) => s.key === key);
      this.list.splice(k, 1);
      this.tails.splice(k, 1);
      this.archive = null;
      this.fixed = {};
      this.marks = [];
      this.marked = [];
      this.listen();
      this.build();
      if (this.list.length) this.fill();
      else {
        this.told = "";
        this.keep();
      }
    },
    keys(e) {
      const [a, b] = this.range(),
        w = b - a,
        to = {
          ArrowLeft: [a - w / 10, b - w / 10],
          ArrowRight: [a + w / 10, b + w / 10],
          "+": [a + w / 6, b - w / 6],
          "=": [a + w / 6, b - w / 6],
          "-": [a - w / 4, b + w / 4],
        }[e.key];
      if (to) {
        e.preventDefault();
        this.show(...to);
      } else if (e.key === "Home") this.everything();
      else if (e.key === "End") this.follow(this.width);
      else if (e.key === "Escape" && this.marks.length) {
        this.marks = [];
        this.marked = [];
        this.u.redraw(false);
      }
    },
    tell(u) {
      const i = u.cursor.idx,
        t = i == null ? null : u.data[0][i];
      if (t == null) {
        this.foot = "";
        return;
      }
      this.foot =
        `${instant(fromMs(t))}   ` +
        this.list
          .map((s, k) => {
            const v = u.data[1 + 3 * k][i],
              lo = u.data[2 + 3 * k][i],
              hi = u.data[3 + 3 * k][i];
            return `${s.short} ${number(v)}${lo != null && lo !== hi ? ` (${number(lo)} … ${number(hi)})` : ""} ${this.isRaw ? "" : s.units}`;
          })
          .join("   ");
    },
    mark(t) {
      // cursors A and B, with what lies between them
      if (this.marks.length >= 2) this.marks = [];
      else this.marks.push(t);
      const near = (k, at) => this.u.data[1 + 3 * k][this.u.valToIdx(this.axis(at))],
        clock = (at) => fromMs(this.axis(at)).slice(11, 23);
      this.marked =
        this.marks.length === 2
          ? [
              {
                name: "Δt",
                short: "Δt",
                a: clock(this.marks[0]),
                b: clock(this.marks[1]),
                d: span((this.marks[1] - this.marks[0]) / 1000),
              },
              ...this.list.map((s, k) => {
                const [a, b] = this.marks.map((m) => near(k, m));
                return {
                  name: s.name,
                  short: s.short,
                  a: number(a),
                  b: number(b),
                  d: a != null && b != null ? number(b - a) : "–",
                };
              }),
            ]
          : [];
      this.u.redraw(false);
    },
    out(format) {
      const [a, b] = this.range(),
        crafts = [...this.crafts().keys()],
        query = new URLSearchParams({
          parameters: [...new Set(this.list.map((s) => s.name))].join(","),
          start: fromMs(a),
          ...(this.following ? {} : { stop: fromMs(b) }),
          ...(this.isRaw ? { raw: "true" } : {}),
          ...(crafts.length === 1 && crafts[0] ? { spacecraft: crafts[0] } : {}),
          format,
        });
      return "/api/v1/values?" + query;
    },
    png() {
      picture(this.u, this.list, this.isRaw);
    },
  },
};
