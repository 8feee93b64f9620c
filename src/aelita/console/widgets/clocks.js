// The clocks of the bar. They run between the ticks of the bus, never beyond two missed ones: then they stand still, marked.
import { watch, line } from "aelita-bus";
import { say, date, light, fromMs } from "aelita-face";
export default {
  template: `<div class="a-kvs" role="group" :aria-label="word('clocks')">
    <div class="a-kv a-mission" :title="whole"><i>{{word('mission')}}</i><b>{{mission}}</b></div>
    <div v-for="c in faces" :key="c.key" class="a-kv" :class="{old:!alive}" :data-clock="c.key" :title="c.hint + (alive ? '' : ' – ' + word('frozen'))"><i>{{c.title}}<span v-if="c.date" class="date num">{{c.date}}</span></i><b class="num">{{c.time}}</b></div>
    <button v-if="many" type="button" class="a-kv a-turn" data-craft :title="word('clock.craft')" :aria-label="word('clock.craft')+': '+craft" @click="turn"><i>{{word('column.spacecraft')}}</i><b>{{craft}} ▸</b></button></div>`,
  props: { mission: String, whole: String, spacecraft: String },
  data: () => ({ faces: [], alive: false, craft: "", many: false }),
  mounted() {
    this.craft = this.spacecraft || (sessionStorage.getItem("craft") ?? "");
    this.offLine = watch((l) => {
      this.alive = l.state === "alive";
      this.draw();
    });
    this.timer = setInterval(() => this.draw(), 200);
    window.addEventListener("aelita:choice", (this.onChoice = () => this.draw()));
  },
  unmounted() {
    this.offLine();
    clearInterval(this.timer);
    window.removeEventListener("aelita:choice", this.onChoice);
  },
  methods: {
    word: say,
    turn() {
      // which of several spacecraft the event time and the light time are of
      const all = (line.tick?.spacecraft ?? []).map((o) => o.spacecraft);
      this.craft = all[(all.indexOf(this.craft) + 1) % all.length];
      sessionStorage.setItem("craft", this.craft);
      this.draw();
    },
    draw() {
      if (!line.tick || (!this.alive && this.faces.length)) return; // two ticks missed: nothing moves any more
      const since = performance.now() - line.at,
        speed = line.tick.speed ?? 1,
        crafts = line.tick.spacecraft ?? [];
      const one = crafts.find((o) => o.spacecraft === this.craft) ?? crafts[0],
        owlt = one?.owlt_s ?? null,
        at = Date.parse(line.tick.mission) + since * speed;
      this.many = crafts.length > 1;
      this.craft = one?.spacecraft ?? this.craft;
      const face = (key, text) => ({
        key,
        title: say("clock." + key),
        hint: say("clock." + key + ".hint"),
        date: text ? date(text) : "",
        time: text ? text.slice(11, 19) : "–",
      });
      this.faces = [
        face("utc", fromMs(Date.parse(line.tick.utc) + since)),
        face("scet", owlt == null ? "" : fromMs(at - owlt * 1000)),
        face("ert", fromMs(at)),
        { ...face("owlt", ""), time: light(owlt) },
      ];
    },
  },
};
