// The styles of graphics and logos to choose from, and the chip that shows below the prompt which one is chosen.
import { url } from "./api.js";
import { h, iconButton, keyed, setAttribute, setText, show } from "./dom.js";

/** The island of styles: a picture each; a second click gives the style up. */
export function mountStyles(host, { graphics }) {
  const grid = h("div", { class: "styles", role: "group", "aria-label": "Styles" });
  const note = h("p", { class: "hint" });
  const again = h("button", { type: "button", class: "secondary", on: { click: graphics.learn } }, "Try again");
  host.append(note, grid, again);
  const choose = (style) => graphics.choose(graphics.chosen?.name === style.name ? null : style);

  function draw() {
    show(again, graphics.problem !== null);
    setText(note, graphics.problem ? "The styles cannot be loaded now." : NOTE);
    keyed(grid, graphics.styles, {
      key: (style) => style.name,
      make: (style) => tile(style, () => choose(style)),
      update: (node, style) => setAttribute(node, "aria-pressed", String(style.name === graphics.chosen?.name)),
    });
    document.querySelector("[data-fold=graphics]")?.classList.toggle("filled", graphics.chosen !== null);
  }
  graphics.onChange(draw);
  // The fold hides it; the pictures are asked for when it is first seen.
  new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && graphics.learn()).observe(host);
}

const NOTE = "A style stands around your prompt when it is sent. Say only what is to be shown: “a fox”.";

function tile(style, run) {
  const image = style.thumbnail && h("img", { src: url(`ui/styles/${style.thumbnail}`), alt: "", loading: "lazy", decoding: "async" });
  return h("button", { type: "button", class: "style", title: style.about, on: { click: run } }, h("span", { class: "style-picture" }, image), h("span", { class: "style-name" }, style.name));
}

/** The island of the chip. */
export function mountStyleChip(host, { graphics }) {
  const name = h("span", {});
  const remove = iconButton("close", "Without this style", () => graphics.choose(null));
  host.append(h("div", { class: "style-chip" }, name, remove));
  graphics.onChange(() => {
    show(host, graphics.chosen !== null);
    setText(name, graphics.chosen ? `Style: ${graphics.chosen.name}` : "");
  });
}
