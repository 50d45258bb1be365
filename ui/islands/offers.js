// Models from elsewhere: the four to begin with, a field for any other, what a download would bring, and those under way.
import { call, insist } from "./api.js";
import { createDownloads } from "./downloads.js";
import { h, icon, show } from "./dom.js";
import { keep, recall } from "./prefs.js";
import { createPlan } from "./plan.js";
import { isOnlyToys } from "./store.js";
import { fileSize } from "./words.js";

const PLAN_MS = 300000; // a look at a file of the same name may mean to read it
// By the tier in which its networks would lie, see `pipelines/tiers.py`.
const FITS = {
  resident: "fits this machine",
  offload: "fits; parts of it wait in RAM",
  stream: "large for this machine: slow",
  float8: "large for this machine: slow",
  none: "too large for this machine",
  unknown: "",
};
const HINT = "e.g. stabilityai/sd-turbo, or the address of a page on civitai.com";

/** Builds the panel; `parts` are those of `main.js`. */
export function mountOffers(host, parts) {
  const { store, checkpoint, toasts } = parts;
  const toys = h("div", { class: "offers-toys", hidden: true });
  const cards = h("div", { class: "offer-grid" });
  const offline = h("p", { class: "offers-offline", role: "note", hidden: true });
  const downloads = createDownloads({ ...parts, again: look });
  const field = h("input", {
    id: "download-source",
    type: "text",
    placeholder: HINT,
    maxlength: 500,
    autocomplete: "off",
    spellcheck: "false",
    autocapitalize: "off",
  });
  const ask = h("button", { type: "submit", class: "secondary" }, "Look it up");
  const form = h(
    "form",
    { class: "offers-form", on: { submit } },
    h("label", { for: "download-source" }, "Hugging Face id or CivitAI link"),
    h("div", { class: "offers-row" }, field, ask),
  );
  const plan = createPlan({ look, begin, close: () => (plan.clear(), draw()) });
  const inside = h("div", { class: "offers-inside", id: "offers-inside" }, toys, cards, offline, form, plan.element);
  const fold = h(
    "button",
    { type: "button", class: "offers-fold", "aria-controls": "offers-inside", on: { click: turn } },
    h("span", {}, "Get more models"),
    icon("chevron"),
  );
  host.append(h("section", { class: "offers", "aria-label": "Get models" }, fold, inside, downloads.element));
  toys.append(
    h("h2", {}, "This model draws toys"),
    h("p", {}, "The starter shows how everything works. For real pictures get a real model, once:"),
  );
  let about = null;
  let turnOf = 0; // of looking something up: only the last one counts

  // ---- what is shown

  function draw() {
    const isToys = isOnlyToys(store.about);
    const isOpen = isToys || recall("offers", false) || plan.isOpen();
    show(toys, isToys);
    show(fold, !isToys);
    fold.setAttribute("aria-expanded", String(isOpen));
    show(inside, isOpen);
    show(offline, Boolean(about?.is_offline));
    show(cards, !about?.is_offline);
    show(form, !about?.is_offline);
    drawNext();
  }
  /** One button is the next thing to do: that of the first model that fits, while nothing else is. */
  function drawNext() {
    const isNext = isOnlyToys(store.about) && !plan.isOpen() && !downloads.isBusy();
    const next = isNext ? (about?.offers.find((offer) => offer.fit === "resident") ?? about?.offers[0]) : null;
    for (const node of cards.children)
      node.lastElementChild.className = node.dataset.offer === next?.id ? "primary" : "secondary";
  }
  function turn() {
    keep("offers", fold.getAttribute("aria-expanded") !== "true");
    if (!recall("offers", false)) plan.clear();
    draw();
  }
  function drawOffers() {
    cards.replaceChildren(...about.offers.map(card));
    offline.replaceChildren(
      "Darkroom was started offline. Copy a .safetensors file or a diffusers folder here; it is listed within seconds: ",
      h("code", {}, about.folder),
    );
  }
  function card(offer) {
    const get = h(
      "button",
      { type: "button", class: "secondary", on: { click: () => look({ source: offer.source }) } },
      icon("download"),
      h("span", {}, "Get it"),
      h("span", { class: "off-screen" }, `: ${offer.title}`),
    );
    return h(
      "article",
      { class: "offer", data: { offer: offer.id } },
      h("h3", {}, offer.title),
      h("p", { class: "offer-text" }, offer.text),
      h("p", { class: "offer-facts" }, `${fileSize(offer.size_bytes)} · ${offer.licence}`),
      h("p", { class: "offer-fit", data: { fit: offer.fit } }, FITS[offer.fit]),
      get,
    );
  }

  // ---- what is asked

  function submit(event) {
    event.preventDefault();
    const source = field.value.trim();
    if (source) look({ source });
    else field.focus();
  }
  /** Asks what a download of this would bring, and shows it. */
  async function look(order) {
    const turn = ++turnOf;
    plan.wait(order);
    draw();
    try {
      const found = await call("POST", "api/v1/downloads/plan", { json: order, timeoutMs: PLAN_MS });
      if (turn === turnOf && plan.isOpen()) plan.draw(found, order);
    } catch (error) {
      if (turn === turnOf && plan.isOpen()) plan.fail(error, order);
    }
  }
  async function begin(order) {
    try {
      downloads.add(await insist("POST", "api/v1/downloads", { json: order, timeoutMs: PLAN_MS }, 10000));
      plan.clear();
      field.value = "";
      draw();
    } catch (error) {
      plan.fail(error, order);
    }
  }
  async function learn() {
    try {
      about = await call("GET", "api/v1/downloads");
      downloads.take(about.downloads);
      drawOffers();
      draw();
    } catch (error) {
      const again = { label: "Try again", run: learn };
      toasts.fail(error, { key: "downloads", action: again });
    }
  }
  let known = "";
  store.subscribe(() => {
    const { total_bytes, device, catalog_version } = store.status ?? {};
    const now = JSON.stringify([isOnlyToys(store.about), total_bytes, device, catalog_version]);
    if (now === known || !store.about) return;
    known = now;
    learn();
  });
  checkpoint.onChange(draw);
}
