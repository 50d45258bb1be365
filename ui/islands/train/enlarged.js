// A sample as large as the window lets it, above the page; arrow keys go to the next step and the next prompt.
import { h, iconButton, setAttribute, setText } from "../dom.js";

/** `open(samples, index)`: samples are {src, label}. */
export function createEnlarged() {
  const image = h("img", { alt: "" });
  const words = h("p", { class: "enlarged-words", role: "status" });
  const back = iconButton("chevron", "Previous sample", () => go(-1), { class: "icon-button enlarged-back" });
  const on = iconButton("chevron", "Next sample", () => go(1), { class: "icon-button enlarged-on" });
  const close = iconButton("close", "Close (Esc)", () => dialog.close());
  const dialog = h("dialog", { class: "enlarged", "aria-label": "Sample" }, h("div", { class: "enlarged-bar" }, words, back, on, close), image);
  document.body.append(dialog);
  let samples = [];
  let at = 0;

  function show() {
    const { src, label } = samples[at];
    setAttribute(image, "src", src);
    setAttribute(image, "alt", label);
    setText(words, label);
    back.disabled = at === 0;
    on.disabled = at === samples.length - 1;
  }
  function go(by) {
    at = Math.min(samples.length - 1, Math.max(0, at + by));
    show();
  }
  dialog.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by) go(by);
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  return {
    open(list, index) {
      [samples, at] = [list, index];
      show();
      dialog.showModal();
    },
  };
}
