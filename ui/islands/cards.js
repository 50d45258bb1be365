// The cards of all models, asked for when somebody first wants to see them, and anew whenever others lie there.
import { call, url } from "./api.js";
import { debounce, h } from "./dom.js";
import { familyName, fileSize, kindName } from "./words.js";

/** The cards; `watch(run)` calls `run(cards)` whenever they are other ones and starts to load them. */
export function createCards(store) {
  const listeners = new Set();
  const cards = { rows: [], folders: [], isKnown: false, watch, refresh, put, find };
  let version = null;
  let isAsking = false;

  async function load() {
    const wanted = store.status?.catalog_version ?? 0;
    if (isAsking || version === wanted || listeners.size === 0) return;
    isAsking = true;
    try {
      const { items, folders } = await call("GET", "api/v1/models");
      Object.assign(cards, { rows: items, folders, isKnown: true });
      version = wanted;
      announce();
    } catch {
      setTimeout(look, 2000); // the header says that the connection is lost
    }
    isAsking = false;
    if ((store.status?.catalog_version ?? 0) !== wanted) load();
  }
  const look = debounce(load, 50);

  function announce() {
    for (const run of listeners) run(cards);
  }
  function watch(run) {
    listeners.add(run);
    if (cards.isKnown) run(cards);
    look();
  }
  /** Looks at the folders now, and loads the cards in any case. */
  async function refresh() {
    await call("POST", "api/v1/models/refresh");
    version = null;
    await load();
  }
  /** Takes over a row that was answered to a change. */
  function put(row) {
    cards.rows = cards.rows.map((one) => (one.id === row.id ? { ...one, ...row } : one));
    announce();
  }
  function find(kind, name) {
    return cards.rows.find((row) => row.kind === kind && row.name === name);
  }
  store.subscribe(look);
  return cards;
}

/** A model's picture, or, without one, its family's name on a plain ground. */
export function cover(row) {
  const name = h("span", { class: "cover-name", "aria-hidden": "true" }, familyName(row.family) || "?");
  const kind = h("span", { class: "cover-kind", "aria-hidden": "true" }, kindName(row.kind));
  const ground = h("div", { class: "cover", data: { kind: row.kind } }, name, kind);
  if (!row.preview) return ground;
  const src = url(`api/v1/models/${row.id}/preview?v=${row.preview}`);
  const image = h("img", { src, alt: "", loading: "lazy", decoding: "async", draggable: "false" });
  image.addEventListener("error", () => image.remove()); // a picture that cannot be read is no picture
  image.addEventListener("load", () => image.classList.add("in"));
  ground.append(image);
  return ground;
}

/** "SDXL, few steps · 6.9 GB". */
export function factsOf(row) {
  const family = [familyName(row.family), row.variant].filter(Boolean).join(", ");
  return [family, fileSize(row.bytes)].filter(Boolean).join(" · ");
}

/** What changes how a card looks; cards are made anew when it does. */
export const looksOf = (row) => JSON.stringify([row.id, row.name, row.preview, row.problem, row.family, row.bytes]);
