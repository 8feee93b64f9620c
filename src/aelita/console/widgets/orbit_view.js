// Trajectories in space: about the Sun with Earth, Mars and the transfer; about Mars with ground track, terminator and landers.
import { line, watch } from "aelita-bus";
import { ask, fromMs, instant, light, make, parsed, remember, say, span, stateOf } from "aelita-face";
import { withUnit } from "aelita-figure";
import { Trajectory, elements, framed, track } from "aelita-course";
import { facts, retrying, rowsTable } from "aelita-published";
import { AU_KM, LIGHT_KM_S, MARS, Track, cross, marsTurn, minus, onMars, plus, shadowed, size, times, turned, unit, utcMs } from "aelita-sky";
import { Space } from "aelita-space";
import { missionNow } from "aelita-stages";
const HOUR = 3600e3,
  DAY = 24 * HOUR,
  NOW_MS = 1000,
  SPANS = { mars: [3, 12, 48, 240].map((h) => h * HOUR), sun: [200, 400, 800].map((d) => d * DAY) },
  UNIT = { mars: 1000, sun: 1e6 }, // km
  COUNT = { mars: 2000, sun: 500 },
  DRAWN = 6000,
  RING = { EARTH: 365.3, MARS: 687 },
  SPEEDS = [1, 60, 600, 3600, 86400],
  GM_MARS = 42828.37362, // km3/s2, as in gm_de440.tpc of NAIF
  TRACK_MS = 12 * HOUR, // the ground track is drawn so long before and after
  VIEW_FRAME = { mars: "J2000", sun: "ECLIPJ2000" };
// where landers stand or lie: areocentric latitude, longitude east. Curiosity and InSight as in ESA's kernel
// em16_tgo_relay_locations_v02 (grade A), the others as their agencies published them (grade B, Schiaparelli C); since when (UTC day)
const LANDERS = [
  ["Schiaparelli", -2.05, 353.79, "2016-10-19"],
  ["Curiosity", -4.59, 137.44, "2012-08-06"],
  ["Perseverance", 18.44, 77.45, "2021-02-18"],
  ["InSight", 4.5, 135.62, "2018-11-26"],
  ["Opportunity", -1.95, 354.47, "2004-01-25"],
  ["Zhurong", 25.07, 109.93, "2021-05-14"],
];
const RAD = Math.PI / 180,
  upper = (name) => name.toUpperCase(),
  instantOf = (ms) => fromMs(ms).replace("Z", "000Z");
