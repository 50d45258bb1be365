// Small helpers that build DOM nodes, and the icons; data only ever enters the page as text, never as markup.

/** An element. `props` are attributes (none for false, null, undefined); `on` holds listeners, `data` dataset values. */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name === "on") for (const [event, run] of Object.entries(value)) node.addEventListener(event, run);
    else if (name === "data") Object.assign(node.dataset, value);
    else setAttribute(node, name, value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Sets an attribute; false, null and undefined take it away. */
export function setAttribute(node, name, value) {
  if (value === false || value === null || value === undefined) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value === true ? "" : value))
    node.setAttribute(name, value === true ? "" : value);
}

/** Sets text only when it differs, so that screen readers and selections are left in peace. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Shows or hides a node with the `hidden` attribute. */
export function show(node, isShown) {
  if (node.hidden === isShown) node.hidden = !isShown;
}

/** Is the user writing somewhere, so that single keys belong to the text? */
export function isTyping(target) {
  return (
    target instanceof HTMLElement &&
    Boolean(target.closest("input:not([type=range],[type=checkbox]), textarea, select, [contenteditable]"))
  );
}

/** Calls `run` once, `ms` after the last of a burst of calls. */
export function debounce(run, ms) {
  let timer = 0;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => run(...values), ms);
  };
}

/** Keeps `host`'s children equal to `items` by key: rows are made once, then updated in place, in order. */
export function keyed(host, items, { key, make, update }) {
  const old = new Map([...host.children].map((node) => [node.dataset.key, node]));
  let place = host.firstElementChild;
  for (const item of items) {
    const id = String(key(item));
    let node = old.get(id);
    if (!node) {
      node = make(item);
      node.dataset.key = id;
    }
    old.delete(id);
    if (node === place) place = place.nextElementSibling;
    else host.insertBefore(node, place);
    update?.(node, item);
  }
  for (const node of old.values()) node.remove();
}

/** 32 hexadecimal digits; `crypto.randomUUID` exists on https pages only. */
export function randomId() {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}

