// What can be named in a prompt, offered while one writes: LoRAs after "<", wildcards after "__", embeddings by their letters.
import { call } from "./api.js";
import { h, keyed, setAttribute, setText, show } from "./dom.js";
import { familyName } from "./words.js";

const LORA_BEGUN = /<(?:l|lo|lor|lora|lora:([^<>:\n]*))?$/;
const WORD_BEGUN = /(?:^|[\s,;:.()[\]{}|])([^\s,;:()[\]{}|<>]{2,})$/;

/** The tag that is begun before the cursor: where it starts and what of the name stands there; or null. */
export function begunTag(text, cursor) {
  const found = LORA_BEGUN.exec(text.slice(0, cursor));
  return found && { from: found.index, query: found[1] ?? "" };
}

/** The word of two letters or more that ends at the cursor; or null, also in the middle of a word. */
export function begunWord(text, cursor) {
  const found = /^[^\s,;:()[\]{}|<>]/.test(text.slice(cursor)) ? null : WORD_BEGUN.exec(text.slice(0, cursor));
  return found && { from: cursor - found[1].length, query: found[1] };
}

/** The wildcard that is begun before the cursor; null where none is, or where it is whole: "__colour__". */
export function begunWildcard(text, cursor) {
  const [word] = /[^\s,(){}|<>[\]]*$/.exec(text.slice(0, cursor));
  const pieces = word.split("__");
  const query = pieces.at(-1);
  return pieces.length % 2 ? null : { from: cursor - query.length - 2, query };
}

/** The wildcards to offer: first those that begin so, then those that hold it. */
export function offeredWildcards(wildcards, query) {
  const wanted = query.toLowerCase();
  const begins = ({ name }) => Number(name.toLowerCase().startsWith(wanted));
  return wildcards
    .filter(({ name }) => name.toLowerCase().includes(wanted))
    .sort((a, b) => begins(b) - begins(a) || a.name.localeCompare(b.name));
}

/** The LoRAs to offer: those whose name holds the query; first those of the family, then by name. */
export function offeredLoras(loras, query, family) {
  const wanted = query.trim().toLowerCase();
  const fits = (lora) => Number(!lora.family || lora.family === family);
  return loras
    .filter((lora) => lora.name.toLowerCase().includes(wanted))
    .sort((a, b) => fits(b) - fits(a) || a.name.localeCompare(b.name));
}

/** The embeddings to offer: those that can be used here, with a part of their name that begins so and is not all. */
export function offeredEmbeddings(embeddings, query, family) {
  const wanted = query.toLowerCase();
  const begins = (word) => word.startsWith(wanted) || word.split(/[-_ .]/).some((part) => part.startsWith(wanted));
  return embeddings.filter(({ word, family: own, problem }) => {
    const name = word.toLowerCase();
    return !problem && (!own || own === family) && name !== wanted && begins(name);
  });
}

const PROMPT = "#field-prompt, #field-hires-prompt";
const ALL = `${PROMPT}, #field-negative_prompt, #field-hires-negative_prompt`;
const SOURCES = [
  {
    path: "api/v1/wildcards",
    label: "Wildcards",
    fields: ALL,
    begun: begunWildcard,
    offered: offeredWildcards,
    text: (row) => `__${row.name}__`,
    facts: (row) => [`${row.count}: ${row.examples.slice(0, 3).join(", ")}`],
    shown: 8,
    isAsked: true,
    none: "No wildcard of this name is there.",
    lastsMs: 10000, // they are files that nobody watches
  },
  {
    path: "api/v1/loras",
    label: "LoRAs",
    fields: PROMPT,
    begun: begunTag,
    offered: offeredLoras,
    text: (row) => `<lora:${row.name}:${row.weight ?? 1}>`,
    facts: (row) => [familyName(row.family), row.problem],
    shown: 8,
    isAsked: true, // by the bracket: so it answers also with nothing, and Enter takes the first
    none: "No LoRA of this name lies under models/.",
  },
  {
    path: "api/v1/embeddings",
    label: "Embeddings",
    fields: ALL,
    begun: begunWord,
    offered: offeredEmbeddings,
    text: (row) => row.word,
    facts: (row) => [`embedding, ${row.vectors === 1 ? "1 token" : `${row.vectors} tokens`}`],
    shown: 4,
    isAsked: false, // so Enter stays a new line until one is marked by the arrows; Tab takes the first
  },
];

