// Which checkpoint is chosen, and the searchable picker in the header.
import { h, icon, keyed, setAttribute, setText, show } from "./dom.js";
import { keep, recall } from "./prefs.js";
import { familyName, plural } from "./words.js";

const FIRST = { width: 512, height: 512 };
const KINDS = {
  lora: "LoRA",
  embedding: "embedding",
  controlnet: "ControlNet",
  ip_adapter: "IP-Adapter",
  image_encoder: "image encoder",
  vae: "VAE",
  upscaler: "upscaler",
  other: "other file",
};

/** The choice; `onChange(run)` calls `run(choice)` whenever the name or what is known about it changes. */
export function createCheckpoint(store, form) {
  const listeners = new Set();
  const choice = {
    name: recall("checkpoint", ""),
    isKnown: false,
    all: [],
    others: {}, // kind → how many files that are no checkpoints
    defaults: FIRST,
    choose,
    onChange,
  };

  function learn() {
    if (!store.about || choice.all === store.about.checkpoints) return;
    choice.all = store.about.checkpoints;
    choice.others = store.about.other_models;
    choice.isKnown = true;
    const usable = choice.all.filter((row) => !row.problem);
    const isThere = (name) => usable.some((row) => row.name === name);
    const kept = recall("checkpoint", "");
    if (isThere(kept)) choice.name = kept; // also when it was away, while it was copied anew
    else if (!isThere(choice.name)) choice.name = store.about.default_checkpoint;
    settle();
  }
  function choose(name) {
    if (!choice.all.some((row) => row.name === name && !row.problem)) return false;
    if (name !== choice.name) {
      choice.name = name;
      keep("checkpoint", name);
      settle();
    }
    return true;
  }
  function settle() {
    choice.defaults = choice.all.find((row) => row.name === choice.name)?.defaults ?? FIRST;
    form.follow(choice.defaults);
    for (const run of listeners) run(choice);
  }
  function onChange(run) {
    listeners.add(run);
    run(choice);
  }
  store.subscribe(learn);
  return choice;
}

/** The picker: a button that opens a search box over a list. */
export function createPicker(choice) {
  const name = h("span", { class: "picker-name" });
  const search = h("input", {
    type: "text",
    class: "picker-search",
    placeholder: "Search checkpoints",
    "aria-label": "Search checkpoints",
    role: "combobox",
    "aria-expanded": "true",
    "aria-controls": "picker-list",
    "aria-autocomplete": "list",
    autocomplete: "off",
  });
  const list = h("ul", {
    id: "picker-list",
    class: "picker-list",
    role: "listbox",
    "aria-label": "Checkpoints",
  });
  const none = h("p", { class: "picker-none" });
  const beside = h("p", { class: "picker-none" });
  const panel = h("div", { class: "popover picker-panel", hidden: true }, search, list, none, beside);
  const button = h(
    "button",
    { type: "button", class: "picker-button", "aria-haspopup": "listbox", "aria-expanded": "false" },
    name,
    icon("chevron"),
  );
  const root = h("div", { class: "picker" }, button, panel);
  let marked = 0;

  const found = () =>
    choice.all.filter((row) => row.name.toLowerCase().includes(search.value.trim().toLowerCase()));
  function draw() {
    setText(name, choice.name || (choice.isKnown ? "no checkpoint" : "…"));
    setAttribute(button, "aria-label", `Checkpoint: ${choice.name || "none"}`);
    const rows = found();
    marked = Math.min(Math.max(marked, 0), Math.max(rows.length - 1, 0));
    const key = (row) => JSON.stringify([row.name, ...factsOf(row)]);
    keyed(list, rows, { key, make: (row) => option(row, () => pick(row)), update: mark });
    const marker = list.children[marked];
    setAttribute(search, "aria-activedescendant", marker?.id);
    marker?.scrollIntoView({ block: "nearest" });
    show(none, rows.length === 0);
    setText(
      none,
      choice.all.length
        ? `No checkpoint is called “${search.value}”.`
        : "Put a checkpoint into models/: it is listed here within seconds.",
    );
    const others = Object.entries(choice.others).map(([kind, count]) => plural(count, KINDS[kind] ?? kind));
    const use = choice.others.lora ? " A LoRA is used in the prompt: <lora:name:0.8>." : "";
    show(beside, others.length > 0);
    setText(beside, `Not listed, since they are no checkpoints: ${others.join(", ")}.${use}`);
  }
  function mark(node, row) {
    setAttribute(node, "aria-selected", String(row.name === choice.name));
    node.classList.toggle("marked", node === list.children[marked]);
  }
  function open(isOpen) {
    show(panel, isOpen);
    setAttribute(button, "aria-expanded", String(isOpen));
    if (!isOpen) return;
    search.value = "";
    marked = choice.all.findIndex((row) => row.name === choice.name);
    draw();
    search.focus();
  }
  function pick(row) {
    if (row && choice.choose(row.name)) {
      open(false);
      button.focus();
    }
  }
  button.addEventListener("click", () => open(panel.hidden));
  search.addEventListener("input", () => ((marked = 0), draw()));
  root.addEventListener("keydown", (event) => {
    if (panel.hidden) return;
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) marked += by;
    if (event.key === "Enter") pick(found()[marked]);
    if (event.key === "Escape") (open(false), button.focus());
    if (!by && !["Enter", "Escape"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    draw();
  });
  document.addEventListener(
    "pointerdown",
    (event) => !root.contains(event.target) && !panel.hidden && open(false),
  );
  root.addEventListener(
    "focusout",
    (event) => event.relatedTarget && !root.contains(event.relatedTarget) && open(false),
  );
  choice.onChange(draw);
  return { element: root, open: () => open(true) };
}

function option(row, onPick) {
  return h(
    "li",
    {
      role: "option",
      class: "picker-option",
      id: `checkpoint-${row.name}`,
      "aria-disabled": row.problem ? "true" : false,
      on: { click: onPick },
    },
    h("span", { class: "option-name" }, row.name),
    h("span", { class: "option-facts" }, factsOf(row).join(" · ")),
  );
}

/** What stands below a name: the family, then the problem, or else the licence. */
function factsOf(row) {
  return [familyName(row.family), row.variant, row.problem || row.licence].filter(Boolean);
}