export default {
  template: `<div class="nv-wrap nv-orbit" :class="{old}" data-view="orbit"><div class="nv-top">
    <span class="a-seg" role="group" :aria-label="word('nav.about')"><button v-for="a in ['mars','sun']" :key="a" type="button" :data-about="a" :aria-pressed="about_===a" @click="turnTo(a)">{{word('nav.about.'+a)}}</button></span>
    <span class="a-seg" role="group" :aria-label="word('nav.span')"><button v-for="s in spans()" :key="s" type="button" :aria-pressed="span===s" @click="wide(s)">{{spanText(s)}}</button></span>
    <input class="a-text mono nv-at" data-at :aria-label="word('nav.at')" :placeholder="word('nav.at')" :title="word('nav.at.hint')" :class="{wrong}" v-model="typed" @keydown.enter="go(typed)" @change="go(typed)">
    <select class="a-text" data-follow :aria-label="word('nav.follow')" v-model="follow" @change="frame()"><option value="">{{word('nav.follow.centre')}}</option><option value="craft">{{spacecraft}}</option><option v-if="about_==='sun'" value="EARTH">{{word('nav.body.EARTH')}}</option><option v-if="about_==='sun'" value="MARS">{{word('nav.body.MARS')}}</option></select>
    <select v-if="products.length" class="a-text nv-pick" data-product :aria-label="word('nav.product')" v-model="chosen" @change="openProduct(chosen)"><option value="">{{word('nav.product.none')}}</option><option v-for="p in products" :key="p.id" :value="p.id">{{p.title}} · {{p.id}}</option></select>
    <span v-if="old" class="st st-stale" data-old>{{word('nav.old')}}</span></div>
    <div class="nv-body"><section class="a-card nv-wide" :aria-label="word('nav.view.orbit')"><div class="body flush nv-sky"><div class="nv-space" ref="space"></div><div class="nv-zoom"><button type="button" class="a-btn small" data-nearer :aria-label="word('nav.nearer')" :title="word('nav.nearer')" @click="space.nearer(.8)">+</button><button type="button" class="a-btn small" data-farther :aria-label="word('nav.farther')" :title="word('nav.farther')" @click="space.nearer(1.25)">−</button><button type="button" class="a-btn small" data-fit :aria-label="word('nav.fit.view')" :title="word('nav.fit.view')" @click="space.fit()">⤢</button></div><div class="nv-frame dim" data-frame>{{word('nav.frame.'+about_)}}</div><div class="nv-note2 dim" v-if="note">{{note}}</div><div class="nv-veil" ref="state" v-show="veiled"></div></div>
    <div class="nv-time"><button type="button" class="a-btn small" data-play :aria-pressed="playing" @click="play">{{word(playing ? 'nav.pause' : 'nav.play')}}</button><select class="a-text" :aria-label="word('nav.rate')" v-model.number="rate"><option v-for="r in rates" :key="r" :value="r">× {{r}}</option></select><button type="button" class="a-btn small" data-now :aria-pressed="live" @click="toNow">{{word('nav.now')}}</button><input type="range" data-slider min="0" max="10000" step="1" :value="place" :aria-label="word('nav.slider')" :aria-valuetext="shownAt" @input="slide($event.target.value)"><b class="mono" data-time>{{shownAt}}</b></div></section>
    <div class="nv-side"><section class="a-card" :aria-label="word('nav.state')"><header><h2>{{word('nav.state')}}: {{spacecraft}}</h2><span class="grow"></span><span class="dim nv-source" data-source>{{source}}</span></header><div class="body" ref="facts" data-facts></div></section><section class="a-card" :aria-label="word('nav.legend')"><header><h2>{{word('nav.legend')}}</h2></header><div class="body"><ul class="nv-legend"><li v-for="l in legend()" :key="l[1]"><i :class="'nv-ink '+l[0]" :style="{background:'var(--'+l[2]+')'}"></i>{{l[1]}}</li></ul><p v-if="about_==='sun'" class="dim nv-note">{{word('nav.larger')}}</p></div></section><section v-show="chosen" class="a-card nv-grow" :aria-label="word('nav.product')"><header><h2>{{word('nav.product')}}</h2></header><div class="body" ref="product"></div></section></div></div></div>`,
  props: { spacecraft: String, about: String, begin: String, until: String, instant: String, product: String },
  data() {
    return {
      about_: this.about, span: 0, typed: "", wrong: false, follow: "", products: [], chosen: "", old: false, note: "", veiled: false,
      playing: false, rate: 600, rates: SPEEDS, live: true, place: 5000, shownAt: "–", source: "",
    };
  },
  mounted() {
    this.space = new Space(this.$refs.space, say("nav.view.orbit"));
    this.aim();
    const at = utcMs(this.instant),
      a = utcMs(this.begin),
      b = utcMs(this.until);
    this.span = b > a ? b - a : SPANS[this.about_][1];
    this.at = Number.isFinite(at) ? at : b > a ? (a + b) / 2 : NaN;
    this.live = !Number.isFinite(this.at);
    this.range = b > a ? [a, b] : null;
    this.offOld = retrying(this, () => {});
    this.off = watch((l) => {
      if (!this.started && l.tick) {
        this.started = true;
        if (this.live) this.at = missionNow();
        this.read();
      }
    });
    if (!this.live) {
      this.started = true;
      this.read();
    }
    this.wanted = this.product;
    this.list();
    this.clock = setInterval(() => this.tick(), NOW_MS);
  },
  unmounted() {
    this.off();
    this.offOld();
    clearInterval(this.clock);
    cancelAnimationFrame(this.going);
    clearTimeout(this.keeping);
    this.stop?.abort();
    this.opening?.abort();
    this.space.end();
  },
  methods: {
    word: say,
    spans() {
      return SPANS[this.about_];
    },
    spanText: (s) => (s < 2 * DAY ? `${s / HOUR} ${say("nav.hours")}` : `${Math.round(s / DAY)} ${say("nav.days")}`),
    legend() {
      const craft = this.spacecraft;
      return this.about_ === "mars"
        ? [
            ["", `${craft}: ${say("nav.orbit.line")}`, "s1"],
            ["dash", say("nav.track"), "s2"],
            ["", say("nav.terminator"), "fg1"],
            ["dot", say("nav.landers"), "s3"],
            ["", say("nav.towards"), "warn"],
            ["", say("nav.towards.earth"), "s6"],
          ].concat(this.chosen ? [["", say("nav.product"), "brand"]] : [])
        : [
            ["", `${craft}: ${say("nav.orbit.line")}`, "s1"],
            ["", say("nav.body.EARTH"), "s6"],
            ["", say("nav.body.MARS"), "s5"],
          ].concat(this.chosen ? [["", say("nav.product"), "brand"]] : []);
    },
    aim() {
      this.aimed = false;
      this.fitted = false;
      if (this.about_ === "mars") this.space.look(0.7, 0.42, 15.5);
      else this.space.look(-1.1, 0.95, 760);
    },
    turnTo(about) {
      if (about === this.about_) return;
      this.about_ = about;
      this.span = SPANS[about][1];
      this.range = null;
      this.follow = "";
      this.tracks = null;
      remember({ about: about === "sun" ? "sun" : "", from: "", to: "" });
      this.aim();
      this.read();
    },
    wide(span) {
      this.span = span;
      this.range = null;
      remember({ from: "", to: "" });
      this.read();
    },
    go(text) {
      const at = parsed(text, fromMs(this.at));
      this.wrong = text.trim() !== "" && !Number.isFinite(at);
      if (!Number.isFinite(at)) return;
      this.live = false;
      this.at = at;
      remember({ at: instantOf(at) });
      if (this.inside(at)) this.frame();
      else {
        this.range = null;
        this.read();
      }
    },
    toNow() {
      this.live = true;
      this.playing = false;
      this.at = missionNow();
      this.range = null;
      remember({ at: "", from: "", to: "" });
      this.read();
    },
    inside(at) {
      return this.tracks && at >= this.ends[0] && at <= this.ends[1];
    },
    slide(place) {
      if (!this.ends) return;
      this.live = false;
      this.at = this.ends[0] + (place / 10000) * (this.ends[1] - this.ends[0]);
      clearTimeout(this.keeping);
      this.keeping = setTimeout(() => remember({ at: instantOf(Math.round(this.at)) }), 300);
      this.frame();
    },
    play() {
      this.playing = !this.playing;
      this.live = false;
      let before = performance.now();
      const on = (now) => {
        if (!this.playing || !this.ends) return;
        this.at += (now - before) * this.rate;
        before = now;
        if (this.at > this.ends[1]) this.at = this.ends[0];
        this.frame();
        this.going = requestAnimationFrame(on);
      };
      if (this.playing) this.going = requestAnimationFrame(on);
    },
    tick() {
      if (!this.live || this.old || !this.tracks || line.state !== "alive") return;
      this.at = missionNow();
      if (this.at > this.ends[1] - (this.ends[1] - this.ends[0]) * 0.1 && !this.range && !this.busy) this.read();
      else this.frame();
    },
    async list() {
      const kind = (of, limit) => ask("navigation/products", { kind: of, spacecraft: this.spacecraft, limit }).then((r) => r.json());
      try {
        this.products = (await Promise.all(["orbit", "cruise"].map((of) => kind(of, 100)))).flatMap((one) => one.rows ?? []);
      } catch {
        this.products = []; // what is drawn comes from states; the list is there when it can be read
      }
      if (this.wanted) await this.openProduct(this.wanted, false); // also one that the list is too short for
    },
    async openProduct(id, moving = true) {
      // the last that was chosen is shown, whichever answer comes first
      this.opening?.abort();
      const opening = (this.opening = new AbortController());
      this.chosen = id;
      remember({ product: id });
      this.shown = this.course = null;
      this.$refs.product.replaceChildren();
      if (id)
        try {
          const found = await (await ask(`navigation/products/${encodeURIComponent(id)}`, {}, { signal: opening.signal })).json();
          if (opening.signal.aborted) return;
          this.shown = found;
          this.course = new Trajectory(found);
          if (!this.products.some((one) => one.id === id)) this.products = [...this.products, found];
          this.tellProduct();
          this.fitted = this.fitted && !moving;
          if (this.lead(moving)) return;
        } catch (error) {
          if (error.name === "AbortError") return;
          this.$refs.product.replaceChildren(stateOf("bad", say("failed"), error.status ? error.message : say("centre.lost"), () => this.openProduct(id, moving)));
        }
      this.frame();
    },
    lead(moving) {
      // where nothing of the product is seen then, the view goes to it: an orbit is seen from its start, a cruise whole
      const [a, b] = this.course.span,
        away = !(this.at >= a && this.at <= b);
      if (!Number.isFinite(a) || !away || (!moving && !this.live)) return false;
      this.live = false;
      this.range = null;
      this.at = this.shown.kind === "cruise" && this.about_ === "sun" ? (a + b) / 2 : Math.min((a + b) / 2, a + this.span / 2);
      remember({ at: instantOf(Math.round(this.at)), from: "", to: "" });
      this.read();
      return true;
    },
    tellProduct() {
      const p = this.shown,
        burns = p.data?.manoeuvres ?? p.data?.burns ?? [],
        parts = [
          facts([
            [say("nav.made.at"), instant(p.made_at, 0)],
            [say("nav.grade.of"), p.grade],
            [say("nav.from.to"), `${instant(p.start, 0)} – ${instant(p.stop, 0)}`],
          ]),
        ];
      const files = make("p", "nv-files");
      for (const one of p.files ?? []) {
        const a = make("a", "a-chip", `${one.name.split(".").at(-1)} ↓`);
        a.href = `/api/v1/navigation/products/${encodeURIComponent(p.id)}/files/${encodeURIComponent(one.name)}`;
        a.title = one.name;
        files.append(a);
      }
      parts.push(files);
      if (this.course.odd) parts.push(make("p", "st st2", say("nav.frame.unknown").replace("{frame}", this.course.odd)));
      if (burns.length) parts.push(make("h3", "a-part", say("nav.burns")), rowsTable(say("nav.burns"), burns, ["name", "utc", "dv_m_s", ...["duration_s", "propellant_kg"].filter((key) => burns.some((one) => one[key] != null))]));
      if (p.data?.table?.length) parts.push(make("h3", "a-part", say("nav.figures")), rowsTable(say("nav.figures"), p.data.table, ["figure", "public", "ours", "tolerance", "unit", "grade"]));
      this.$refs.product.replaceChildren(...parts);
    },
    async read() {
      this.stop?.abort();
      const stop = (this.stop = new AbortController()),
        about = this.about_,
        mid = this.at,
        [a, b] = this.range ?? [mid - this.span / 2, mid + this.span / 2];
      if (!Number.isFinite(a)) return;
      this.busy = true;
      const centre = upper(about),
        query = (target, from, to, count) =>
          ask("navigation/states", { target, centre, start: instantOf(Math.round(from)), stop: instantOf(Math.round(to)), count, frame: about === "sun" ? "ECLIPJ2000" : "J2000" }, { signal: stop.signal }).then((r) => r.json());
      try {
        const asked = [query([this.spacecraft, ...(about === "sun" ? ["EARTH", "MARS"] : ["SUN", "EARTH"])], a, b, COUNT[about])];
        if (about === "sun") for (const [name, days] of Object.entries(RING)) asked.push(query([name], mid - (days / 2) * DAY, mid + (days / 2) * DAY, 240));
        const [told, ...rings] = await Promise.all(asked),
          ms = told.utc.map(utcMs);
        this.tracks = Object.fromEntries(Object.entries(told.states).map(([name, km]) => [name, new Track(ms, km)]));
        this.rings = Object.fromEntries(rings.flatMap((one) => Object.entries(one.states)));
        this.from = told.known?.[this.spacecraft] ?? "";
        this.ends = [ms[0], ms.at(-1)];
        this.veiled = false;
        this.old = line.state === "dead";
        this.sunlit();
        this.frame();
      } catch (error) {
        if (error.name === "AbortError") return;
        this.old = true;
        this.tried = performance.now();
        if (this.tracks) return;
        this.veiled = true;
        this.$refs.state.replaceChildren(
          stateOf("bad", say(error.status === 403 ? "forbidden" : "failed"), error.status ? `${error.message} ${error.remedy ?? ""}`.trim() : say("centre.lost"), () => this.read()),
        );
      } finally {
        if (this.stop === stop) this.busy = false;
      }
    },
    sunlit() {
      // the eye stands where the Sun lights most of what it sees, with the terminator in view
      const sun = this.tracks.SUN?.at(this.at);
      if (this.about_ !== "mars" || !sun || this.aimed) return;
      const s = turned(marsTurn(this.at).rows, sun);
      this.aimed = true;
      this.space.look(Math.atan2(s[1], s[0]) - 0.95, 0.42, this.space.camera.away);
    },
    frame() {
      // all that is seen at the instant that is looked at
      if (!this.tracks) return;
      this.place = Math.round((10000 * (this.at - this.ends[0])) / (this.ends[1] - this.ends[0]));
      this.shownAt = `${instant(fromMs(Math.round(this.at)), 0)} UTC`;
      if (document.activeElement !== this.$el.querySelector("[data-at]")) this.typed = instant(fromMs(Math.round(this.at)), 0);
      const view = this.about_ === "mars" ? this.aboutMars() : this.aboutSun(),
        eye = this.follow ? view.places[this.follow] : null;
      this.space.camera.target = eye ?? [0, 0, 0];
      this.space.set(view);
      if (!this.fitted && view.curves.some((one) => one.fit && one.points.some((at) => at))) {
        this.fitted = true;
        this.space.fit();
      }
      this.tell();
    },
    away(body, t) {
      // where another centre is from that of the view, in its frame, km
      if (body === upper(this.about_)) return [0, 0, 0];
      return this.tracks[body]?.at(t) ?? null;
    },
    craftAt(t) {
      // where the spacecraft is from the centre of the view: as states tell, else as the product does
      const told = this.tracks[this.spacecraft]?.at(t);
      if (told) return { km: told, product: false };
      const km = this.course?.at(t, upper(this.about_), VIEW_FRAME[this.about_], (body, at) => this.away(body, at));
      return km ? { km, product: true } : null;
    },
    speedAt(t) {
      // km/s, as a vector: from two places close by
      for (const [a, b] of [[-1000, 1000], [-1000, 0], [0, 1000]]) {
        const p = this.craftAt(t + a),
          q = this.craftAt(t + b);
        if (p && q && p.product === q.product) return times(minus(q.km, p.km), 1000 / (b - a));
      }
      return null;
    },
    aboutMars() {
      const k = 1 / UNIT.mars,
        { rows, meridian } = marsTurn(this.at),
        put = (km) => (km?.[0] == null ? null : times(turned(rows, km), k)),
        craft = this.tracks[this.spacecraft],
        sun = this.tracks.SUN?.at(this.at),
        earth = this.tracks.EARTH?.at(this.at),
        known = this.craftAt(this.at),
        here = put(known?.km),
        radius = MARS.equator_km * k,
        ray = (km) => unit(turned(rows, km));
      const onGround = (lat, lon, up = 1.004) => {
        const a = lon * RAD + meridian,
          r = up / Math.hypot(Math.cos(lat * RAD) / MARS.equator_km, Math.sin(lat * RAD) / MARS.pole_km);
        return times([Math.cos(lat * RAD) * Math.cos(a), Math.cos(lat * RAD) * Math.sin(a), Math.sin(lat * RAD)], r * k);
      };
      if (this.ground?.of !== craft || this.ground.product !== this.course) {
        // the ground track is made once: it turns with Mars; without states it is that of the product
        const bare = !craft?.known(),
          made = craft?.finer(DRAWN) ?? { ms: [], km: [] },
          from = bare ? (this.course?.legs.filter((one) => one.centre === "MARS").flatMap((one) => one.course.drawn(...this.ends, DRAWN)) ?? []) : [made];
        this.ground = { of: craft, product: this.course, km: made.km, all: from.map((one) => ({ ms: one.ms, on: track(one) })) };
      }
      const tracks = this.ground.all.map(({ ms, on }) => on.map((p, i) => p && Math.abs(ms[i] - this.at) <= TRACK_MS && onGround(p.lat, p.lon)));
      const curves = [
        { points: this.ground.km.map(put), ink: "s1", width: 1.8, fit: true },
        ...tracks.map((points) => ({ points, ink: "s2", width: 1.1, dash: [4, 3], surface: true, alpha: 0.9 })),
      ];
      const marks = [],
        places = { craft: here };
      let lamp = [1e3, 0, 0];
      if (sun) {
        const s = ray(sun),
          e1 = unit(cross(s, Math.abs(s[2]) < 0.9 ? [0, 0, 1] : [1, 0, 0])),
          e2 = cross(s, e1),
          r = radius * 1.003;
        lamp = times(s, 1e4);
        curves.push({
          points: Array.from({ length: 181 }, (_, i) => [0, 1, 2].map((j) => r * (Math.cos(2 * i * RAD) * e1[j] + Math.sin(2 * i * RAD) * e2[j]))),
          ink: "fg1", width: 1.3, surface: true,
        });
        curves.push({ points: [times(s, radius * 1.05), times(s, radius * 1.7)], ink: "warn", width: 2 });
        marks.push({ at: times(s, radius * 1.7), name: say("nav.body.SUN"), ink: "warn", size: 4 });
      }
      if (earth) {
        const e = ray(earth);
        curves.push({ points: [times(e, radius * 1.05), times(e, radius * 1.55)], ink: "s6", width: 1.6 });
        marks.push({ at: times(e, radius * 1.55), name: say("nav.body.EARTH"), ink: "s6", size: 3 });
      }
      curves.push({ points: [[0, 0, radius], [0, 0, radius * 1.25]], ink: "fg2", width: 1.4 });
      marks.push({ at: [0, 0, radius * 1.25], name: say("nav.north"), ink: "fg2", shape: "none", said: "fg1" });
      for (const [name, lat, lon, since] of LANDERS) if (this.at >= utcMs(since)) marks.push({ at: onGround(lat, lon), name, ink: "s3", shape: "diamond", surface: true, size: 4 });
      if (here) {
        const under = onMars(this.at, known.km);
        curves.push({ points: [here, onGround(under.lat, under.lon)], ink: "s2", width: 1 });
        marks.unshift({ at: onGround(under.lat, under.lon), ink: "s2", shape: "cross", surface: true, size: 5 });
        marks.unshift({ at: here, name: this.spacecraft, ink: known.product ? "brand" : "s1", size: 5 });
      }
      this.ofProduct(put, curves, marks, !!known && !known.product);
      return {
        globes: [{ name: "mars", at: [0, 0, 0], radius, flat: MARS.pole_km / MARS.equator_km, turn: meridian }],
        light: lamp, curves, marks, places, solid: (MARS.pole_km * k), unit_km: UNIT.mars, least: radius * 1.2, most: 2000, room: radius * 1.25,
      };
    },
    aboutSun() {
      const k = 1 / UNIT.sun,
        put = (km) => (km?.[0] == null ? null : times(km, k)),
        craft = this.tracks[this.spacecraft],
        known = this.craftAt(this.at),
        places = { craft: put(known?.km), EARTH: put(this.tracks.EARTH?.at(this.at)), MARS: put(this.tracks.MARS?.at(this.at)) },
        inks = { EARTH: "s6", MARS: "s5" },
        curves = [],
        marks = [{ at: [0, 0, 0], name: say("nav.body.SUN"), ink: "warn", shape: "none", size: 9 }],
        globes = [{ name: "sun", at: [0, 0, 0], px: 9 }];
      for (const [name, ink] of Object.entries(inks)) {
        curves.push({ points: (this.rings[name] ?? []).map(put), ink, width: 1, alpha: 0.75, fit: true });
        if (!places[name]) continue;
        globes.push({ name: name.toLowerCase(), at: places[name], px: 6 });
        marks.push({ at: places[name], name: say("nav.body." + name), ink, shape: "ring", size: 8 });
      }
      const points = craft?.km.map(put) ?? [],
        upTo = craft ? craft.ms.findIndex((t) => t > this.at) : 0;
      curves.push({ points: points.slice(0, upTo < 0 ? points.length : upTo), ink: "s1", width: 2 });
      if (upTo > 0) curves.push({ points: points.slice(Math.max(0, upTo - 1)), ink: "s1", width: 1.4, dash: [5, 4] });
      if (places.craft) marks.unshift({ at: places.craft, name: this.spacecraft, ink: known.product ? "brand" : "s1", size: 4.5, shape: "ring" });
      this.ofProduct(put, curves, marks, !!known && !known.product);
      return { globes, light: [0, 0, 0], curves, marks, places, solid: 0, unit_km: UNIT.sun, least: 0.5, most: 4000, room: 100 };
    },
    ofProduct(put, curves, marks, besides) {
      // what the chosen product holds: about the Sun all of its curve, about Mars that of the span shown; its burns, and where it is
      // then where the spacecraft is said to be elsewhere (`besides`)
      if (!this.course) return;
      const centre = upper(this.about_),
        frame = VIEW_FRAME[this.about_],
        made = this.curve;
      if (made?.of !== this.course || made.ends !== this.ends || made.about !== centre) {
        const points = [];
        for (const leg of this.course.legs) {
          const near = leg.centre === centre,
            [from, to] = near && centre === "SUN" ? [-Infinity, Infinity] : this.ends;
          for (const { ms, km } of leg.course.drawn(from, to, DRAWN))
            points.push(
              ms.map((t, i) => {
                const away = near ? [0, 0, 0] : this.away(leg.centre, t);
                return away && plus(framed(km[i], leg.frame, frame), away);
              }),
            );
        }
        const where = (t) => this.course.at(t, centre, frame, (body, at) => this.away(body, at)),
          burns = this.course.burns
            .filter((one) => centre === "SUN" || (one.ms >= this.ends[0] && one.ms <= this.ends[1]))
            .map((one) => ({ km: where(one.ms), name: [one.name, one.dv_m_s == null ? "" : withUnit(+one.dv_m_s.toPrecision(4), say("nav.mps"))].filter(Boolean).join(" · ") }));
        this.curve = { of: this.course, ends: this.ends, about: centre, points, burns };
      }
      for (const points of this.curve.points) curves.push({ points: points.map(put), ink: "brand", width: besides ? 1.4 : 1.8, fit: true, dash: besides ? [7, 4] : [] });
      for (const one of this.curve.burns) if (one.km) marks.push({ at: put(one.km), name: one.name, ink: "brand", shape: "diamond", size: 5 });
      const here = besides && this.course.at(this.at, centre, frame, (body, at) => this.away(body, at));
      if (here) marks.push({ at: put(here), name: size(minus(here, this.craftAt(this.at).km)) < 1e-2 * size(here) ? "" : say("nav.product"), ink: "brand", shape: "ring", size: 6 });
    },
    tell() {
      const known = this.craftAt(this.at),
        craft = known?.km,
        v = craft ? this.speedAt(this.at) : null,
        speed = v ? size(v) : null,
        earth = this.tracks.EARTH?.at(this.at),
        far = craft && earth ? size(minus(craft, earth)) : null,
        rows = [["UTC", instant(fromMs(Math.round(this.at)), 0)]];
      this.source = !known ? "" : known.product ? say("nav.of.product") : this.from === "kernels" ? say("nav.of.kernels") : this.from;
      this.note = craft ? "" : say("nav.unknown.orbit").replace("{craft}", this.spacecraft);
      if (this.about_ === "mars") {
        const p = craft && onMars(this.at, craft),
          sun = this.tracks.SUN?.at(this.at),
          pole = marsTurn(this.at).rows[2],
          of = v && elements(craft, v, GM_MARS, pole);
        rows.push(
          [say("nav.height"), p ? `${p.height.toFixed(1)} km` : "–"],
          [say("nav.latitude"), p ? degrees(p.lat, 2) : "–"],
          [say("nav.longitude"), p ? `${east(p.lon, 2)} E` : "–"],
          [say("nav.radius"), craft ? `${size(craft).toFixed(1)} km` : "–"],
          [say("nav.speed"), speed == null ? "–" : `${speed.toFixed(3)} km/s`],
          [say("nav.lit"), craft && sun ? say(shadowed(craft, sun) ? "nav.lit.no" : "nav.lit.yes") : "–"],
          [say("nav.subsolar"), sun ? (({ lat, lon }) => `${degrees(lat, 1)}, ${east(lon, 1)} E`)(onMars(this.at, sun)) : "–"],
        );
        if (of)
          rows.push(
            [say("nav.semi.major"), of.a_km == null ? "–" : `${of.a_km.toFixed(1)} km`],
            [say("nav.eccentricity"), of.e.toFixed(5)],
            [say("nav.inclination"), degrees(of.inclination_deg, 3)],
            [say("nav.apsides"), `${(of.periapsis_km - MARS.equator_km).toFixed(1)} × ${of.apoapsis_km == null ? "∞" : (of.apoapsis_km - MARS.equator_km).toFixed(1)} km`],
            [say("nav.period"), of.period_s == null ? "–" : span(of.period_s)],
          );
        if (sun && v) rows.push([say("nav.beta"), degrees(Math.asin(Math.max(-1, Math.min(1, (([h, s]) => h[0] * s[0] + h[1] * s[1] + h[2] * s[2])([unit(cross(craft, v)), unit(sun)])))) / RAD, 1)]);
      } else
        rows.push(
          [say("nav.from.sun"), craft ? `${(size(craft) / AU_KM).toFixed(5)} au` : "–"],
          [say("nav.from.mars"), craft && this.tracks.MARS?.at(this.at) ? far_(size(minus(craft, this.tracks.MARS.at(this.at)))) : "–"],
          [say("nav.speed"), speed == null ? "–" : `${speed.toFixed(3)} km/s`],
          [say("nav.earth.mars"), earth && this.tracks.MARS?.at(this.at) ? `${(size(minus(earth, this.tracks.MARS.at(this.at))) / AU_KM).toFixed(5)} au` : "–"],
        );
      rows.push([say("nav.from.earth"), far == null ? "–" : `${(far / AU_KM).toFixed(5)} au`], [say("nav.light"), far == null ? "–" : light(far / LIGHT_KM_S)]);
      const other = known && !known.product && this.course?.at(this.at, upper(this.about_), VIEW_FRAME[this.about_], (body, at) => this.away(body, at));
      if (other) rows.push([say("nav.product.away"), far_(size(minus(other, craft)))]);
      this.$refs.facts.replaceChildren(facts(rows));
    },
  },
};
const far_ = (km) => (km < 10 ? `${(1000 * km).toFixed(1)} ${say("nav.metres")}` : km < 1e6 ? `${km.toFixed(1)} km` : `${(km / 1e6).toFixed(3)} ${say("nav.mkm")}`),
  degrees = (v, n) => `${v.toFixed(n).replace("-", "−")}°`,
  east = (v, n) => degrees((((+v.toFixed(n)) % 360) + 360) % 360, n);
