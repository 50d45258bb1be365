// The tab of models: cards of everything that lies under the folders, the details of one, and keys for both.
import { h, show } from "./dom.js";
import { createModelBar } from "./model_bar.js";
import { createModelDetails } from "./model_details.js";
import { createModelGrid } from "./model_grid.js";
import { createModelTrash } from "./model_trash.js";
import { createModelVerbs } from "./model_verbs.js";
import { mountOffers } from "./offers.js";

/** Builds the island; answers with {open(kind, name)}. */
export function mountModels(host, parts) {
  const { cards, checkpoint, form, store, toasts } = parts;
  const trash = createModelTrash({ toasts, onTurn: turnTrash, onChange: () => cards.refresh() });
  const verbs = createModelVerbs({ ...parts, remove });
  const close = () => (details.close(), grid.mark(""));
  const details = createModelDetails({ verbs, toasts, cards, onClose: () => (grid.mark(""), grid.focus()) });
  const grid = createModelGrid({ open, use: verbs.use, isUsed: verbs.isUsed, remove, close });
  const bar = createModelBar({ onChange: () => draw(true), onRefresh: refresh, extra: [trash.toggle] });
  const empty = h("div", { class: "empty", hidden: true });
  const offers = h("div", { class: "offers-place" });
  const scroll = h("div", { class: "library-scroll" }, offers, empty, grid.element, trash.element);
  const body = h("div", { class: "library-body" }, scroll, details.element);
  host.append(h("section", { class: "library", "aria-label": "Models" }, bar.element, body));
  mountOffers(offers, parts);
  let wanted = null; // a card that was asked for before it was known

  function draw(isNew = false) {
    if (isNew) {
      details.close();
      trash.close();
    }
    const rows = bar.chosen();
    grid.show(rows, isNew);
    show(grid.element, rows.length > 0 && !trash.isOpen());
    show(empty, cards.isKnown && rows.length === 0 && !trash.isOpen());
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
  /** Throws a model away; the one after it takes its place. */
  async function remove(row) {
    const next = grid.beside(row.id);
    const wasOpen = details.isOpen();
    if (!(await trash.put(row))) return;
    if (wasOpen && next) open(next);
    else close();
    grid.focus(next?.id);
  }
  function turnTrash(isOpen) {
    if (isOpen) close();
    show(offers, !isOpen);
    draw();
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
    bar.chooseFor(row);
    grid.focus(row.id);
    open(row);
  }
  cards.watch(({ rows }) => {
    bar.take(rows);
    draw();
    if (details.isOpen() && !rows.some((row) => row.id === details.current()?.id)) close();
    find();
  });
  // What is in use shows on the cards, and what can be done with the open one changes with it.
  let known = "";
  function look() {
    if (!host.checkVisibility()) return;
    const { prompt, negative_prompt: negative } = form.values;
    const now = JSON.stringify([prompt, negative, checkpoint.name, store.status?.loaded]);
    if (now === known) return;
    known = now;
    grid.redraw();
    details.redraw();
  }
  new IntersectionObserver(look).observe(host); // while the tab is hidden nothing is drawn
  checkpoint.onChange(look);
  form.onChange(look);
  store.subscribe(look);
  return { open: (kind, name) => ((wanted = { kind, name }), find()) };
}
