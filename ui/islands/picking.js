// The library while a picture is to be picked there: a bar that says for what, and what a click then means.
import { h, setText, show } from "./dom.js";

/** `start(words, run)` begins; `choose(record)` ends with `run(record)`, anything else without. */
export function createPicking({ goTo }) {
  const words = h("p", {});
  const leave = () => (end(), goTo("workspace"));
  const cancel = h("button", { type: "button", class: "secondary", on: { click: leave } }, "Cancel");
  const element = h("div", { class: "picking", role: "status", hidden: true }, words, cancel);
  let run = null;

  function end() {
    run = null;
    show(element, false);
  }
  function start(text, then) {
    goTo("library");
    setText(words, text);
    show(element, true);
    run = then;
  }
  function choose(record) {
    const then = run;
    leave();
    then(record);
  }
  document.addEventListener("click", (event) => event.target.closest?.("#tabs [role=tab]") && end());
  document.addEventListener("keydown", (event) => event.key === "Escape" && run && leave());
  return { element, start, choose, isOn: () => run !== null };
}
