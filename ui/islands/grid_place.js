// Above a picture that was opened out of a grid: the way back, what it stands for, and to make it again.
import { h, icon, setText, show } from "./dom.js";
import { failureOf } from "./grid_cell.js";
import { isLive } from "./store.js";

/** The row; `draw(job, picture)` shows it, `clear()` hides it. */
export function createGridPlace({ verbs, focus, layouts }) {
  const back = () => focus.set(job.id, null);
  const again = (seed) => () => (verbs.makeAgain(job.id, [index], seed), back());
  const button = (name, label, run) => h("button", { type: "button", class: "quiet", on: { click: run } }, icon(name), label);
  const words = h("span", { class: "grid-words" });
  const why = h("p", { class: "grid-why" }, icon("warning"), h("span"));
  const verbsRow = h("span", { class: "grid-again" }, button("retry", "Again", again(null)), button("dice", "Again, new seed", again(-1)));
  const element = h("div", { class: "grid-place", hidden: true }, button("grid", "Grid", back), words, verbsRow, why);
  let job = null;
  let index = 0;

  function draw(next, picture) {
    job = next;
    index = picture.index;
    const layout = layouts.of(job, () => job === next && draw(next, picture));
    setText(words, layout && !layout.error ? layout.words(index) : "");
    words.title = words.textContent;
    show(verbsRow, !isLive(job) && (picture.state === "done" || picture.state === "failed"));
    show(why, picture.state === "failed");
    if (picture.state === "failed") setText(why.lastElementChild, failureOf(job, picture));
    show(element, true);
  }
  return { element, draw, clear: () => show(element, false) };
}
