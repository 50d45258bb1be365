// The pictures that are taught: a place to drop them, then a card for each, and what was left out with its reason.
import { h, icon, iconButton, keyed, setText, show } from "../dom.js";
import { PICTURE_TYPES } from "../drop.js";
import { plural } from "../words.js";
import { createDescribing } from "./describing.js";
import { createPictureCard } from "./picture_card.js";
import { createUploads } from "./uploads.js";

/** The place; `take(files)` adds pictures, and captions that lie beside them as texts of the same name. */
export function createPictures({ draft, toasts }) {
  const uploads = createUploads({ isThere: (id) => placeOf(id), add: draft.add, onChange: draw });
  const file = h("input", { type: "file", accept: `${PICTURE_TYPES},text/plain`, multiple: true, hidden: true });
  const choose = () => file.click();
  const big = h(
    "button",
    { type: "button", class: "teach-drop", on: { click: choose } },
    icon("picture"),
    h("span", { class: "empty-title" }, "Drop five pictures of one thing"),
    h("span", {}, "Or press here to choose them. Five to twenty are best: the same subject from several sides, on different grounds and in different light."),
  );
  const cards = h("ul", { class: "teach-cards", "aria-label": "Pictures" });
  const more = h("button", { type: "button", class: "teach-more", on: { click: choose } }, icon("plus"), "Add pictures");
  const fill = h("span", { class: "progress-fill" });
  const told = h("span", { class: "teach-told", role: "status" });
  const bar = h("div", { class: "teach-uploads", hidden: true }, told, h("span", { class: "progress-bar" }, fill));
  const left = h("ul");
  const leftOut = h("div", { class: "teach-left-out", role: "alert", hidden: true }, icon("warning"), left, iconButton("close", "Close", uploads.forgive));
  const count = h("span", { class: "teach-count" });
  const describe = createDescribing({ draft, toasts, onChange: draw });
  const row = h("div", { class: "teach-row" }, count, describe.element);
  const privacy = h("p", { class: "hint" }, "The pictures stay on this machine. Deleting the training deletes them.");
  const trouble = h("div", { class: "teach-trouble", data: { plan: "examples" } });
  const element = h("section", { class: "teach-pictures", "aria-label": "Pictures to learn from" }, row, leftOut, bar, trouble, big, cards, more, privacy, file);
  file.addEventListener("change", () => {
    uploads.take([...file.files]);
    file.value = "";
  });

  function placeOf(id) {
    return draft.pictures.findIndex((one) => one.image === id) + 1;
  }
  function draw() {
    const { pictures } = draft;
    const { total, done, failures } = uploads.state();
    const held = pictures.filter(({ image }) => draft.heldOut(image)).length;
    show(big, pictures.length === 0 && total === 0);
    show(more, pictures.length > 0 || total > 0);
    show(bar, total > 0);
    setText(told, total ? `Uploading ${Math.min(done + 1, total)} of ${total} …` : "");
    fill.style.transform = `scaleX(${total ? done / total : 0})`;
    show(row, pictures.length > 0);
    describe.draw();
    setText(count, plural(pictures.length, "picture") + (held ? ` · ${held} only measured` : ""));
    show(leftOut, failures.length > 0);
    keyed(left, failures, {
      key: ({ name, why }) => `${name}: ${why}`,
      make: ({ name, why }) => h("li", {}, h("strong", {}, name), ` was left out. ${why}`),
    });
    keyed(cards, pictures.map((picture, index) => ({ picture, index })), {
      key: ({ picture }) => picture.image,
      make: ({ picture }) => createPictureCard({ draft, image: picture.image, troubleOf: describe.troubleOf, onGone: focusBeside }),
      update: (node, { index }) => node.draw(index),
    });
  }
  /** A card is gone: its neighbour's button has the focus, so that a keyboard goes on from there. */
  function focusBeside(index) {
    const next = cards.children[Math.min(index, cards.children.length - 1)];
    (next?.querySelector("[data-act=trash]") ?? big).focus();
  }
  draft.onChange(draw);
  return { element, take: uploads.take };
}
