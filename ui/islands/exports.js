// Other ways to take a picture away: cut out of its plain ground, or as curves; made by the server when asked for.
import { ApiError, ConnectionLost, url } from "./api.js";
import { h, iconButton, setAttribute, show } from "./dom.js";

const TIMEOUT_MS = 60000;
/** What the menu offers: words, the end of the route, and what a style (or null) has to say about it. */
const WAYS = [
  ["PNG with transparency", "cutout", () => ({})],
  ["SVG", "svg", (style) => (style ? { colours: style.colours, cutout: Number(style.cutout) } : {})],
];

/** A button with a menu; `open(record)` says of which picture. `styleOf(prompt)` finds the style that it was made in. */
export function createExports({ styleOf }, toasts) {
  const button = iconButton("more", "Save as …", () => turn(menu.hidden), { "aria-haspopup": "menu", "aria-expanded": "false" });
  const items = WAYS.map(([words, way, told]) =>
    h("button", { type: "button", role: "menuitem", class: "quiet", on: { click: () => take(words, way, told) } }, words),
  );
  const menu = h("div", { class: "popover exports-menu", role: "menu", "aria-label": "Save as", hidden: true }, ...items);
  const element = h("div", { class: "exports" }, button, menu);
  let record = null;

  function turn(isOpen) {
    show(menu, isOpen);
    setAttribute(button, "aria-expanded", String(isOpen));
    if (isOpen) items[0].focus();
  }
  async function take(words, way, told) {
    const { id, prompt } = record;
    turn(false);
    button.focus();
    const done = toasts.say(`${words} is being made …`, { key: "export" });
    try {
      const query = new URLSearchParams({ ...told(await styleOf(prompt)), download: 1 });
      save(await fetched(`api/v1/pictures/${id}/${way}?${query}`));
      done();
    } catch (error) {
      toasts.fail(error, { key: "export" });
    }
  }
  element.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (menu.hidden || !(by || event.key === "Escape")) return;
    event.preventDefault();
    event.stopPropagation();
    if (by) items.at((items.indexOf(document.activeElement) + by) % items.length).focus();
    else (turn(false), button.focus());
  });
  element.addEventListener("focusout", (event) => !element.contains(event.relatedTarget) && turn(false));
  return { element, open: (next) => ((record = next), turn(false)) };
}

/** The file at that path: {blob, name}. Raises ApiError or ConnectionLost. */
async function fetched(path) {
  let response;
  try {
    response = await fetch(url(path), { signal: AbortSignal.timeout(TIMEOUT_MS), cache: "no-store" });
  } catch (error) {
    throw new ConnectionLost(error.message);
  }
  if (response.ok) {
    const [, name] = (response.headers.get("content-disposition") ?? "").match(/filename="([^"]+)"/) ?? [];
    return { blob: await response.blob(), name: name ?? "" };
  }
  const answer = await response.json().catch(() => null);
  const fallback = { message: `The server answered with status ${response.status}.`, remedy: "Try again later." };
  throw new ApiError(response.status, answer?.error ?? fallback);
}

function save({ blob, name }) {
  const address = URL.createObjectURL(blob);
  h("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}
