// One picture that is taught: what of it is trained, what is said of it, whether it is only measured.
import { url } from "../api.js";
import { debounce, h, icon, iconButton, keyed, setText, show } from "../dom.js";
import { createCropFrame } from "./crop_frame.js";

const TYPING_MS = 250;

/** A list item with `draw(index)`. `troubleOf(image)`: why it could not be described; `onGone(index)`: it was taken away. */
export function createPictureCard({ draft, image, troubleOf, onGone }) {
  const own = () => draft.pictures.find((one) => one.image === image);
  const set = (fields) => own() && draft.setPicture(image, fields);
  const frame = createCropFrame({ change: (crop) => set({ crop }) });
  const view = h("div", { class: "teach-view" }, h("img", { src: url(`api/v1/assets/${image}/thumbnail`), alt: "", draggable: "false" }), frame.element);
  const number = h("span", { class: "teach-number" });
  const size = h("span", { class: "teach-size" });
  const caption = h("textarea", { rows: 2, placeholder: "What is to be seen …" });
  const whole = h("button", { type: "button", class: "quiet teach-reset", on: { click: () => set({ crop: null }) } }, icon("restore"), "Reset crop");
  const measure = h("input", { type: "checkbox", on: { change: () => set({ isHeldOut: measure.checked }) } });
  const gone = iconButton("trash", "Remove", () => (draft.remove(image), onGone(index)));
  const warnings = h("ul", { class: "teach-warnings" });
  const trouble = h("p", { class: "teach-undescribed", role: "alert", hidden: true });
  const hold = h("label", { class: "teach-hold", title: "Not trained on: it shows whether the training begins to learn its pictures by heart" }, measure, "Measure only");
  const element = h(
    "li",
    { class: "teach-card" },
    h("div", { class: "teach-stage" }, view, number),
    h("div", { class: "teach-words" }, caption, trouble, warnings, h("div", { class: "teach-foot" }, hold, size, whole, gone)),
  );
  let index = 0;
  let proposed = ""; // by the server
  const write = () => set({ caption: caption.value.trim() === proposed ? null : caption.value.trim() || null });
  caption.addEventListener("input", debounce(write, TYPING_MS));
  caption.addEventListener("change", write); // it is left, perhaps for the button
  caption.addEventListener("blur", () => element.draw(index)); // an emptied box shows what the server would write

  element.draw = (place) => {
    index = place;
    const example = draft.exampleOf(image);
    const label = `picture ${index + 1}`;
    const isHeldOut = draft.heldOut(image);
    setText(number, String(index + 1));
    for (const [node, words] of [[caption, `Caption of ${label}`], [measure, `Measure only: ${label}`], [gone, `Remove ${label}`], [whole, `Reset the crop of ${label}`]])
      if (node.getAttribute("aria-label") !== words) node.setAttribute("aria-label", words);
    measure.checked = isHeldOut;
    element.classList.toggle("held-out", isHeldOut);
    show(frame.element, Boolean(example?.width));
    show(whole, Boolean(own()?.crop));
    setText(trouble, troubleOf(image));
    show(trouble, Boolean(trouble.textContent));
    if (!example?.width) return;
    view.style.setProperty("--ratio", example.width / example.height);
    frame.draw({ crop: example.crop, picture: example, label });
    setText(size, `${example.size[0]} × ${example.size[1]} px`);
    if (document.activeElement !== caption && caption.value !== example.caption) caption.value = example.caption;
    if (own()?.caption === null) proposed = example.caption;
    drawWarnings(example);
  };
  function drawWarnings({ warnings: said, duplicate_of: twin }) {
    keyed(warnings, said, { key: (text) => text, make: (text) => h("li", {}, icon("warning"), text) });
    element.classList.toggle("duplicate", twin !== null);
    show(warnings, said.length > 0);
  }
  return element;
}