// One family of icons: 24 units, a stroke of 1.6, round ends; drawn in the colour of the text.
const PATHS = {
  arrow: ["M5 19C6 11 10.5 7.5 19 6.5", "M13.5 3.5L19 6.5l-3.5 5"],
  branch: ["M6 20V4", "M6 15c0-4 12-2 12-7", "M15 10l3-3 3 3"],
  brush: [
    "M19.5 4.5c-3.5 1.2-7 4.4-9 7.6l2.4 2.4c3.2-2 5.4-6.5 6.6-10z",
    "M9 13.5c-2.2 0-3.2 1.3-3.4 3-.1 1.1-.6 1.9-1.6 2.5 3.2.9 7 .1 7-3.6",
  ],
  cancel: ["M7 7h10v10H7z"],
  check: ["M5 12.5l4.5 4.5L19 7.5"],
  chevron: ["M6 9.5l6 6 6-6"],
  close: ["M6 6l12 12M18 6L6 18"],
  compare: ["M4 5h16v14H4z", "M12 2.5v19", "M12 8l8 8"],
  copy: ["M9 9h11v11H9z", "M5 15H4V4h11v1"],
  dice: ["M4.5 4.5h15v15h-15z", "M9 9h.01M15 15h.01M15 9h.01M9 15h.01M12 12h.01"],
  enlarge: ["M10 14l-6 6M4 15v5h5", "M14 10l6-6M15 4h5v5"],
  download: ["M12 4v11M7 11l5 5 5-5", "M5 20h14"],
  eraser: ["M4 15.5L13.5 6l5.5 5.5-7 7H7z", "M9 10.5l5.5 5.5", "M11 19.5h9"],
  extend: ["M8 8h8v8H8z", "M12 5V2.5M12 21.5V19M5 12H2.5M21.5 12H19"],
  eye: [
    "M3 12c2.5-4 5.5-6 9-6s6.5 2 9 6c-2.5 4-5.5 6-9 6s-6.5-2-9-6z",
    "M12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z",
  ],
  fill: [
    "M11 4.5l7.5 7.5-6.5 6.5-7.5-7.5z",
    "M5 11.5h13",
    "M20 15.5c1 1.5 1.2 2.2 1.2 2.8a1.2 1.2 0 0 1-2.4 0c0-.6.2-1.3 1.2-2.8z",
  ],
  film: ["M4 5h16v14H4z", "M8.5 5v14M15.5 5v14", "M4 9.7h4.5M4 14.3h4.5M15.5 9.7H20M15.5 14.3H20"],
  fit: ["M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5"],
  grid: ["M4 4h16v16H4z", "M4 9.5h16M4 14.7h16M9.5 4v16M14.7 4v16"],
  hand: [
    "M7.5 12.5V6.5a1.5 1.5 0 0 1 3 0V11M10.5 11V4.5a1.5 1.5 0 0 1 3 0V11M13.5 11V6a1.5 1.5 0 0 1 3 0v6M16.5 12V9a1.5 1.5 0 0 1 3 0v5c0 4-2.5 6.5-6 6.5-3 0-4.5-1.2-6-3.5l-3-4.5c-.8-1.4 1-2.7 2.2-1.5l1.8 2",
  ],
  help: ["M9 9a3 3 0 1 1 4.2 2.8c-.8.4-1.2 1-1.2 2", "M12 17.5h.01"],
  hide: [
    "M3 12c2.5-4 5.5-6 9-6s6.5 2 9 6c-2.5 4-5.5 6-9 6s-6.5-2-9-6z",
    "M12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z",
    "M5 19L19 5",
  ],
  info: ["M12 11v6", "M12 7.5h.01"],
  lasso: [
    "M12 4.5c4.7 0 8 2.3 8 5.5s-3.3 5.5-8 5.5-8-2.3-8-5.5 3.3-5.5 8-5.5z",
    "M7.5 14.5c-1.5 1.5-1 3.2.5 3.2s2 1.3 1 3.3",
  ],
  library: ["M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z"],
  minus: ["M5 12h14"],
  moon: ["M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z"],
  more: ["M5.5 12h.01M12 12h.01M18.5 12h.01"],
  nodes: ["M6 4.5a2 2 0 1 0 0 4 2 2 0 0 0 0-4zM6 15.5a2 2 0 1 0 0 4 2 2 0 0 0 0-4zM18 10a2 2 0 1 0 0 4 2 2 0 0 0 0-4z", "M8 7l8 4M8 17l8-4"],
  pause: ["M8.5 6v12M15.5 6v12"],
  pencil: ["M5 19l1-4L16.5 4.5l3 3L9 18z", "M14.5 6.5l3 3"],
  pick: ["M13 8l3 3-8.5 8.5H4.5v-3z", "M12 7l5 5M15 9.5l2.5-2.5a2.1 2.1 0 0 0-3-3L12 6.5"],
  play: ["M8 5.5l10 6.5-10 6.5z"],
  picture: ["M4 5h16v14H4z", "M4 16l4.5-5 4 4.5 3-3L20 17", "M15.5 8.5h.01"],
  plus: ["M12 5v14M5 12h14"],
  polygon: ["M5 8l8-4 6.5 6-4 9.5H7z"],
  rectangle: ["M4 6h16v12H4z"],
  redo: ["M20 10H10a5.5 5.5 0 0 0 0 11h4", "M15.5 5.5L20 10l-4.5 4.5"],
  restore: ["M4 10h10a5.5 5.5 0 0 1 0 11h-4", "M8.5 5.5L4 10l4.5 4.5"],
  retry: ["M19 5v5h-5", "M19 10a7.5 7.5 0 1 0 1 5"],
  search: ["M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13z", "M15.5 15.5L20 20"],
  seed: [
    "M12 20v-9",
    "M12 13c0-4 2.5-6.5 7.5-7 0 4.5-2.5 7-7.5 7z",
    "M12 16c0-3-2-5-6.5-5.3 0 3.5 2.5 5.3 6.5 5.3z",
  ],
  sliders: ["M4 7h9M17 7h3M4 17h3M11 17h9", "M13 5h4v4h-4zM7 15h4v4H7z"],
  sun: [
    "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8z",
    "M12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6l1.4 1.4M17 17l1.4 1.4M18.4 5.6L17 7M7 17l-1.4 1.4",
  ],
  trash: ["M5 7h14M10 7V4h4v3", "M7 7l1 13h8l1-13", "M10.5 11v5.5M13.5 11v5.5"],
  unload: ["M12 13V4M8 8l4-4 4 4", "M5 14v5h14v-5"],
  warning: ["M12 4l9 16H3z", "M12 10v4.5M12 17h.01"],
};

/** The icon of that name as an SVG element, hidden from screen readers: its button has the words. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const attributes = {
    viewBox: "0 0 24 24",
    class: `icon icon-${name}`,
    "aria-hidden": "true",
    focusable: "false",
  };
  for (const [key, value] of Object.entries(attributes)) svg.setAttribute(key, value);
  for (const d of PATHS[name]) {
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}

/** A quiet button that is only an icon; `label` is its name for everybody who cannot see it. */
export function iconButton(name, label, run, attributes = {}) {
  const named = { type: "button", class: "icon-button", "aria-label": label, title: label };
  return h("button", { ...named, data: { act: name }, on: { click: run }, ...attributes }, icon(name));
}
