// What stopped, in words, over every page; and what was typed is kept over a reload that a restarted server asks for.
import { watch, stopped } from "aelita-bus";
import { say } from "aelita-face";
export default {
  template: `<div class="a-banner" :class="{on:!!text,warned}" role="alert" aria-live="assertive"><span class="sq" aria-hidden="true"></span><span>{{text}}</span></div>`,
  data: () => ({ text: "", warned: false }),
  mounted() {
    const since = (l) => new Date(l.since).toISOString().slice(11, 19);
    const look = (l) => {
      const still = l.state === "alive" ? stopped() : [];
      this.warned = l.state === "alive";
      this.text =
        l.state === "dead"
          ? say("banner.dead").replace("{time}", since(l))
          : still.length
            ? say("banner.stopped")
                .replace("{what}", [...new Set(still.map((o) => say("topic." + o.request.topic)))].join(", "))
                .replace("{why}", still[0].why ? ": " + still[0].why : "")
            : "";
    };
    this.off = watch(look);
    keepTyped();
  },
  unmounted() {
    this.off();
  },
};
function keepTyped() {
  // fields with data-keep="name": saved as one types, put back once after a reload of the same page
  const where = (e) => `keep:${location.pathname}:${e.closest("[data-keep]").dataset.keep}`,
    done = new WeakSet();
  document.addEventListener(
    "input",
    (e) => {
      const f = e.target;
      if (f.closest?.("[data-keep]") && "value" in f)
        f.value ? sessionStorage.setItem(where(f), f.value) : sessionStorage.removeItem(where(f));
    },
    true,
  );
  const put = () => {
    for (const field of document.querySelectorAll(".a-in [aria-label] input:not([aria-label])"))
      field.setAttribute("aria-label", field.closest("[aria-label]").getAttribute("aria-label")); // readers look for the label at the field, choices have it around it
    for (const holder of document.querySelectorAll("[data-keep]")) {
      if (done.has(holder)) continue;
      const field = holder.matches("input,textarea") ? holder : holder.querySelector("input,textarea");
      if (!field) continue;
      done.add(holder);
      const kept = sessionStorage.getItem(where(holder));
      if (kept && !field.value) {
        Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), "value").set.call(field, kept);
        field.dispatchEvent(new Event("input", { bubbles: true }));
      }
    }
  };
  new MutationObserver(put).observe(document.body, { childList: true, subtree: true });
  put();
  window.aelitaForget = (name) => sessionStorage.removeItem(`keep:${location.pathname}:${name}`);
}
