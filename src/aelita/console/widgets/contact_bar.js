// Bookings and contacts of each station over time, with the mission's now moving through them.
import { watch } from "aelita-bus";
import { ask, fromMs, instant, make, remember, say, span, stateOf, waiting } from "aelita-face";
const ms = (t) => (t ? Date.parse(t) : NaN),
  STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880].map((m) => m * 60000);
export default {
  template: `<div class="b-wrap"><div class="b-tools"><button class="a-btn small" type="button" :aria-label="word('stations.earlier')" @click="move(-.5)">◂</button><button class="a-btn small" type="button" data-now @click="now()">{{word('stations.now')}}</button><button class="a-btn small" type="button" :aria-label="word('stations.later')" @click="move(.5)">▸</button><span class="a-seg" role="group" :aria-label="word('stations.span')"><button v-for="h in [1,6,24,168]" :key="h" type="button" :aria-pressed="hours===h" @click="wide(h)">{{h < 48 ? h + ' h' : h / 24 + ' d'}}</button></span><span class="dim b-legend"><i class="book"></i>{{word('stations.booked')}} <i class="contact"></i>{{word('stations.contact')}}</span></div><div class="b-body" tabindex="0" @keydown="keys"></div></div>`,
  props: { source: { type: String, default: "contacts" }, span: Number, start: String, at: String },
  data() {
    return { hours: this.span || 6 };
  },
  mounted() {
    this.body = this.$el.querySelector(".b-body");
    this.from = Date.parse(this.start);
    this.follow = !Number.isFinite(this.from);
    this.wanted = this.at;
    this.body.replaceChildren(waiting());
    this.off = watch((line) => {
      this.line = line.state;
      if (!line.tick) return;
      const first = !Number.isFinite(this.now_);
      this.now_ = Date.parse(line.tick.mission);
      if (first) this.read();
      else this.tick();
    });
    this.clock = setInterval(() => {
      if (!document.hidden) this.read(true);
    }, 10000);
    this.sizes = new ResizeObserver(() => this.told && this.draw());
    this.sizes.observe(this.body);
  },
  unmounted() {
    this.off();
    clearInterval(this.clock);
    this.sizes.disconnect();
    this.stop?.abort();
  },
  methods: {
    word: say,
    range() {
      const w = this.hours * 3600000;
      if (this.follow) this.from = this.now_ - w * 0.4;
      return [this.from, this.from + w];
    },
    move(part) {
      const [a] = this.range();
      this.follow = false;
      this.from = a + part * this.hours * 3600000;
      this.keep();
    },
    now() {
      this.follow = true;
      this.keep();
    },
    keep() {
      remember({ span_h: this.hours === 6 ? "" : this.hours, from: this.follow ? "" : fromMs(this.from) });
      this.read(true);
    },
    wide(hours) {
      const [a, b] = this.range(),
        mid = (a + b) / 2;
      this.hours = hours;
      if (!this.follow) this.from = mid - hours * 1800000;
      this.keep();
    },
    keys(e) {
      if (e.key === "ArrowLeft" || e.key === "ArrowRight") {
        e.preventDefault();
        this.move(e.key === "ArrowLeft" ? -0.25 : 0.25);
      }
    },
    async read(quiet = false) {
      if (!Number.isFinite(this.now_)) return;
      this.stop?.abort();
      const stop = (this.stop = new AbortController()),
        [a, b] = this.range();
      try {
        this.told = await (
          await ask(
            this.source,
            { start: fromMs(a).replace("Z", "000000Z"), stop: fromMs(b).replace("Z", "000000Z") },
            { signal: stop.signal },
          )
        ).json();
        this.draw();
        if (this.wanted) {
          const one = (this.told.items ?? []).find((o) => this.key(o) === this.wanted);
          this.wanted = "";
          if (one) this.$emit("select", one);
        }
      } catch (error) {
        if (error.name !== "AbortError" && (!quiet || !this.told))
          this.body.replaceChildren(
            stateOf(
              "bad",
              error.status === 403 ? say("forbidden") : say("failed"),
              error.status ? error.message : say("centre.lost"),
              () => this.read(),
            ),
          );
      }
    },
    tick() {
      if (!this.told) return;
      const mark = this.body.querySelector(".b-nowmark");
      if (mark) {
        const [a, b] = this.range();
        mark.style.left = `calc(150px + (100% - 150px) * ${(this.now_ - a) / (b - a)})`;
        mark.style.display = this.now_ < a || this.now_ > b ? "none" : "";
        mark.classList.toggle("old", this.line !== "alive");
      }
    },
    key(one) {
      return `${one.kind}:${one.station}:${one.spacecraft}:${one.kind === "booking" ? one.reference : one.start}`;
    },
    draw() {
      const [a, b] = this.range(),
        list = Array.isArray(this.told) ? this.told : (this.told.items ?? []),
        x = (t) => Math.max(0, Math.min(100, ((t - a) / (b - a)) * 100));
      const rows = new Map();
      for (const one of list) {
        const k = `${one.station}|${one.spacecraft}`;
        if (!rows.has(k)) rows.set(k, []);
        rows.get(k).push(one);
      }
      const step = STEPS.find((s) => (b - a) / s <= Math.max(2, this.body.clientWidth / 110)) ?? 86400000,
        axis = make("div", "b-row b-axis"),
        marks = make("div", "b-line");
      axis.append(make("b", ""), marks);
      for (let t = Math.ceil(a / step) * step; t < b; t += step) {
        const s = make(
          "span",
          "",
          step >= 86400000 || t % 86400000 === 0 ? instant(fromMs(t), 0).slice(5, 16) : fromMs(t).slice(11, 16),
        );
        s.style.left = x(t) + "%";
        marks.append(s);
      }
      const made = [...rows.entries()].sort().map(([station, all]) => {
        const e = make("div", "b-row"),
          lane = make("div", "b-line"),
          [name, craft] = station.split("|"),
          head = make("b", "", name);
        head.append(make("span", "dim", craft));
        e.append(head, lane);
        for (const one of all) lane.append(this.bar(one, x));
        return e;
      });
      const now = make("div", "b-nowmark");
      now.title = say("stations.now");
      this.body.replaceChildren(
        axis,
        ...(made.length ? made : [stateOf("empty", say("stations.no.contacts"), say("stations.no.contacts.hint"))]),
        now,
      );
      this.tick();
    },
    bar(one, x) {
      const booked = one.kind ? one.kind === "booking" : !("frames" in one || "contact" in one),
        start = ms(one.start),
        stop = Number.isFinite(ms(one.stop)) ? ms(one.stop) : Infinity,
        a = Number.isFinite(start) ? x(start) : 0,
        z = stop === Infinity ? 100 : x(stop);
      const e = make("button", "b-bar " + (booked ? "book" : "contact"), one.spacecraft ?? "");
      e.type = "button";
      e.style.left = a + "%";
      e.style.width = `max(3px, ${z - a}%)`;
      e.dataset.reference = one.reference ?? "";
      e.title = `${say(booked ? "stations.booked" : "stations.contact")}: ${one.spacecraft ?? ""}\n${instant(one.start, 0)} – ${one.stop ? instant(one.stop, 0) : say("stations.until.notice")}${stop !== Infinity && Number.isFinite(start) ? "\n" + span((stop - start) / 1000) : ""}\n${(one.agencies ?? []).join(", ")}`;
      e.onclick = () => {
        remember({ at: this.key(one) });
        this.$emit("select", one);
      };
      return e;
    },
  },
};
