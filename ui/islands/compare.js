// Before and after: the picture that it started from lies over the result, as far as a divider lets it.
import { url } from "./api.js";
import { h, iconButton, setAttribute, show } from "./dom.js";
import { keep, recall } from "./prefs.js";

// How a guide is fitted in the way in which a source was, so that both lie on one another.
const FITS = { stretch: "stretch", crop: "crop", fill: "fit", latent: "stretch" };

/** Over `stage`; `open(record)` offers it where a picture has a source. `button` switches it on and off. */
export function createCompare(stage) {
  const button = iconButton("compare", "Compare with the source", turn, { class: "icon-button compare-toggle" });
  const before = h("img", { class: "compare-before", alt: "Before", on: { error: () => offer(false) } });
  const slider = h("input", { type: "range", min: 0, max: 100, step: 1, "aria-label": "How much of the source is shown", on: { input: divide } });
  const line = h("span", { class: "compare-line", "aria-hidden": "true" });
  const names = ["Before", "After"].map((name) => h("span", { class: `compare-name ${name.toLowerCase()}`, "aria-hidden": "true" }, name));
  const element = h("div", { class: "compare", hidden: true }, before, line, ...names, slider);
  let isWanted = recall("compare", false);
  let address = "";

  function divide() {
    element.style.setProperty("--share", slider.value / 100);
    setAttribute(slider, "aria-valuetext", `${slider.value} %`);
  }
  function turn() {
    isWanted = !isWanted;
    keep("compare", isWanted);
    draw();
    if (isWanted) slider.focus();
  }
  function offer(isThere) {
    if (!isThere) address = "";
    draw();
  }
  function draw() {
    show(button, address !== "");
    setAttribute(button, "aria-pressed", String(isWanted));
    const isOn = isWanted && address !== "";
    if (isOn && before.src !== address) before.src = address;
    show(element, isOn);
  }
  function open(record) {
    const { source, inpainting } = record.request ?? {};
    address = source && !inpainting ? fitted(source, record) : "";
    slider.value = 50;
    divide();
    draw();
  }
  function close() {
    address = "";
    draw();
  }
  stage.frame.append(element);
  return { button, open, close };
}

function fitted({ image, resize }, { width, height }) {
  const query = new URLSearchParams({ width, height, resize: FITS[resize] ?? "crop", preprocessor: "none" });
  return url(`api/v1/assets/${image}/prepared?${query}`);
}
