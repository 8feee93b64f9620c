// What each user chooses: language, face, how times are shown; the keyboard; leaving.
import { say, choices, choose } from "aelita-face";
export default {
  template: `<div style="display:contents"><button class="a-ib" type="button" data-palette :aria-label="word('palette')" :title="word('palette')+' (Ctrl+K)'" @click="palette"><svg viewBox="0 0 16 16"><circle cx="7" cy="7" r="4.5"/><path d="M10.5 10.5l4 4"/></svg></button><button class="a-ib" type="button" data-turn :aria-label="word('theme')" :title="word('theme')" @click="turn"><svg viewBox="0 0 16 16"><circle cx="8" cy="8" r="6"/><path d="M8 2a6 6 0 0 1 0 12z" fill="currentColor"/></svg></button>
    <button class="a-ib" type="button" :aria-label="word('keys')" :title="word('keys') + ' (?)'" @click="keys=!keys"><svg viewBox="0 0 16 16"><rect x="1" y="4" width="14" height="8.5" rx="1"/><path d="M4 7h.5M7.5 7h.5M11 7h.5M5 10h6"/></svg></button>
    <button class="a-ib" type="button" aria-haspopup="dialog" :aria-expanded="open" :aria-label="word('settings')" :title="word('settings')" data-settings @click="open=!open"><span v-if="user" class="a-who">{{user}}</span><svg viewBox="0 0 16 16"><circle cx="8" cy="5.4" r="2.9"/><path d="M2.5 14c.6-3 2.8-4.2 5.5-4.2s4.900 1.200 5.500 4.200"/></svg></button>
    <div v-if="open" class="a-menu" role="dialog" :aria-label="word('settings')" style="top:46px;right:10px" @keydown.esc="open=false">
      <b v-if="user">{{user}} <span class="dim">{{agency}}</span></b>
      <label v-for="g in groups" :key="g.key">{{g.title}}<span class="a-seg" role="group" :aria-label="g.title"><button v-for="o in g.options" :key="o[0]" type="button" :aria-pressed="now[g.key]===o[0]" :data-choice="g.key+'='+o[0]" @click="pick(g.key,o[0])">{{o[1]}}</button></span></label>
      <button class="a-btn" type="button" data-logout @click="leave">{{word('logout')}}</button>
    </div>
    <div v-if="keys" class="a-menu" role="dialog" :aria-label="word('keys')" style="top:46px;right:10px;gap:2px;max-height:80vh;overflow:auto" @keydown.esc="keys=false">
      <b>{{word('keys')}}</b><div v-for="k in list" :key="k[0]" class="a-row"><span class="g">{{k[1]}}</span><kbd v-for="c in k[0].split(' ')" :key="c">{{c}}</kbd></div></div></div>`,
  props: { user: String, agency: String, pages: Array },
  data: () => ({ open: false, keys: false, now: choices() }),
  computed: {
    groups() {
      return [
        {
          key: "lang",
          title: say("language"),
          options: [
            ["en", "English"],
            ["ru", "Русский"],
          ],
        },
        {
          key: "theme",
          title: say("theme"),
          options: [
            ["dark", say("dark")],
            ["light", say("light")],
          ],
        },
        {
          key: "which",
          title: say("time.shown"),
          options: [
            ["scet", say("time.scet")],
            ["ert", say("time.ert")],
          ],
        },
        {
          key: "form",
          title: say("time.form"),
          options: [
            ["date", say("time.date")],
            ["doy", say("time.doy")],
          ],
        },
      ];
    },
    list() {
      return [
        ["/", say("keys.find")],
        ["Ctrl+K", say("palette")],
        ["?", say("keys")],
        ["↑ ↓", say("keys.walk")],
        ["Enter", say("keys.open")],
        ...this.pages.map((p) => ["g " + p.letter, p.title]),
      ];
    },
  },
  mounted() {
    let first = 0; // letters by their place on the keyboard, so that they work in a Russian layout too
    this.onKey = (e) => {
      if (e.key === "Escape") {
        this.open = this.keys = false;
        return;
      }
      if (e.target.closest?.("input,textarea,select,[contenteditable]") || e.ctrlKey || e.metaKey || e.altKey) return;
      if (e.key === "?" || (e.code === "Slash" && e.shiftKey)) {
        this.keys = !this.keys;
        return;
      }
      if (e.key === "/" || e.code === "Slash") {
        e.preventDefault();
        const f = document.querySelector("[data-find]");
        (f?.matches("input") ? f : f?.querySelector("input"))?.focus();
        return;
      }
      if (performance.now() - first < 1200) {
        const page = this.pages.find((p) => e.code === "Key" + p.letter.toUpperCase());
        first = 0;
        if (page) {
          e.preventDefault();
          document.querySelector(`a.a-link[href="${page.path}"]`)?.click();
          return;
        }
      }
      if (e.code === "KeyG") first = performance.now();
    };
    this.onDown = (e) => {
      if (!e.target.closest(".a-menu,.a-ib")) this.open = this.keys = false;
    };
    document.addEventListener("keydown", this.onKey);
    document.addEventListener("mousedown", this.onDown);
  },
  unmounted() {
    document.removeEventListener("keydown", this.onKey);
    document.removeEventListener("mousedown", this.onDown);
  },
  methods: {
    word: say,
    palette() {
      window.dispatchEvent(new CustomEvent("aelita:palette"));
    },
    turn() {
      this.pick("theme", this.now.theme === "dark" ? "light" : "dark");
    },
    pick(key, value) {
      this.now = choose({ [key]: value });
      this.$emit("choice", { ...this.now });
      if (key === "theme") {
        document.documentElement.dataset.theme = value;
        window.Quasar?.Dark.set(value === "dark");
      }
      if (key === "lang") location.reload();
    },
    async leave() {
      try {
        await fetch("/api/v1/auth/logout", { method: "POST" });
      } finally {
        for (const k of Object.keys(sessionStorage)) if (k.startsWith("keep:")) sessionStorage.removeItem(k);
        location.href = "/login";
      }
    },
  },
};
