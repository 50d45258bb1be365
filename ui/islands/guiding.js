// The island of ControlNets, and that of image prompts: cards, one more, and what to do while there is no model.
import { h, icon, show } from "./dom.js";
import { sendPicture } from "./drop.js";
import { drawCards } from "./guide_card.js";
import { GUIDES_MAX, KINDS } from "./guides.js";
import { showRefusal } from "./refusal.js";

/** Fills `host`; every picture tab may have its own. */
export function mountGuides(host, kindName, { guides, form, toasts }) {
  const kind = KINDS[kindName];
  const cards = h("div", { class: "guides" });
  const more = h(
    "button",
    { type: "button", class: "secondary", on: { click: add } },
    icon("plus"),
    h("span", {}, `Add ${kind.added ?? kind.called}`),
  );
  const none = h(
    "p",
    { class: "guides-none" },
    `${kind.what} There is none yet: put a safetensors file into `,
    h("code", {}, kind.folder),
    ...(kind.beside ? [" and its image encoder into ", h("code", {}, kind.beside.folder)] : []),
    ", and it is offered here within seconds.",
  );
  const lack = h(
    "p",
    { class: "guides-none" },
    "An image encoder is missing, through which it looks at pictures: put one into ",
    h("code", {}, kind.beside?.folder ?? ""),
    ".",
  );
  host.append(cards, none, lack, more);
  const upload = (file) => sendPicture(file, toasts);
  const drawAll = drawCards(cards, kind, { guides, form, upload });

  function add() {
    const guide = guides.add();
    const card = cards.querySelector(`[data-key="${guide.key}"]`);
    card?.querySelector(".guide-picture").focus();
    card?.scrollIntoView({ block: "nearest" });
  }
  function draw() {
    drawAll();
    const hasModels = guides.offered().length > 0;
    show(none, guides.offers !== null && !hasModels);
    const beside = kind.beside && guides.offers?.[kind.beside.models];
    show(lack, hasModels && Boolean(beside) && !beside.some((row) => !row.problem));
    show(more, hasModels && guides.list.length < GUIDES_MAX);
    if (kind.fold) document.querySelector(`[data-fold=${kind.fold}]`)?.classList.toggle("filled", guides.list.length > 0);
  }

  /** Says at its card why a guide was refused. */
  guides.refuse = (error, place) => {
    showRefusal(cards.children[place] ?? host, error);
    return true;
  };
  guides.onChange(draw);
  form.onChange(draw);
}
