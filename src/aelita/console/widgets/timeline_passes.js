// Passes over stations, a row for each, and events of the orbit beneath, with the mission's now; the chosen pass in the sky.
import { line, watch } from "aelita-bus";
import { ask, colour, fromMs, instant, light, make, parsed, remember, say, span, stateOf, waiting } from "aelita-face";
import { canvasIn, timeTicks } from "aelita-figure";
import { cell, facts, retrying, table } from "aelita-published";
import { utcMs } from "aelita-sky";
import { missionNow } from "aelita-stages";
const HOUR = 3600e3,
  SPANS = [6, 24, 72, 168, 720],
  AGAIN_MS = 300000,
  EVEN_MS = 600000, // what follows now begins at even times, so that equal questions have one answer
  TICK_MS = 500,
  LISTED = 300,
  MOST_EVENTS_H = 744,
  AROUND = 18 * HOUR,
  KINDS = ["eclipse", "penumbra", "occultation", "periapsis", "apoapsis", "ascending-node", "descending-node", "conjunction"];
const ms = (t) => (t ? utcMs(t) : NaN),
  instantOf = (t) => fromMs(Math.round(t)).replace("Z", "000Z"),
  // a pass that goes on beyond what was asked for has no rise, or no set, that is known
  riseOf = (one) => (one.cut?.[0] ? "< " : "") + instant(one.start, 0),
  setOf = (one) => (one.cut?.[1] ? "> " : "") + instant(one.stop, 0),
  keyOf = (one) => `${one.station}@${one.start}`;
