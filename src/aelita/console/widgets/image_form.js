// A new version of a memory image: typed as hexadecimal octets at an address, or taken from a file, and kept by the centre.
import { ask, say } from "aelita-face";
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
  MOST = 256 * 1024;
const number = (text) => (/^(0x[\da-f]+|\d+)$/i.test(text.trim()) ? Number(text.trim()) : NaN);
const hexOf = (octets) => Array.from(octets, (b) => b.toString(16).padStart(2, "0")).join("");
export default {
  template: `<form class="x-form x-wide" @submit.prevent="send">
    <div class="x-two"><label class="a-field">{{word('column.name')}}<input class="a-text mono" data-image="name" v-model.trim="name" maxlength="64" autocomplete="off" spellcheck="false"></label>
      <label class="a-field">{{word('onboard.version')}}<input class="a-text mono" data-image="version" v-model.trim="version" maxlength="64" autocomplete="off" spellcheck="false"></label>
      <label class="a-field">{{word('onboard.memory')}}<input class="a-text mono" data-image="memory" v-model="memory" autocomplete="off"></label>
      <label class="a-field">{{word('onboard.address')}}<input class="a-text mono" data-image="address" v-model="address" :disabled="!!runs" autocomplete="off"></label></div>
    <label class="a-field">{{word('onboard.image.file')}}<input type="file" data-image="file" @change="take"></label>
    <label v-if="!runs" class="a-field">{{word('onboard.image.hex')}}<textarea class="a-text mono" rows="5" data-image="hex" v-model="hex" spellcheck="false"></textarea></label>
    <p v-else class="st st0">{{word('onboard.image.taken').replace('{runs}',runs.length).replace('{n}',octets)}}</p>
    <p class="m-fault" role="alert">{{trouble}}</p>
    <div class="a-head m-right"><button type="button" class="a-btn" @click="$emit('leave',{})">{{word('cancel')}}</button><button type="submit" class="a-btn pri" data-send :aria-disabled="busy">{{word('onboard.image.keep')}}</button></div></form>`,
  props: { spacecraft: String },
  data: () => ({ name: "", version: "", memory: "", address: "0x0", hex: "", runs: null, trouble: "", busy: false }),
  computed: {
    octets() {
      return this.runs.reduce((n, [, data]) => n + data.length / 2, 0);
    },
  },
  methods: {
    word: say,
    async take(e) {
      const file = e.target.files[0];
      this.runs = null;
      this.trouble = "";
      if (!file) return;
      if (file.size > 3 * MOST) {
        this.trouble = say("onboard.image.large");
        return;
      }
      const octets = new Uint8Array(await file.arrayBuffer());
      try {
        const told = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(octets));
        if (!Array.isArray(told.runs)) throw new TypeError();
        this.runs = told.runs.map(([at, data]) => [Number(at), String(data)]);
        if (told.memory != null) this.memory = String(told.memory);
      } catch {
        this.hex = hexOf(octets); // no file of ours: its octets themselves, at the address
      }
      const [name, version] = file.name.split("@");
      if (!this.name) this.name = name.replace(/\.[^.]*$/, "");
      if (!this.version && version) this.version = version;
    },
    wrong() {
      const plain = this.hex.replace(/\s/g, "");
      if (!NAME.test(this.name) || !NAME.test(this.version)) return say("onboard.image.name");
      if (!(number(this.memory) >= 0)) return `${say("onboard.memory")}: ${say("commands.fault.whole")}`;
      if (this.runs) return "";
      if (!(number(this.address) >= 0)) return `${say("onboard.address")}: ${say("commands.fault.whole")}`;
      if (!plain || !/^([\da-f]{2})+$/i.test(plain)) return say("commands.fault.hex");
      return plain.length > 2 * MOST ? say("onboard.image.large") : "";
    },
    async send() {
      if (this.busy) return;
      this.trouble = this.wrong();
      if (this.trouble) return;
      this.busy = true;
      const runs = this.runs ?? [[number(this.address), this.hex.replace(/\s/g, "")]];
      try {
        const body = { name: this.name, version: this.version, memory: number(this.memory), runs };
        const how = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
        const told = await (await ask(`onboard/${encodeURIComponent(this.spacecraft)}/images`, {}, how)).json();
        this.$emit("added", { name: told.name, version: told.version });
      } catch (error) {
        this.trouble = error.status ? [error.message, error.remedy].filter(Boolean).join(". ") : say("centre.lost");
      } finally {
        this.busy = false;
      }
    },
  },
};
