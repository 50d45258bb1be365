// The panel beside the library's grid: one picture, its settings, its strip; on a phone it covers the page.
import { h, iconButton, show } from "./dom.js";
import { createPictureView } from "./picture.js";
import { createStage } from "./stage.js";

/** The panel; `open(record)` shows a picture, `close()` hides the panel. */
export function createDetails({ verbs, toasts, onClose }) {
  const stage = createStage();
  const view = createPictureView(stage, verbs, toasts);
  const leave = () => (close(), onClose());
  const look = { class: "icon-button details-close", title: "Close (Esc)" };
  const dismiss = iconButton("close", "Close details", leave, look);
  const element = h(
    "aside",
    { class: "details", "aria-label": "Details of the picture", hidden: true },
    dismiss,
    h("div", { class: "canvas" }, stage.element),
    view.element,
  );

  function open(record) {
    show(element, true);
    document.documentElement.dataset.details = "";
    view.open(record);
  }
  function close() {
    show(element, false);
    delete document.documentElement.dataset.details;
    stage.clear();
    view.close();
  }
  element.addEventListener("keydown", (event) => event.key === "Escape" && leave());
  return { element, open, close, isOpen: () => !element.hidden };
}
