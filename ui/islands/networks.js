// LoRAs and embeddings in the form: small cards to click, and the weights of those that are in the prompt.
import { cover, looksOf } from "./cards.js";
import { debounce, h, icon, iconButton, keyed, setAttribute, setText, show } from "./dom.js";
import { recall } from "./prefs.js";
import { uses, weightOf, withModel, withoutModel, withWeight } from "./tags.js";
import { familyName } from "./words.js";

const KINDS = ["lora", "embedding"];
const PAGE = 24;

/** The inside of the fold; it asks for the cards when the fold is opened for the first time. */
export function mountNetworks(host, { cards, checkpoint, form }) {
  const words = { type: "search", class: "library-search", "aria-label": "Search LoRAs and embeddings" };
  const search = h("input", { ...words, placeholder: "Search LoRAs and embeddings" });
  const active = h("ul", { class: "network-active", "aria-label": "In the prompt" });
  const grid = h("div", { class: "network-grid", role: "group", "aria-label": "LoRAs and embeddings" });
  const extend = () => ((count += PAGE), draw());
  const more = h("button", { type: "button", class: "quiet", on: { click: extend } }, "Show more");
  const none = h("p", { class: "hint" });
  const box = h("div", { class: "search-box" }, icon("search"), search);
  host.append(active, box, grid, none, more);
  let count = PAGE;
  let rows = [];
  let isAsked = false;
  // An embedding may be meant for what is to be kept out: it goes into the box in which was written last.
  let lastField = "prompt";

  const text = (field) => form.values[field] ?? "";
  const fieldOf = (row) => ["prompt", "negative_prompt"].find((field) => uses(text(field), row));
  const familyNow = () => checkpoint.all.find((row) => row.name === checkpoint.name)?.family ?? "";
  const fits = (row) => !row.family || row.family === familyNow();

  function chosen() {
    const asked = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const said = (row) => [row.name, row.title, row.file, ...row.trigger_words].join(" ").toLowerCase();
    return cards.rows
      .filter((row) => KINDS.includes(row.kind) && !row.problem)
      .filter((row) => asked.every((word) => said(row).includes(word)))
      .sort((a, b) => fits(b) - fits(a) || a.name.localeCompare(b.name, undefined, { numeric: true }));
  }
  function draw() {
    if (!cards.isKnown) return;
    keyed(grid, rows.slice(0, count), { key: looksOf, make: card, update });
    show(more, rows.length > count);
    show(none, rows.length === 0);
    const where = cards.folders[0] ?? "models";
    setText(none, search.value ? "Nothing of this name." : `Put them into ${where}: they are listed within seconds.`);
    drawActive();
  }
  function drawActive() {
    const isTagged = text("prompt").includes("<lora:");
    const inPrompt = isTagged ? cards.rows.filter((row) => row.kind === "lora" && uses(text("prompt"), row)) : [];
    keyed(active, inPrompt, {
      key: (row) => row.id,
      make: activeRow,
      update: (node, row) => {
        const box = node.querySelector("input");
        const weight = weightOf(text("prompt"), row);
        if (document.activeElement !== box && box.value !== weight) box.value = weight;
      },
    });
    show(active, inPrompt.length > 0);
  }
  function activeRow(row) {
    const label = `Weight of ${row.name}`;
    const box = h("input", { type: "number", step: 0.05, min: -10, max: 10, "aria-label": label, title: label });
    const change = debounce(() => {
      if (box.value !== "") form.fill({ prompt: withWeight(text("prompt"), row, Number(box.value)) });
    }, 200);
    box.addEventListener("input", change);
    return h(
      "li",
      {},
      h("span", { class: "network-name" }, row.name),
      box,
      iconButton("close", `Take ${row.name} out of the prompt`, () => turn(row)),
    );
  }
  function card(row) {
    const title = [row.name, row.trigger_words.join(", ")].filter(Boolean).join(": ");
    const button = { type: "button", class: "network-card", title, on: { click: () => turn(row) } };
    const name = h("span", { class: "network-name" }, row.name);
    return h("button", button, cover(row), name, h("span", { class: "network-family" }));
  }
  function update(node, row) {
    setAttribute(node, "aria-pressed", String(Boolean(fieldOf(row))));
    node.classList.toggle("other-family", !fits(row));
    setText(node.querySelector(".network-family"), fits(row) ? "" : `for ${familyName(row.family)}`);
  }
  function turn(row) {
    const field = fieldOf(row);
    const target = field ?? (row.kind === "embedding" ? lastField : "prompt");
    form.fill({ [target]: (field ? withoutModel : withModel)(text(target), row) });
  }
  /** Other cards are wanted. */
  function look() {
    rows = chosen();
    draw();
  }
  function begin() {
    if (isAsked || !recall("folds", []).includes("networks")) return;
    isAsked = true;
    cards.watch(look);
  }
  search.addEventListener("input", debounce(() => ((count = PAGE), look()), 120));
  document.addEventListener("focusin", ({ target }) => {
    const block = target.closest?.("#field-prompt, #field-negative_prompt");
    if (block) lastField = block.id.replace("field-", "");
  });
  document.addEventListener("click", () => setTimeout(begin)); // after the fold has been turned
  form.onChange(draw);
  checkpoint.onChange(look);
  begin();
}