/** Watches the prompt boxes; one list serves for the life of the page. */
export function watchSuggestions({ store, checkpoint }) {
  const list = h("ul", { id: "suggest-list", class: "picker-list", role: "listbox" });
  const none = h("p", { class: "picker-none" });
  const panel = h("div", { class: "popover suggest", hidden: true }, list, none);
  const known = new Map(); // path → { version, rows: a promise }
  let box = null;
  let source = null;
  let tag = null;
  let rows = [];
  let marked = -1;

  /** A promise of the rows: who asks while they are on their way waits for the same answer. */
  function learn({ path, lastsMs }) {
    const version = lastsMs ? Math.floor(Date.now() / lastsMs) : (store.status?.catalog_version ?? 0);
    const load = async () => {
      const answer = await call("GET", path).catch(() => []);
      return answer.items ?? answer;
    };
    if (known.get(path)?.version !== version) known.set(path, { version, rows: load() });
    return known.get(path).rows;
  }
  async function look(target) {
    box = target;
    const begun = SOURCES.map((one) => [one, box.closest(one.fields) && one.begun(box.value, box.selectionStart)]);
    [source, tag] = begun.find(([, found]) => found) ?? [null, null];
    if (!tag) return close();
    const [here, asked] = [tag, source];
    const all = await learn(asked);
    if (tag !== here) return; // it was left while the list was on its way
    const family = checkpoint.all.find((row) => row.name === checkpoint.name)?.family ?? "";
    rows = asked.offered(all, here.query, family).slice(0, asked.shown);
    marked = asked.isAsked ? 0 : -1;
    box.closest(asked.fields).append(panel);
    setAttribute(list, "aria-label", asked.label);
    show(panel, rows.length > 0 || (asked.isAsked && (all.length > 0 || here.query !== "")));
    draw();
  }
  function draw() {
    keyed(list, rows, { key: (row) => `${source?.path} ${row.name}`, make: option, update: mark });
    setText(none, source?.none ?? "");
    show(none, rows.length === 0);
    setAttribute(box, "aria-controls", panel.hidden ? null : "suggest-list");
    setAttribute(box, "aria-activedescendant", panel.hidden ? null : list.children[marked]?.id);
    list.children[marked]?.scrollIntoView({ block: "nearest" });
  }
  function option(row) {
    const facts = source.facts(row).filter(Boolean).join(" · ");
    // The box must keep the cursor, so the press itself is taken and not the click.
    const press = (event) => (event.preventDefault(), take(row));
    return h(
      "li",
      { role: "option", class: "picker-option", id: `suggest-${row.name}`, on: { pointerdown: press } },
      h("span", { class: "option-name" }, row.word ?? row.name),
      facts && h("span", { class: "option-facts" }, facts),
    );
  }
  function mark(node) {
    const isMarked = node === list.children[marked];
    node.classList.toggle("marked", isMarked);
    setAttribute(node, "aria-selected", String(isMarked));
  }
  function take(row) {
    const text = source.text(row);
    box.setSelectionRange(tag.from, box.selectionStart);
    close();
    // insertText keeps the browser's own undo, and tells Gradio of the change.
    document.execCommand("insertText", false, text);
    close(); // the change looked like a word that is begun
  }
  function close() {
    tag = null;
    rows = [];
    show(panel, false);
    if (box) draw();
  }
  function press(event) {
    if (panel.hidden || event.target !== box || event.ctrlKey || event.metaKey) return;
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const wanted = event.key === "Tab" ? rows[Math.max(marked, 0)] : rows[marked];
    if (by) marked = marked < 0 && by < 0 ? rows.length - 1 : (marked + by + rows.length) % Math.max(1, rows.length);
    else if (event.key === "Escape") close();
    else if (["Enter", "Tab"].includes(event.key) && wanted) take(wanted);
    else return;
    event.preventDefault();
    event.stopPropagation();
    draw();
  }
  const isPrompt = (target) => target instanceof HTMLTextAreaElement && target.closest(ALL);
  document.addEventListener("input", (event) => isPrompt(event.target) && look(event.target));
  document.addEventListener("keydown", press, { capture: true });
  document.addEventListener("focusout", (event) => event.target === box && close());
}
