// Trajectories in space: about the Sun with Earth, Mars and the transfer; about Mars with ground track, terminator and landers.
import { line, watch } from "aelita-bus";
import { ask, fromMs, instant, light, make, parsed, remember, say, stateOf } from "aelita-face";
import { facts, retrying, rowsTable } from "aelita-published";
import { AU_KM, LIGHT_KM_S, MARS, Track, cross, marsTurn, minus, onMars, shadowed, size, times, turned, unit } from "aelita-sky";
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
  SPEEDS = [1, 60, 600, 3600, 86400];
// where landers stand or lie: areocentric latitude, longitude east. Curiosity and InSight as in ESA's kernel
// em16_tgo_relay_locations_v02 (grade A), the others as their agencies published them (grade B, Schiaparelli C)
const LANDERS = [
  ["Schiaparelli", -2.05, 353.79],
  ["Curiosity", -4.59, 137.44],
  ["Perseverance", 18.44, 77.45],
  ["InSight", 4.5, 135.62],
  ["Opportunity", -1.95, 354.47],
  ["Zhurong", 25.07, 109.93],
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
    <div class="nv-body"><section class="a-card nv-wide" :aria-label="word('nav.view.orbit')"><div class="body flush nv-sky"><div class="nv-space" ref="space"></div><div class="nv-note2 dim" v-if="note">{{note}}</div><div class="nv-veil" ref="state" v-show="veiled"></div></div>
    <div class="nv-time"><button type="button" class="a-btn small" data-play :aria-pressed="playing" @click="play">{{word(playing ? 'nav.pause' : 'nav.play')}}</button><select class="a-text" :aria-label="word('nav.rate')" v-model.number="rate"><option v-for="r in rates" :key="r" :value="r">× {{r}}</option></select><button type="button" class="a-btn small" data-now :aria-pressed="live" @click="toNow">{{word('nav.now')}}</button><input type="range" data-slider min="0" max="10000" step="1" :value="place" :aria-label="word('nav.slider')" :aria-valuetext="shownAt" @input="slide($event.target.value)"><b class="mono" data-time>{{shownAt}}</b></div></section>
    <div class="nv-side"><section class="a-card" :aria-label="word('nav.state')"><header><h2>{{word('nav.state')}}: {{spacecraft}}</h2></header><div class="body" ref="facts" data-facts></div></section><section class="a-card" :aria-label="word('nav.legend')"><header><h2>{{word('nav.legend')}}</h2></header><div class="body"><ul class="nv-legend"><li v-for="l in legend()" :key="l[1]"><i :class="'nv-ink '+l[0]" :style="{background:'var(--'+l[2]+')'}"></i>{{l[1]}}</li></ul><p v-if="about_==='sun'" class="dim nv-note">{{word('nav.larger')}}</p></div></section><section v-show="chosen" class="a-card nv-grow" :aria-label="word('nav.product')"><header><h2>{{word('nav.product')}}</h2></header><div class="body" ref="product"></div></section></div></div></div>`,
  props: { spacecraft: String, about: String, begin: String, until: String, instant: String, product: String },
  data() {
    return {
      about_: this.about, span: 0, typed: "", wrong: false, follow: "", products: [], chosen: "", old: false, note: "", veiled: false,
      playing: false, rate: 600, rates: SPEEDS, live: true, place: 5000, shownAt: "–",
    };
  },
  mounted() {
    this.space = new Space(this.$refs.space, say("nav.view.orbit"));
    this.aim();
    const at = Date.parse(this.instant),
      a = Date.parse(this.begin),
      b = Date.parse(this.until);
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
    this.stop?.abort();
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
          ].concat(this.chosen ? [["", say("nav.product"), "brand"]] : [])
        : [
            ["", `${craft}: ${say("nav.orbit.line")}`, "s1"],
            ["", say("nav.body.EARTH"), "s6"],
            ["", say("nav.body.MARS"), "s5"],
          ].concat(this.chosen ? [["", say("nav.product"), "brand"]] : []);
    },
    aim() {
      this.aimed = false;
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
      try {
        const kinds = await Promise.all(
          ["orbit", "cruise"].map(async (kind) => (await (await ask("navigation/products", { kind, spacecraft: this.spacecraft, limit: 100 })).json()).rows),
        );
        this.products = kinds.flat();
        if (this.products.some((one) => one.id === this.wanted)) {
          this.chosen = this.wanted;
          await this.openProduct(this.wanted);
        }
      } catch {
        this.products = []; // what is drawn comes from states; the list is there when it can be read
      }
    },
    async openProduct(id) {
      remember({ product: id });
      this.shown = null;
      this.$refs.product.replaceChildren();
      if (id)
        try {
          this.shown = await (await ask(`navigation/products/${encodeURIComponent(id)}`)).json();
          this.tellProduct();
          const at = Date.parse(this.shown.start);
          if (this.shown.kind === "orbit" && !this.inside(at)) {
            this.live = false;
            this.at = (at + Math.min(Date.parse(this.shown.stop), at + this.span)) / 2;
            return this.read();
          }
        } catch (error) {
          this.$refs.product.replaceChildren(stateOf("bad", say("failed"), error.status ? error.message : say("centre.lost"), () => this.openProduct(id)));
        }
      this.frame();
    },
    tellProduct() {
      const p = this.shown,
        burns = p.data.manoeuvres ?? p.data.burns ?? [],
        parts = [
          facts([
            [say("nav.made"), instant(p.made_at, 0)],
            [say("nav.grade"), p.grade],
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
      if (burns.length) parts.push(make("h3", "a-part", say("nav.burns")), rowsTable(say("nav.burns"), burns, ["name", "utc", "dv_m_s"]));
      if (p.data.table?.length) parts.push(make("h3", "a-part", say("nav.figures")), rowsTable(say("nav.figures"), p.data.table, ["figure", "public", "ours", "tolerance", "unit", "grade"]));
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
          ms = told.utc.map((t) => Date.parse(t));
        this.tracks = Object.fromEntries(Object.entries(told.states).map(([name, km]) => [name, new Track(ms, km)]));
        this.rings = Object.fromEntries(rings.flatMap((one) => Object.entries(one.states)));
        this.ends = [ms[0], ms.at(-1)];
        this.veiled = false;
        this.old = line.state === "dead";
        const craft = this.tracks[this.spacecraft];
        this.sunlit();
        this.note = craft?.known() || this.shown ? "" : say("nav.unknown.orbit").replace("{craft}", this.spacecraft);
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
        eye = { "": [0, 0, 0], craft: view.places.craft }[this.follow] ?? view.places[this.follow] ?? [0, 0, 0];
      this.space.camera.target = eye ?? [0, 0, 0];
      this.space.set(view);
      this.tell();
    },
    aboutMars() {
      const k = 1 / UNIT.mars,
        { rows, meridian } = marsTurn(this.at),
        put = (km) => (km?.[0] == null ? null : times(turned(rows, km), k)),
        craft = this.tracks[this.spacecraft],
        sun = this.tracks.SUN?.at(this.at),
        earth = this.tracks.EARTH?.at(this.at),
        here = put(craft?.at(this.at)),
        radius = MARS.equator_km * k,
        ray = (km) => unit(turned(rows, km));
      const onGround = (lat, lon, up = 1.004) => {
        const a = lon * RAD + meridian,
          r = up / Math.hypot(Math.cos(lat * RAD) / MARS.equator_km, Math.sin(lat * RAD) / MARS.pole_km);
        return times([Math.cos(lat * RAD) * Math.cos(a), Math.cos(lat * RAD) * Math.sin(a), Math.sin(lat * RAD)], r * k);
      };
      if (this.ground?.of !== craft) {
        // the ground track is made once: it turns with Mars
        const { ms, km } = craft?.finer(DRAWN) ?? { ms: [], km: [] };
        this.ground = { of: craft, km, all: ms.map((t, i) => (km[i]?.[0] == null ? null : onMars(t, km[i]))) };
      }
      const curves = [
        { points: this.ground.km.map(put), ink: "s1", width: 1.8 },
        { points: this.ground.all.map((p) => p && onGround(p.lat, p.lon)), ink: "s2", width: 1.1, dash: [4, 3], surface: true, alpha: 0.9 },
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
      for (const [name, lat, lon] of LANDERS) marks.push({ at: onGround(lat, lon), name, ink: "s3", shape: "diamond", surface: true, size: 4 });
      if (here) {
        const under = onMars(this.at, craft.at(this.at));
        curves.push({ points: [here, onGround(under.lat, under.lon)], ink: "s2", width: 1 });
        marks.unshift({ at: onGround(under.lat, under.lon), ink: "s2", shape: "cross", surface: true, size: 5 });
        marks.unshift({ at: here, name: this.spacecraft, ink: "s1", size: 5 });
      }
      this.ofProduct("MARS", (km, frame) => (frame === "ECLIPJ2000" ? put(fromEcliptic(km)) : put(km)), curves, marks);
      return {
        globes: [{ name: "mars", at: [0, 0, 0], radius, flat: MARS.pole_km / MARS.equator_km, turn: meridian }],
        light: lamp, curves, marks, places, solid: (MARS.pole_km * k), unit_km: UNIT.mars, least: radius * 1.2, most: 2000,
      };
    },
    aboutSun() {
      const k = 1 / UNIT.sun,
        put = (km) => (km?.[0] == null ? null : times(km, k)),
        craft = this.tracks[this.spacecraft],
        places = { craft: put(craft?.at(this.at)), EARTH: put(this.tracks.EARTH?.at(this.at)), MARS: put(this.tracks.MARS?.at(this.at)) },
        inks = { EARTH: "s6", MARS: "s5" },
        curves = [],
        marks = [{ at: [0, 0, 0], name: say("nav.body.SUN"), ink: "warn", shape: "none", size: 9 }],
        globes = [{ name: "sun", at: [0, 0, 0], px: 9 }];
      for (const [name, ink] of Object.entries(inks)) {
        curves.push({ points: (this.rings[name] ?? []).map(put), ink, width: 1, alpha: 0.75 });
        if (!places[name]) continue;
        globes.push({ name: name.toLowerCase(), at: places[name], px: 6 });
        marks.push({ at: places[name], name: say("nav.body." + name), ink, shape: "ring", size: 8 });
      }
      const points = craft?.km.map(put) ?? [],
        upTo = craft ? craft.ms.findIndex((t) => t > this.at) : 0;
      curves.push({ points: points.slice(0, upTo < 0 ? points.length : upTo), ink: "s1", width: 2 });
      if (upTo > 0) curves.push({ points: points.slice(Math.max(0, upTo - 1)), ink: "s1", width: 1.4, dash: [5, 4] });
      if (places.craft) marks.unshift({ at: places.craft, name: this.spacecraft, ink: "s1", size: 4.5, shape: "ring" });
      this.ofProduct("SUN", (km, frame) => (frame === "J2000" ? put(toEcliptic(km)) : put(km)), curves, marks);
      return { globes, light: [0, 0, 0], curves, marks, places, solid: 0, unit_km: UNIT.sun, least: 0.5, most: 4000 };
    },
    ofProduct(centre, put, curves, marks) {
      // what the chosen product holds about this centre: its curve, its burns, and where it is now
      const data = this.shown?.data;
      if (!data) return;
      const legs = data.legs ?? (data.r_km ? [data] : []),
        burns = data.manoeuvres ?? data.burns ?? [],
        told = new Set();
      for (const leg of legs) {
        if (upper(leg.centre ?? "") !== centre) continue;
        const frame = leg.frame ?? data.frame ?? "J2000",
          ms = leg.utc.map((t) => Date.parse(t)),
          points = leg.r_km.map((km) => put(km, frame)),
          between = (t) => {
            const i = ms.findIndex((x) => x >= t);
            if (i < 0 || t < ms[0]) return null;
            const a = leg.r_km[Math.max(0, i - 1)],
              b = leg.r_km[i],
              u = i ? (t - ms[i - 1]) / (ms[i] - ms[i - 1] || 1) : 0;
            return put(a.map((v, j) => v + (b[j] - v) * u), frame);
          };
        curves.push({ points, ink: "brand", width: 1.6 });
        for (const one of burns.filter((b) => !told.has(b))) {
          const at = between(Date.parse(one.utc)); // a burn stands between two legs, and is named once
          if (at) told.add(one);
          if (at) marks.push({ at, name: one.name, ink: "brand", shape: "diamond", size: 5 });
        }
        const here = between(this.at);
        if (here) marks.push({ at: here, name: leg.name ?? "", ink: "brand", shape: "ring", size: 6 });
      }
    },
    tell() {
      const craft = this.tracks[this.spacecraft]?.at(this.at),
        speed = craft ? this.tracks[this.spacecraft].speed(this.at) : null,
        earth = this.tracks.EARTH?.at(this.at),
        far = craft && earth ? size(minus(craft, earth)) : null,
        rows = [["UTC", instant(fromMs(Math.round(this.at)), 0)]];
      if (this.about_ === "mars") {
        const p = craft && onMars(this.at, craft),
          sun = this.tracks.SUN?.at(this.at);
        rows.push(
          [say("nav.height"), p ? `${p.height.toFixed(1)} km` : "–"],
          [say("nav.latitude"), p ? `${degrees(p.lat, 2)}` : "–"],
          [say("nav.longitude"), p ? `${degrees(p.lon, 2)} E` : "–"],
          [say("nav.radius"), craft ? `${size(craft).toFixed(1)} km` : "–"],
          [say("nav.speed"), speed == null ? "–" : `${speed.toFixed(3)} km/s`],
          [say("nav.lit"), craft && sun ? say(shadowed(craft, sun) ? "nav.lit.no" : "nav.lit.yes") : "–"],
          [say("nav.subsolar"), sun ? (({ lat, lon }) => `${degrees(lat, 1)}, ${degrees(lon, 1)} E`)(onMars(this.at, sun)) : "–"],
        );
      } else
        rows.push(
          [say("nav.from.sun"), craft ? `${(size(craft) / AU_KM).toFixed(5)} au` : "–"],
          [say("nav.from.mars"), craft && this.tracks.MARS?.at(this.at) ? far_(size(minus(craft, this.tracks.MARS.at(this.at)))) : "–"],
          [say("nav.speed"), speed == null ? "–" : `${speed.toFixed(3)} km/s`],
          [say("nav.earth.mars"), earth && this.tracks.MARS?.at(this.at) ? `${(size(minus(earth, this.tracks.MARS.at(this.at))) / AU_KM).toFixed(5)} au` : "–"],
        );
      rows.push([say("nav.from.earth"), far == null ? "–" : `${(far / AU_KM).toFixed(5)} au`], [say("nav.light"), far == null ? "–" : light(far / LIGHT_KM_S)]);
      this.$refs.facts.replaceChildren(facts(rows));
    },
  },
};
const far_ = (km) => (km < 1e6 ? `${km.toFixed(1)} km` : `${(km / 1e6).toFixed(3)} ${say("nav.mkm")}`),
  degrees = (v, n) => `${v.toFixed(n).replace("-", "−")}°`,
  OBLIQUITY = 84381.448 / 3600 * RAD; // of ECLIPJ2000 in SPICE
function toEcliptic([x, y, z]) {
  return [x, y * Math.cos(OBLIQUITY) + z * Math.sin(OBLIQUITY), z * Math.cos(OBLIQUITY) - y * Math.sin(OBLIQUITY)];
}
function fromEcliptic([x, y, z]) {
  return [x, y * Math.cos(OBLIQUITY) - z * Math.sin(OBLIQUITY), y * Math.sin(OBLIQUITY) + z * Math.cos(OBLIQUITY)];
}
