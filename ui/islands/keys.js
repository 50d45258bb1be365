// Keys for what a hand repeats, the overlay that lists them, and arrow keys in the row of tabs.
import { h, isTyping } from "./dom.js";
import { goTo } from "./modes.js";

const SHORTCUTS = [
  ["Ctrl + Enter", "Generate"],
  ["Ctrl + Shift + Enter", "8 drafts"],
  ["Ctrl + ↑ / ↓", "Weight of the word at the cursor"],
  ["1 … 8", "Pick a draft of the contact sheet"],
  ["Enter", "Develop the picked drafts"],
  ["B / E / L / P / R / G", "Canvas: brush, eraser, lasso, polygon, rectangle, fill"],
  ["X / H / C", "Canvas: extend, hand, colour picker"],
  ["[ / ] / { / }", "Canvas: size and softness of the brush"],
  ["I / Del", "Canvas: invert or clear the mask"],
  ["Ctrl + Z / Ctrl + Shift + Z", "Canvas: undo and redo a stroke"],
  ["Alt + Z / Alt + Shift + Z", "Inpaint: undo and redo an edit"],
  ["+ / − / 0 / 1", "Canvas: zoom, all of it, full size"],
  [", / .", "Work on frames: the frame before, the next one"],
  ["Shift + X / P", "Cancel the job in view; pause it or let it go on"],
  ["Alt + 1 … 7", "Text to image, Image to image, Inpaint, Library, Models, Train, Video"],
  ["J", "Open or close the list of jobs"],
  ["/", "To the prompt, or to the search"],
  ["Arrows / Enter / Del / Esc", "Library and models: move, open or use, delete, close"],
  ["?", "This list"],
];

const TABS = { 1: "text-to-image", 2: "image-to-image", 3: "inpaint", 4: "library", 5: "models", 6: "train", 7: "video" };

/** The overlay; `toggle()` opens or closes it. */
export function createShortcuts() {
  const close = h("button", { type: "button", class: "secondary" }, "Close");
  const rows = SHORTCUTS.map(([keys, what]) =>
    h(
      "div",
      {},
      h(
        "dt",
        {},
        ...keys.split(" ").map((part) => (/^[+/…]$/.test(part) ? ` ${part} ` : h("kbd", {}, part))),
      ),
      h("dd", {}, what),
    ),
  );
  const dialog = h(
    "dialog",
    { class: "shortcuts", "aria-label": "Keyboard shortcuts" },
    h("h2", {}, "Keyboard"),
    h("dl", {}, ...rows),
    close,
  );
  document.body.append(dialog);
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  return { toggle: () => (dialog.open ? dialog.close() : dialog.showModal()) };
}

/** Listens for all keys of the page. */
export function watchKeys({ shortcuts, verbs, dock, sheetInView }) {
  const press = (id) => document.getElementById(id)?.click();
  const isModal = () => document.querySelector("dialog[open]");

  document.addEventListener(
    "keydown",
    (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        event.stopPropagation();
        press(event.shiftKey ? "drafts" : "generate");
      } else if (event.altKey && TABS[event.key]) {
        event.preventDefault();
        goTo(TABS[event.key]);
      }
    },
    true,
  );

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey)
      return;
    if (event.key === "?") return shortcuts.toggle();
    if (isModal()) return;
    const sheet = sheetInView();
    const isIdle = event.target === document.body || event.target.closest?.(".sheet");
    if (sheet && /^[1-8]$/.test(event.key)) sheet.toggle(Number(event.key) - 1);
    else if (sheet && event.key === "Enter" && isIdle) sheet.run();
    else if (event.key === "X" && event.shiftKey) verbs.cancelInView();
    else if (event.key === "P" && event.shiftKey) verbs.pauseInView();
    else if (event.key === "j") dock.toggle();
    else if (event.key === "/")
      (
        [...document.querySelectorAll(".library-bar .library-search")].find((box) => box.checkVisibility()) ??
        document.querySelector("#field-prompt textarea")
      )?.focus();
    else return;
    event.preventDefault();
  });

  document.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by || event.target.getAttribute?.("role") !== "tab") return;
    const tabs = [...event.target.parentElement.querySelectorAll("[role=tab]")];
    const next = tabs.at((tabs.indexOf(event.target) + by) % tabs.length);
    next.focus();
    next.click();
  });
}
