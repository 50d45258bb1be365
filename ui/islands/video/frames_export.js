// Frames as files: all of them or a stretch, as PNGs in a zip that the server makes while it is read.
import { h, icon, setAttribute, setText, show } from "../dom.js";
import { plural } from "../words.js";

/** A button with what it asks; `urlOf(first, last)` is the zip, `count()` says how many frames there are. */
export function createExport({ urlOf, count }) {
  const button = h("button", { type: "button", class: "secondary", "aria-expanded": "false", data: { act: "export" }, on: { click: () => turn(panel.hidden) } }, icon("download"), "Export frames");
  const [first, last] = ["first", "last"].map((name) => h("input", { type: "number", min: 0, step: 1, inputmode: "numeric", autocomplete: "off", "aria-label": name === "first" ? "First frame" : "Last frame", on: { input: draw } }));
  const link = h("a", { class: "primary", download: "", on: { click: () => turn(false) } });
  const why = h("p", { class: "hint" });
  const range = h("div", { class: "frames-range" }, h("span", {}, "Frames"), first, h("span", {}, "to"), last);
  const panel = h("div", { class: "popover frames-export", role: "group", "aria-label": "Export frames", hidden: true }, range, link, why);
  const element = h("div", { class: "exports" }, button, panel);

  function turn(isOpen) {
    show(panel, isOpen);
    setAttribute(button, "aria-expanded", String(isOpen));
    if (!isOpen) return;
    [first.value, last.value] = [0, count() - 1];
    draw();
    first.focus();
  }
  function draw() {
    const [from, to] = [Number(first.value), Number(last.value)];
    const isRange = [from, to].every(Number.isInteger) && from >= 0 && from <= to && to < count();
    setText(link, isRange ? `Download ${plural(to - from + 1, "frame")}` : "Download");
    setAttribute(link, "href", isRange ? urlOf(from, to) : null);
    setText(why, isRange ? "PNG files, in a zip." : `The frames are 0 to ${count() - 1}.`);
  }
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || panel.hidden) return;
    event.stopPropagation();
    turn(false);
    button.focus();
  });
  document.addEventListener("click", ({ target }) => !element.contains(target) && turn(false));
  return { element };
}
