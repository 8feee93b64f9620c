// The times of a command that is prepared: from its release to the earliest evidence of its execution.
import { Steps, stepsOfTimes } from "aelita-stages";
import { say } from "aelita-face";
export default {
  template: `<div class="m-line"></div>`,
  props: { times: Object },
  mounted() {
    this.steps = new Steps(this.$el, say("commands.times"));
    this.steps.set(stepsOfTimes(this.times));
  },
  unmounted() {
    this.steps.end();
  },
};
