// The tab of models: cards of everything that lies under the folders, the details of one, and keys for both.
import { h, show } from "./dom.js";
import { createModelBar } from "./model_bar.js";
import { createModelDetails } from "./model_details.js";
import { createModelGrid } from "./model_grid.js";
import { createModelVerbs } from "./model_verbs.js";
import { mountOffers } from "./offers.js";

/** Builds the island; answers with {open(kind, name)}. */
export function mountModels(host, parts) {
  const { cards, checkpoint, form, toasts } = parts;
  const verbs = createModelVerbs(parts);
  const close = () => (details.close(), grid.mark(""));
  const details = createModelDetails({ verbs, toasts, cards, onClose: () => (grid.mark(""), grid.focus()) });
  const grid = createModelGrid({ open, use: verbs.use, close });
  const bar = createModelBar({ onChange: () => draw(true), onRefresh: refresh });
  const empty = h("div", { class: "empty", hidden: true });
  const offers = h("div", { class: "offers-place" });
  const scroll = h("div", { class: "library-scroll" }, offers, empty, grid.element);
  const body = h("div", { class: "library-body" }, scroll, details.element);
  host.append(h("section", { class: "library", "aria-label": "Models" }, bar.element, body));
  mountOffers(offers, parts);
  let wanted = null; // a card that was asked for before it was known

  function draw(isNew = false) {
    if (isNew) details.close();
    const rows = bar.chosen();
    grid.show(rows, { isNew, isUsed: verbs.isUsed });
    show(grid.element, rows.length > 0);
    show(empty, cards.isKnown && rows.length === 0);
    if (rows.length === 0) fillEmpty();
  }
  function fillEmpty() {
    const isNarrowed = bar.isNarrowed();
    const button = h("button", { type: "button", class: "secondary", on: { click: bar.widen } }, "Show all");
    const where = cards.folders.map((folder) => h("code", {}, folder));
    empty.replaceChildren(
      h("p", { class: "empty-title" }, isNarrowed ? "Nothing found" : "None of these yet"),
      h("p", {}, isNarrowed ? "No model matches the search." : "Copy files here; they are listed within seconds:"),
      ...(isNarrowed ? [button] : where),
    );
  }
  function open(row) {
    grid.mark(row.id);
    details.open(row);
  }
  async function refresh() {
    try {
      await cards.refresh();
      toasts.say("The folders were looked at.", { key: "models" });
    } catch (error) {
      toasts.fail(error, { key: "models" });
    }
  }
  function find() {
    const row = wanted && cards.find(wanted.kind, wanted.name);
    if (!row) return;
    wanted = null;
    bar.choose(row.kind);
    grid.focus(row.id);
    open(row);
  }
  cards.watch(({ rows }) => {
    bar.take(rows);
    draw();
    if (details.isOpen() && !rows.some((row) => row.id === details.current()?.id)) close();
    find();
  });
  checkpoint.onChange(() => draw());
  form.onChange(() => draw());
  return { open: (kind, name) => ((wanted = { kind, name }), find()) };
}
