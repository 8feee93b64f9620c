// What is being composed on a page, kept in the browser until it is saved: a restarted server loses the page's state, not the work.
export default {
  template: `<span style="display:none"></span>`,
  props: { name: String, fields: Object },
  mounted() {
    const place = (key) => `keep:draft:${this.name}:${key}`,
      keys = Object.keys(this.fields ?? {});
    this.onInput = (e) => {
      for (const key of keys) if (e.target.closest?.("#" + this.fields[key])) sessionStorage.setItem(place(key), e.target.value);
    }; // as it is typed: the page hears of it later
    document.addEventListener("input", this.onInput, true);
    const kept = sessionStorage.getItem("keep:draft:" + this.name),
      typed = Object.fromEntries(keys.map((key) => [key, sessionStorage.getItem(place(key))]).filter((one) => one[1] != null));
    if (!kept && !Object.keys(typed).length) return;
    try {
      this.$emit("found", { ...JSON.parse(kept ?? "{}"), ...typed });
    } catch {
      this.forget();
    }
  },
  unmounted() {
    document.removeEventListener("input", this.onInput, true);
  },
  methods: {
    keep(document) {
      sessionStorage.setItem("keep:draft:" + this.name, JSON.stringify(document));
    },
    forget() {
      for (const key of Object.keys(sessionStorage))
        if (key === "keep:draft:" + this.name || key.startsWith(`keep:draft:${this.name}:`)) sessionStorage.removeItem(key);
    },
  },
};
