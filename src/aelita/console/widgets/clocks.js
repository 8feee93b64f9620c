// The clocks of the bar. They run between the ticks of the bus, never beyond two missed ones: then they stand still, marked.
import { watch, line } from "aelita-bus";
import { say, date, light, fromMs } from "aelita-face";
export default {
  template: `<div class="a-kvs" role="group" :aria-label="word('clocks')">
    <div class="a-kv a-mission" :title="mission"><i>{{word('mission')}}</i><b>{{mission}}</b></div>
    <div v-for="c in faces" :key="c.key" class="a-kv" :class="{old:!alive}" :title="c.hint + (alive ? '' : ' – ' + word('frozen'))"><i>{{c.title}}</i><b class="num"><span class="date">{{c.date}}</span> {{c.time}}</b></div></div>`,
  props: { mission: String, spacecraft: String },
  data: () => ({ faces: [], alive: false }),
  mounted() {
    this.offLine = watch((l) => { this.alive = l.state === "alive"; this.draw(); });
    this.timer = setInterval(() => this.draw(), 200);
    window.addEventListener("aelita:choice", (this.onChoice = () => this.draw()));
  },
  unmounted() { this.offLine(); clearInterval(this.timer); window.removeEventListener("aelita:choice", this.onChoice); },
  methods: {
    word: say,
    draw() {
      if (!line.tick || (!this.alive && this.faces.length)) return; // two ticks missed: nothing moves any more
      const since = performance.now() - line.at, speed = line.tick.speed ?? 1;
      const utc = fromMs(Date.parse(line.tick.utc) + since), at = Date.parse(line.tick.mission) + since * speed, crafts = line.tick.spacecraft ?? [], owlt = (crafts.find((o) => o.spacecraft === this.spacecraft) ?? crafts[0])?.owlt_s ?? null;
      const face = (key, text) => ({ key, title: say("clock." + key), hint: say("clock." + key + ".hint"), date: text ? date(text) : "", time: text ? text.slice(11, 19) : "–" });
      this.faces = [face("utc", utc), face("scet", owlt == null ? "" : fromMs(at - owlt * 1000)), face("ert", fromMs(at)), { ...face("owlt", ""), time: light(owlt) }];
    },
  },
};
