// One guide on the page: its picture, what the network will see of it, its model, how strongly and how long it counts.
import { url } from "./api.js";
import { debounce, h, icon, iconButton, keyed, setAttribute, setText, show } from "./dom.js";
import { PICTURE_TYPES, takesPictures } from "./drop.js";
import { createChoice, createSlider } from "./inputs.js";
import { familyName } from "./words.js";

const PREVIEW_MS = 300;

/** The card of `guide`; `draw()` brings it up to date. `parts`: guides, form, upload. */
export function createCard(guide, kind, { guides, form, upload }) {
  const change = (fields) => guides.change(guide, fields);
  const picture = createPicture(guide, kind, { change, upload });
  const seen = kind.blank.preprocessor ? createSeen(guide, form) : null;
  const free = kind.free && h("button", { type: "button", class: "quiet guide-free", on: { click: () => change({ image: "" }) } }, "Follow each frame again");
  const model = createChoice(kind.called, (value) => change({ model: value }));
  const ways = kind.blank.preprocessor
    ? ["preprocessor", "resize"].map((name) => ({
        name,
        ...createChoice(name === "resize" ? "Fit" : "Prepare", (value) => change({ [name]: value })),
      }))
    : [];
  const numbers = [
    createSlider({ label: "Weight", most: 2, take: (value) => change({ weight: value }) }),
    createSlider({ label: "From", shown: percent, take: from }),
    createSlider({ label: "Until", shown: percent, take: until }),
  ];
  const element = h(
    "div",
    { class: "guide", role: "group", "aria-label": kind.called },
    h(
      "div",
      { class: "guide-head" },
      model.element,
      iconButton("close", `Remove this ${kind.called}`, () => guides.remove(guide)),
    ),
    h("div", { class: "guide-pictures" }, picture.element, seen?.element),
    free,
    ways.length > 0 && h("div", { class: "guide-pair" }, ...ways.map((way) => way.element)),
    numbers[0].element,
    h("div", { class: "guide-pair" }, numbers[1].element, numbers[2].element),
  );

  function from(start) {
    change({ start, end: Math.max(guide.end, start + 0.05) });
  }
  function until(end) {
    change({ end, start: Math.min(guide.start, end - 0.05) });
  }
  function draw() {
    model.draw(modelChoices(guides.offered(), guide.model), guide.model);
    for (const way of ways) {
      const words = Object.entries(guides.offers?.[`${way.name}s`] ?? { [guide[way.name]]: "" });
      way.draw(words.map(([value, hint]) => ({ value, hint, text: value })), guide[way.name]);
    }
    [guide.weight, guide.start, guide.end].forEach((value, place) => numbers[place].draw(value));
    picture.draw();
    seen?.draw();
    if (!free) return;
    show(free, Boolean(guide.image));
    show(ways[1].element, Boolean(guide.image)); // a frame has the size of what is drawn
  }
  return { element, draw };
}

const percent = (share) => `${Math.round(share * 100)} %`;

/** What can be chosen: the models for the checkpoint, then the others; and the chosen one if it is not there. */
function modelChoices(rows, chosen) {
  const choices = rows.map(({ name, family, fits }) => ({
    value: name,
    text: name,
    group: fits ? "" : `For ${familyName(family)}`,
  }));
  if (!chosen) choices.unshift({ value: "", text: "Choose a model" });
  else if (!rows.some((row) => row.name === chosen))
    choices.unshift({ value: chosen, text: `${chosen} (not here)` });
  return choices;
}

/** The place for the picture: choose, drop or paste one. */
function createPicture(guide, kind, { change, upload }) {
  const image = h("img", { alt: "The picture that guides", on: { error: () => gone(true), load: () => gone(false) } });
  const words = h("span", {});
  const invitation = h("span", { class: "guide-invitation" }, icon("library"), words);
  const file = h("input", { type: "file", accept: PICTURE_TYPES, hidden: true });
  const button = h(
    "button",
    { type: "button", class: "guide-picture", on: { click: () => file.click() } },
    image,
    invitation,
  );
  async function take(one) {
    setText(words, "Sending …");
    show(invitation, true);
    const asset = one && (await upload(one));
    if (asset) change({ image: asset.id });
    else draw();
  }
  function gone(isGone) {
    show(image, Boolean(guide.image) && !isGone);
    show(invitation, !guide.image || isGone);
    const invite = kind.free ? `${kind.free}. Press to choose a picture instead.` : "Choose, drop or paste a picture";
    setText(words, guide.image ? "The picture is gone. Choose it again." : invite);
    setAttribute(button, "aria-label", `${guide.image ? "Another" : "Choose a"} picture for ${kind.called}`);
  }
  file.addEventListener("change", () => (take(file.files[0]), (file.value = "")));
  takesPictures(button, take);
  let drawn = null;
  function draw() {
    if (guide.image === drawn) return;
    drawn = guide.image;
    if (guide.image) image.src = url(`api/v1/assets/${guide.image}/file`);
    gone(false);
  }
  return { element: h("div", { class: "guide-frame" }, button, file), draw };
}

/** What the network will see, at the size of the picture to come. */
function createSeen(guide, form) {
  const image = h("img", { alt: "What the ControlNet will see", on: { error: () => show(image, false), load: () => show(image, true) } });
  const element = h("div", { class: "guide-frame guide-seen" }, image, h("span", { class: "guide-caption" }, "as it is seen"));
  let drawn = null;
  const load = debounce((address) => address === drawn && (image.src = url(address)), PREVIEW_MS);
  function draw() {
    show(element, Boolean(guide.image));
    if (!guide.image) return;
    const { width = 512, height = 512 } = form.values;
    const { resize, preprocessor } = guide;
    const query = new URLSearchParams({ width: width ?? 512, height: height ?? 512, resize, preprocessor });
    const address = `api/v1/assets/${guide.image}/prepared?${query}`;
    if (address === drawn) return;
    drawn = address;
    load(address);
  }
  return { element, draw };
}

/** Keeps the cards of a host equal to the list of guides. */
export function drawCards(host, kind, parts) {
  const cards = new Map();
  return () => {
    keyed(host, parts.guides.list, {
      key: (guide) => guide.key,
      make: (guide) => {
        const card = createCard(guide, kind, parts);
        cards.set(guide.key, card);
        return card.element;
      },
      update: (_, guide) => cards.get(guide.key).draw(),
    });
  };
}