export default {
  template: `<div class="nv-wrap nv-passes" :class="{old}" data-view="passes"><div class="nv-top">
    <button class="a-btn small" type="button" data-earlier :aria-label="word('stations.earlier')" @click="move(-.5)">◂</button><button class="a-btn small" type="button" data-now :aria-pressed="follow" @click="toNow">{{word('nav.now')}}</button><button class="a-btn small" type="button" data-later :aria-label="word('stations.later')" @click="move(.5)">▸</button>
    <span class="a-seg" role="group" :aria-label="word('nav.span')"><button v-for="h in spans" :key="h" type="button" :data-span="h" :aria-pressed="hours===h" @click="wide(h)">{{h < 48 ? h + ' ' + word('nav.hours') : h / 24 + ' ' + word('nav.days')}}</button></span>
    <input class="a-text mono nv-at" data-at :aria-label="word('nav.from')" :placeholder="word('nav.from')" :title="word('nav.at.hint')" :class="{wrong}" v-model="typed" @keydown.enter="go" @change="go">
    <span class="a-seg" role="group" :aria-label="word('nav.events.by')"><button type="button" data-time="earth" :aria-pressed="byEarth" @click="by(true)">{{word('nav.by.earth')}}</button><button type="button" data-time="craft" :aria-pressed="!byEarth" @click="by(false)">{{word('nav.by.craft')}}</button></span>
    <span v-if="old" class="st st-stale" data-old>{{word('nav.old')}}</span></div>
    <div class="nv-state" ref="place" v-show="!there"></div>
    <div class="nv-body" v-show="there"><div class="nv-wide nv-stack"><section class="a-card nv-lanes-card" :aria-label="word('nav.view.passes')"><div class="body flush"><div ref="lanes" class="nv-lanes" tabindex="0" :aria-label="word('nav.lanes.keys')" @keydown="keys"></div></div><div class="nv-read" data-light>{{lightNote}}</div><div class="nv-read nv-key"><span><i></i>{{word('nav.key.high')}}</span><span><i class="low"></i>{{word('nav.key.low')}}</span><span><i class="hid"></i>{{word('nav.key.hidden')}}</span><span><i class="sun"></i>{{word('nav.key.sun')}}</span></div></section><section class="a-card nv-grow" :aria-label="word('nav.passes')"><header><h2>{{word('nav.passes')}}</h2><span class="dim" data-count>{{count}}</span></header><div class="body nv-list" ref="list"></div></section></div>
    <div class="nv-side"><section class="a-card" :aria-label="word('nav.pass.sky')"><header><h2>{{word('nav.pass.sky')}}</h2></header><div class="body"><div ref="facts"></div><div class="nv-dome" ref="dome" v-show="dome"></div></div></section><section class="a-card nv-grow" :aria-label="word('nav.events')"><header><h2>{{word('nav.events')}}</h2></header><div class="body" ref="events"></div></section></div></div></div>`,
  props: { spacecraft: String, span: Number, start: String, at: String, reception: Boolean },
  data() {
    return { hours: this.span, spans: SPANS, typed: "", wrong: false, follow: true, byEarth: this.reception, there: false, old: false, count: "", lightNote: "", dome: false };
  },
  mounted() {
    this.from = ms(this.start);
    this.follow = !Number.isFinite(this.from);
    this.wanted = this.at;
    this.$refs.place.replaceChildren(waiting());
    this.offOld = retrying(this, () => {});
    this.off = watch((l) => {
      if (l.tick && !this.started) {
        this.started = true;
        this.read();
      }
      if (this.old) this.tick();
    });
    this.clock = setInterval(() => this.tick(), TICK_MS);
    this.again = setInterval(() => !document.hidden && this.started && this.read(), AGAIN_MS);
    this.sizes = new ResizeObserver(() => this.told && this.draw());
    this.sizes.observe(this.$refs.lanes);
    this.drawing = canvasIn(this.$refs.dome, say("nav.dome"), (c, w, h) => this.sky && this.drawSky(c, w, h));
    window.addEventListener("aelita:choice", (this.onChoice = () => this.told && this.draw()));
  },
  unmounted() {
    this.off();
    this.offOld();
    clearInterval(this.clock);
    clearInterval(this.again);
    this.sizes.disconnect();
    this.drawing.end();
    this.stop?.abort();
    window.removeEventListener("aelita:choice", this.onChoice);
  },
  methods: {
    word: say,
    range() {
      const w = this.hours * HOUR;
      if (this.follow) this.from = Math.floor((missionNow() - w * 0.25) / EVEN_MS) * EVEN_MS;
      return [this.from, this.from + w];
    },
    keep() {
      remember({ span_h: this.hours === 24 ? "" : this.hours, from: this.follow ? "" : instantOf(this.from), time: this.byEarth ? "" : "craft" });
      this.read();
    },
    move(part) {
      const [a] = this.range();
      this.follow = false;
      this.from = a + part * this.hours * HOUR;
      this.keep();
    },
    toNow() {
      this.follow = true;
      this.keep();
    },
    wide(hours) {
      const [a, b] = this.range();
      if (!this.follow) this.from = (a + b) / 2 - (hours * HOUR) / 2;
      this.hours = hours;
      this.keep();
    },
    by(earth) {
      this.byEarth = earth;
      remember({ time: earth ? "" : "craft" });
      this.draw();
    },
    go() {
      const at = parsed(this.typed, fromMs(this.from));
      this.wrong = this.typed.trim() !== "" && !Number.isFinite(at);
      if (!Number.isFinite(at)) return;
      this.follow = false;
      this.from = at;
      this.keep();
    },
    keys(e) {
      const act = { ArrowLeft: () => this.move(-0.25), ArrowRight: () => this.move(0.25), Home: () => this.toNow(), "+": () => this.wide(SPANS[Math.max(0, SPANS.indexOf(this.hours) - 1)]), "-": () => this.wide(SPANS[Math.min(SPANS.length - 1, SPANS.indexOf(this.hours) + 1)]) }[e.key];
      if (!act || e.target !== this.$refs.lanes) return;
      e.preventDefault();
      act();
    },
    async read() {
      this.stop?.abort();
      const stop = (this.stop = new AbortController()),
        [a, b] = this.range();
      if (!Number.isFinite(a)) return;
      this.busy = true;
      const query = { spacecraft: this.spacecraft, start: instantOf(a), stop: instantOf(b) },
        wider = [a - AROUND, b + AROUND]; // passes with their true ends, also those that are on when the span begins or ends
      try {
        const [passes, events] = await Promise.all([
          ask("navigation/passes", { ...query, start: instantOf(wider[0]), stop: instantOf(wider[1]) }, { signal: stop.signal }).then((r) => r.json()),
          this.hours <= MOST_EVENTS_H
            ? ask("navigation/events", query, { signal: stop.signal }).then(
                (r) => r.json(),
                (error) => {
                  if (error.name === "AbortError") throw error;
                  return { rows: [], why: error.message };
                },
              )
            : { rows: [] },
        ]);
        const near = passes.rows.filter((one) => ms(one.stop) > a && ms(one.start) < b);
        for (const one of near) {
          one.cut = [ms(one.start) <= wider[0] + 1, ms(one.stop) >= wider[1] - 1];
        }
        this.told = { passes: near, events: events.rows, why: events.why ?? "", known: events.known ?? "" };
        this.shown = [a, b];
        this.there = true;
        this.$refs.place.replaceChildren();
        this.old = line.state === "dead";
        await this.$nextTick();
        this.draw();
        const one = this.wanted && this.told.passes.find((p) => keyOf(p) === this.wanted);
        if (one) this.choose(one);
        else if (!this.chosen) this.nothing();
      } catch (error) {
        if (error.name === "AbortError") return;
        this.old = true;
        this.tried = performance.now();
        if (this.told) return;
        this.there = false;
        this.$refs.place.replaceChildren(
          stateOf("bad", say(error.status === 403 ? "forbidden" : "failed"), error.status ? `${error.message} ${error.remedy ?? ""}`.trim() : say("centre.lost"), () => this.read()),
        );
      } finally {
        if (this.stop === stop) this.busy = false;
      }
    },
    light(at) {
      // one-way light time (s) near an instant: of the nearest pass, else as the clocks have it
      let found = null,
        least = Infinity;
      for (const one of this.told?.passes ?? []) {
        const d = Math.abs((ms(one.start) + ms(one.stop)) / 2 - at);
        if (one.light_s != null && d < least) [found, least] = [one.light_s, d];
      }
      return found ?? line.tick?.spacecraft?.find((one) => one.spacecraft === this.spacecraft)?.owlt_s ?? null;
    },
    eventAt(t) {
      return this.byEarth ? t + 1000 * (this.light(t) ?? 0) : t;
    },
    x(t) {
      const [a, b] = this.shown;
      return (100 * (Math.min(Math.max(t, a), b) - a)) / (b - a);
    },
    draw() {
      if (!this.told) return;
      const [a, b] = this.shown,
        lanes = [],
        stations = new Map();
      for (const one of this.told.passes) {
        if (!stations.has(one.station)) stations.set(one.station, []);
        stations.get(one.station).push(one);
      }
      if (document.activeElement !== this.$el.querySelector("[data-at]")) this.typed = instant(fromMs(a), 0);
      const axis = this.lane("UTC", "nv-axis");
      for (const [t, text] of timeTicks(a, b, Math.max(2, this.$refs.lanes.clientWidth / 150))) {
        const s = make("span", "", text);
        s.style.left = this.x(t) + "%";
        axis.line.append(s);
      }
      lanes.push(axis.row);
      for (const [station, all] of [...stations].sort()) {
        const lane = this.lane(station, "nv-station");
        for (const one of all) lane.line.append(this.bar(one));
        lanes.push(lane.row);
      }
      if (!stations.size) lanes.push(stateOf("empty", say("nav.passes.none"), say("nav.passes.none.hint")));
      for (const kind of KINDS) {
        const all = this.told.events.filter((one) => one.kind === kind);
        if (!all.length) continue;
        const lane = this.lane(say("nav.event." + kind), "nv-event k-" + kind);
        for (const one of all) lane.line.append(this.mark(one));
        lanes.push(lane.row);
      }
      this.now = make("i", "nv-nowline");
      this.now.title = say("nav.now");
      this.left = make("i", "nv-nowline left");
      this.left.title = say("nav.leaves");
      this.$refs.lanes.replaceChildren(...lanes, this.left, this.now);
      this.tick();
      this.lists();
    },
    lane(name, cls) {
      const row = make("div", "nv-row " + cls),
        lane = make("div", "nv-line");
      row.append(make("b", "", name), lane);
      return { row, line: lane };
    },
    bar(one) {
      const e = make("button", "nv-pass"),
        a = this.x(ms(one.start));
      e.type = "button";
      e.style.left = a + "%";
      e.style.width = `max(3px, ${this.x(ms(one.stop)) - a}%)`;
      e.style.setProperty("--high", String(Math.min(1, 0.35 + (0.65 * (one.max_elevation_deg ?? 0)) / 60)));
      e.dataset.pass = keyOf(one);
      if (one.hidden_s > one.duration_s / 2) e.classList.add("partly");
      if (one.sun_deg != null && one.sun_deg < 5) e.classList.add("sunny");
      e.title = `${one.station}: ${riseOf(one)} – ${setOf(one)}\n${say("nav.elevation")} ${degrees(one.max_elevation_deg)}${one.hidden_s > 0 ? `\n${say("nav.hidden")} ${span(one.hidden_s)}` : ""}`;
      e.setAttribute("aria-label", e.title);
      e.onclick = () => this.choose(one);
      e.classList.toggle("on", !!this.chosen && keyOf(this.chosen) === e.dataset.pass);
      return e;
    },
    mark(one) {
      const e = make("span", one.stop ? "nv-span" : "nv-point"),
        a = this.eventAt(ms(one.start));
      e.style.left = this.x(a) + "%";
      if (one.stop) e.style.width = `max(2px, ${this.x(this.eventAt(ms(one.stop))) - this.x(a)}%)`;
      else if (a < this.shown[0] || a > this.shown[1]) e.hidden = true;
      e.title = `${say("nav.event." + one.kind)}: ${instant(fromMs(a), 0)}${one.stop ? ` – ${instant(fromMs(this.eventAt(ms(one.stop))), 0)}` : ""}${one.value == null ? "" : `\n${number(one.value)} ${one.unit}`}\n${one.about ?? ""}`;
      return e;
    },
    tick() {
      if (!this.told || !this.now) return;
      const now = missionNow(),
        [a, b] = this.shown,
        away = this.light(now),
        left = now - 1000 * (away ?? 0),
        dead = line.state !== "alive";
      if (this.follow && !dead && !this.busy && now > a + 0.6 * (b - a)) this.read();
      const put = (e, t, shown) => {
        e.hidden = !(shown && t >= a && t <= b);
        e.style.left = `calc(var(--lane) + (100% - var(--lane)) * ${(t - a) / (b - a)})`;
        e.classList.toggle("old", dead);
      };
      put(this.now, now, true);
      put(this.left, left, away != null && !this.byEarth);
      this.lightNote = away == null ? say("nav.light.none") : say(this.byEarth ? "nav.light.earth" : "nav.light.craft").replace("{light}", light(away)).replace("{left}", instant(fromMs(left), 0));
    },
    lists() {
      const all = this.told.passes;
      this.count = String(all.length);
      this.$refs.list.replaceChildren(
        all.length
          ? table(
              say("nav.passes"),
              [say("column.station"), say("nav.rise"), say("nav.set"), say("nav.duration"), say("nav.elevation"), say("nav.hidden"), say("nav.sun"), say("nav.light")],
              all.slice(0, LISTED).map((one) => ({
                cls: this.chosen && keyOf(one) === keyOf(this.chosen) ? "on" : "",
                cells: [one.station, riseOf(one), setOf(one), span(one.duration_s), degrees(one.max_elevation_deg), one.hidden_s == null ? "–" : span(one.hidden_s), degrees(one.sun_deg), light(one.light_s)],
                pick: () => this.choose(one),
              })),
            )
          : make("p", "dim", say("nav.passes.none")),
      );
      const events = this.told.events;
      this.$refs.events.replaceChildren(
        events.length
          ? table(
              say("nav.events"),
              [say("nav.event"), say(this.byEarth ? "nav.by.earth" : "nav.by.craft")],
              events.slice(0, LISTED).map((one) => [cell(say("nav.event." + one.kind), ""), cell(instant(fromMs(this.eventAt(ms(one.start))), 0))]),
            )
          : stateOf(this.told.why ? "bad" : "empty", say(this.told.why ? "failed" : "nav.events.none"), this.told.why || say("nav.events.none.hint")),
      );
    },
    nothing() {
      this.$refs.facts.replaceChildren(make("p", "dim", say("nav.pass.choose")));
      this.dome = false;
    },
    async choose(one) {
      this.chosen = one;
      this.wanted = "";
      remember({ at: keyOf(one) });
      for (const e of this.$refs.lanes.querySelectorAll("[data-pass]")) e.classList.toggle("on", e.dataset.pass === keyOf(one));
      this.lists();
      this.$refs.facts.replaceChildren(
        facts([
          [say("column.station"), one.station],
          [say("nav.rise"), riseOf(one)],
          [say("nav.set"), setOf(one)],
          [say("nav.duration"), span(one.duration_s)],
          [say("nav.elevation"), degrees(one.max_elevation_deg)],
          [say("nav.hidden"), one.hidden_s == null ? "–" : span(one.hidden_s)],
          [say("nav.sun"), degrees(one.sun_deg)],
          [say("nav.light"), light(one.light_s)],
          ...(one.bound_s > 1e-3 ? [[say("nav.bound"), span(one.bound_s)]] : []),
          [say("nav.known"), ({ kernels: say("nav.kernels"), "stand-in": say("nav.stand.in") })[one.known] ?? one.known],
        ]),
      );
      this.sky = null;
      this.dome = false;
      try {
        const step = Math.max(1, Math.round(one.duration_s / 60)),
          told = await (await ask("navigation/light-time", { observer: one.station, spacecraft: one.spacecraft, at: one.start, stop: one.stop, step_s: step })).json();
        if (this.chosen !== one) return;
        this.sky = told.rows.filter((r) => r.azimuth_deg != null && r.elevation_deg != null);
        this.dome = this.sky.length > 0;
        await this.$nextTick();
        this.drawing.again();
      } catch {
        this.dome = false; // the pass is told by its figures all the same
      }
    },
    drawSky(c, w, h) {
      // the way over the sky as the station sees it: north up, east right, the zenith in the middle
      const r = Math.min(w, h) / 2 - 18,
        [x0, y0] = [w / 2, h / 2],
        put = (az, el) => {
          const d = (r * (90 - el)) / 90,
            a = (az * Math.PI) / 180;
          return [x0 + d * Math.sin(a), y0 - d * Math.cos(a)];
        };
      c.lineWidth = 1;
      c.strokeStyle = colour("line2");
      for (const el of [0, 30, 60]) {
        c.beginPath();
        c.arc(x0, y0, (r * (90 - el)) / 90, 0, 7);
        c.stroke();
      }
      c.beginPath();
      c.moveTo(x0 - r, y0);
      c.lineTo(x0 + r, y0);
      c.moveTo(x0, y0 - r);
      c.lineTo(x0, y0 + r);
      c.stroke();
      c.fillStyle = colour("fg2");
      c.textAlign = "center";
      c.textBaseline = "middle";
      [["nav.dome.n", 0], ["nav.dome.e", 90], ["nav.dome.s", 180], ["nav.dome.w", 270]].forEach(([k, az]) => c.fillText(say(k), ...put(az, -8)));
      c.fillText("30°", x0 + 3, y0 - (r * 60) / 90 - 7);
      c.fillText("60°", x0 + 3, y0 - (r * 30) / 90 - 7);
      c.strokeStyle = c.fillStyle = colour("s1");
      c.lineWidth = 2;
      c.beginPath();
      this.sky.forEach((one, i) => c[i ? "lineTo" : "moveTo"](...put(one.azimuth_deg, one.elevation_deg)));
      c.stroke();
      for (const [one, ink] of [[this.sky[0], "ok"], [this.sky.at(-1), "crit"]]) {
        c.fillStyle = colour(ink);
        c.beginPath();
        c.arc(...put(one.azimuth_deg, one.elevation_deg), 4, 0, 7);
        c.fill();
      }
    },
  },
};
const degrees = (v) => (v == null ? "–" : `${v.toFixed(1).replace("-", "−")}°`),
  number = (v) => String(+v.toPrecision(6)).replace("-", "−");
