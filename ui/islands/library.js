// The library: a grid of pictures that loads as one scrolls, the details of one of them, and keys for both.
import { call, url } from "./api.js";
import { createDetails } from "./details.js";
import { debounce, h, keyed, setAttribute, show } from "./dom.js";
import { createFilters } from "./filters.js";
import { createPicking } from "./picking.js";

const PAGE = 60;

/** Builds the island; answers with {open(id), pick(words, run)}: `run(record)` gets the picture that is picked. */
export function mountLibrary(host, { store, checkpoint, pictureVerbs, records, toasts, goTo }) {
  const grid = h("div", { class: "library-grid", role: "listbox", "aria-label": "Pictures", tabindex: -1 });
  const more = h("div", { class: "library-more", "aria-hidden": "true" });
  const empty = h("div", { class: "empty", hidden: true });
  const scroll = h("div", { class: "library-scroll" }, empty, grid, more);
  const verbs = { ...pictureVerbs, openInLibrary: undefined, trash, restore };
  const picking = createPicking({ goTo });
  const details = createDetails({ verbs, toasts, onClose: () => focusOn(marked) });
  const filters = createFilters({ store, checkpoint, onChange: () => (details.close(), load()) });
  const body = h("div", { class: "library-body" }, scroll, details.element);
  host.append(h("section", { class: "library", "aria-label": "Library" }, picking.element, filters.element, body));
  const end = new IntersectionObserver(
    (entries) => entries.at(-1).isIntersecting && cursor && load({ isNext: true }),
    { rootMargin: "600px" },
  );
  let items = [];
  let total = 0;
  let cursor = "";
  let marked = ""; // the picture that the keys act on
  let asked = 0;
  let isRenewed = false; // what is shown is about to be replaced

  // ---- what is shown

  async function load({ isNext = false, isNews = false } = {}) {
    if (isRenewed && (isNext || isNews)) return; // all of it is on its way, for what is searched now
    const turn = ++asked;
    isRenewed = !isNext && !isNews;
    const query = filters.query();
    query.set("limit", PAGE);
    if (isNext) query.set("cursor", cursor);
    let page;
    try {
      page = await call("GET", `api/v1/pictures?${query}`);
    } catch (error) {
      const again = { label: "Try again", run: () => load({ isNext }) };
      if (turn !== asked) return;
      isRenewed = false;
      toasts.fail(error, { key: "library", action: again });
      return;
    }
    if (turn !== asked) return;
    isRenewed = false;
    take(page, { isNext, isNews });
  }
  function take(page, { isNext, isNews }) {
    const known = new Set(items.map((item) => item.id));
    const fresh = page.items.filter((item) => !known.has(item.id));
    page.items.forEach(records.put);
    items = isNews ? [...fresh, ...items] : isNext ? [...items, ...fresh] : page.items;
    total = page.total;
    if (!isNews) cursor = page.next_cursor;
    draw();
    // Observing anew reports at once whether the end is in sight already.
    end.unobserve(more);
    end.observe(more);
  }
  function draw() {
    if (!items.some((item) => item.id === marked)) marked = items[0]?.id ?? "";
    filters.tell(total);
    keyed(grid, items, {
      key: (item) => item.id,
      make: cell,
      update: (node, item) => setAttribute(node, "tabindex", item.id === marked ? 0 : -1),
    });
    show(grid, items.length > 0);
    show(more, Boolean(cursor));
    show(empty, items.length === 0);
    if (items.length === 0) fillEmpty();
  }
  function fillEmpty() {
    const [title, text, label, run] = filters.isTrash()
      ? ["The trash is empty", "Pictures that you delete wait here.", "Back to the library", filters.turn]
      : filters.isNarrowed()
        ? [
            "Nothing found",
            "No picture matches the search and the filters.",
            "Show all pictures",
            filters.widen,
          ]
        : ["No pictures yet", "Every picture lands here, with its settings.", "Make the first one", makeOne];
    const button = h("button", { type: "button", class: "secondary", on: { click: run } }, label);
    empty.replaceChildren(h("p", { class: "empty-title" }, title), h("p", {}, text), button);
  }
  function makeOne() {
    goTo("workspace");
    document.querySelector("#field-prompt textarea")?.focus();
  }
  function cell(item) {
    const src = url(`api/v1/pictures/${item.id}/thumbnail`);
    const label = `${item.prompt || "no prompt"}, ${item.width} × ${item.height}`;
    const role = { role: "option", "aria-selected": "false", "aria-label": label, title: item.prompt };
    const image = h("img", { src, alt: "", loading: "lazy", decoding: "async" });
    return h("div", { class: "library-cell", ...role, on: { click: () => open(item.id) } }, image);
  }

  // ---- one picture

  function focusOn(id) {
    marked = id || marked;
    draw();
    grid.querySelector(`[data-key="${marked}"]`)?.focus();
  }
  async function open(id) {
    marked = id;
    draw();
    for (const node of grid.children) setAttribute(node, "aria-selected", String(node.dataset.key === id));
    try {
      const record = await records.get(id);
      if (picking.isOn()) picking.choose(record);
      else details.open(record);
    } catch (error) {
      toasts.fail(error);
    }
  }
  const at = () => items.findIndex((item) => item.id === marked);

  async function trash(record) {
    if (await pictureVerbs.trash(record, load)) leave(record);
  }
  async function restore(record) {
    if (await pictureVerbs.restore(record)) leave(record);
  }
  /** The picture is no longer among these: the one after it takes its place. */
  function leave(record) {
    const index = items.findIndex((item) => item.id === record.id);
    const next = items[index + 1] ?? items[index - 1];
    const wasOpen = details.isOpen();
    items = items.filter((item) => item.id !== record.id);
    total -= 1;
    if (wasOpen && next) open(next.id);
    else details.close();
    focusOn(next?.id);
  }

  grid.addEventListener("keydown", (event) => {
    const item = items[at()];
    const columns = getComputedStyle(grid).gridTemplateColumns.split(" ").length;
    const ways = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns };
    const by = { ...ways, Home: -items.length, End: items.length }[event.key];
    if (!item) return;
    if (by) {
      const next = items[Math.min(items.length - 1, Math.max(0, at() + by))];
      focusOn(next.id);
      if (details.isOpen()) open(next.id);
    } else if (event.key === "Enter" || event.key === " ") open(item.id);
    else if (event.key === "Delete") (filters.isTrash() ? restore : trash)(item);
    else if (event.key === "Escape") details.close();
    else return;
    event.preventDefault();
  });

  watchNews(store, () => !filters.isTrash() && load({ isNews: true }));
  watchTakeover(store, { tell: filters.reading, isBare: () => items.length < PAGE, load });
  load();
  return { open, pick: (...what) => (details.close(), picking.start(...what)) };
}

/** Tells how far the pictures of other programs are, and loads them: all at the end, the first ones before. */
function watchTakeover(store, { tell, isBare, load }) {
  let known = null;
  store.subscribe(({ status }) => {
    if (!status) return;
    tell(status);
    const isOver = status.taken_over === status.to_take_over;
    const isNew = known !== null && known !== status.taken_over;
    known = status.taken_over;
    if (isNew && (isOver || isBare())) load();
  });
}

/** Calls `run` when a picture was finished since the last look. */
function watchNews(store, run) {
  let known = null;
  const look = debounce(run, 300);
  store.subscribe(() => {
    const ids = [...store.jobs.values()].flatMap((job) => job.pictures.map((one) => one.picture_id));
    const isNew = known && ids.some((id) => id && !known.has(id));
    known = new Set(ids);
    if (isNew) look();
  });
}
