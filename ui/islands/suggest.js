// LoRAs while one writes: "<" in the prompt offers those that are there, the ones for this checkpoint first.
import { call } from "./api.js";
import { h, keyed, setAttribute, show } from "./dom.js";
import { familyName } from "./words.js";

const SHOWN = 8;
const BEGUN = /<(?:l|lo|lor|lora|lora:([^<>:\n]*))?$/;

/** The tag that is begun before the cursor: where it starts and what of the name stands there; or null. */
export function begun(text, cursor) {
  const found = BEGUN.exec(text.slice(0, cursor));
  return found && { from: found.index, query: found[1] ?? "" };
}

/** The LoRAs to offer: those whose name holds the query; first those of the family, then by name. */
export function offered(loras, query, family) {
  const wanted = query.trim().toLowerCase();
  const fits = (lora) => Number(!lora.family || lora.family === family);
  return loras
    .filter((lora) => lora.name.toLowerCase().includes(wanted))
    .sort((a, b) => fits(b) - fits(a) || a.name.localeCompare(b.name))
    .slice(0, SHOWN);
}

/** Watches the prompt box; one list serves for the life of the page. */
export function watchLoras({ store, checkpoint }) {
  const list = h("ul", { id: "lora-list", class: "picker-list", role: "listbox", "aria-label": "LoRAs" });
  const none = h("p", { class: "picker-none" }, "No LoRA of this name lies under models/.");
  const panel = h("div", { class: "popover suggest", hidden: true }, list, none);
  let box = null;
  let tag = null;
  let rows = [];
  let marked = 0;
  let known = { version: null, loras: [] };

  async function learn() {
    const version = store.status?.catalog_version ?? 0;
    if (known.version === version) return;
    known = { version, loras: await call("GET", "api/v1/loras").catch(() => []) };
  }
  async function look(target) {
    box = target;
    tag = begun(box.value, box.selectionStart);
    if (!tag) return close();
    await learn();
    if (!tag) return; // it was left while the list was on its way
    const family = checkpoint.all.find((row) => row.name === checkpoint.name)?.family ?? "";
    rows = offered(known.loras, tag.query, family);
    marked = 0;
    box.closest("#field-prompt").append(panel);
    show(panel, known.loras.length > 0 || tag.query !== "");
    draw();
  }
  function draw() {
    keyed(list, rows, { key: (row) => row.name, make: option, update: mark });
    show(none, rows.length === 0);
    setAttribute(box, "aria-controls", panel.hidden ? null : "lora-list");
    setAttribute(box, "aria-activedescendant", panel.hidden ? null : list.children[marked]?.id);
    list.children[marked]?.scrollIntoView({ block: "nearest" });
  }
  function option(row) {
    const facts = [familyName(row.family), row.problem].filter(Boolean).join(" · ");
    // The box must keep the cursor, so the press itself is taken and not the click.
    const press = (event) => (event.preventDefault(), take(row));
    return h(
      "li",
      { role: "option", class: "picker-option", id: `lora-${row.name}`, on: { pointerdown: press } },
      h("span", { class: "option-name" }, row.name),
      facts && h("span", { class: "option-facts" }, facts),
    );
  }
  function mark(node) {
    const isMarked = node === list.children[marked];
    node.classList.toggle("marked", isMarked);
    setAttribute(node, "aria-selected", String(isMarked));
  }
  function take(row) {
    box.setSelectionRange(tag.from, box.selectionStart);
    close();
    // insertText keeps the browser's own undo, and tells Gradio of the change.
    document.execCommand("insertText", false, `<lora:${row.name}:1>`);
  }
  function close() {
    tag = null;
    show(panel, false);
    if (box) draw();
  }
  function press(event) {
    if (panel.hidden || event.target !== box || event.ctrlKey || event.metaKey) return;
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) marked = (marked + by + rows.length) % Math.max(1, rows.length);
    else if (event.key === "Escape") close();
    else if (["Enter", "Tab"].includes(event.key) && rows[marked]) take(rows[marked]);
    else return;
    event.preventDefault();
    event.stopPropagation();
    draw();
  }
  const isPrompt = (target) => target instanceof HTMLTextAreaElement && target.closest("#field-prompt");
  document.addEventListener("input", (event) => isPrompt(event.target) && look(event.target));
  document.addEventListener("keydown", press, { capture: true });
  document.addEventListener("focusout", (event) => event.target === box && close());
}
