// The search field of a table: what is typed narrows it in the browser at once; the arrows go on to its rows, Esc clears.
import { say } from "aelita-face";
export default {
  template: `<span class="a-find"><svg viewBox="0 0 16 16" aria-hidden="true"><circle cx="7" cy="7" r="4.5"/><path d="M10.500 10.500l4 4"/></svg><input ref="field" class="a-text" data-find :placeholder="label" :aria-label="label" v-model="text" autocomplete="off" spellcheck="false" @input="tell" @keydown="keys"><button v-if="text" type="button" :aria-label="word('clear')" :title="word('clear')+' (Esc)'" @click="clear">✕</button></span>`,
  props: { label: String, value: String, target: String },
  data: () => ({ text: "" }),
  mounted() {
    this.text = this.value ?? "";
  },
  methods: {
    word: say,
    table() {
      return document.getElementById(this.target)?.aelita;
    },
    tell() {
      this.table()?.search(this.text);
    },
    clear() {
      this.text = "";
      this.tell();
      this.$refs.field.focus();
    },
    keys(e) {
      const grid = this.table()?.grid;
      if (e.key === "Escape") {
        e.preventDefault();
        if (this.text) this.clear();
        else this.$refs.field.blur();
      } else if (grid && ["ArrowDown", "PageDown", "Enter"].includes(e.key)) {
        e.preventDefault();
        grid.body.focus();
        if (grid.at < 0) grid.go(0);
        else if (e.key !== "Enter") grid.keys(e);
      }
    },
  },
};
