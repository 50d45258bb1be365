// Starts the page: makes the parts, hands them to one another, and fills each island when Gradio has drawn its place.
import { call } from "./api.js";
import { createCards } from "./cards.js";
import { createCheckpoint } from "./checkpoint.js";
import { mountDock } from "./dock.js";
import { watchDrops, watchSettingsInPrompt } from "./drop.js";
import { createEnlarge } from "./enlarge.js";
import { createExplaining } from "./explaining.js";
import { watchFolds } from "./folds.js";
import { createForm } from "./form.js";
import { createGraphics } from "./graphics.js";
import { createGrid } from "./grid.js";
import { createGuides } from "./guides.js";
import { mountHeader } from "./header.js";
import { mountHeeded, watchHints } from "./heeded.js";
import { createInpainting } from "./inpainting.js";
import { createShortcuts, watchKeys } from "./keys.js";
import { createLentFrame } from "./lent_frame.js";
import { watchLicence } from "./licence.js";
import { createModes, goTo } from "./modes.js";
import { createRecords } from "./records.js";
import { startPoller } from "./poller.js";
import { createPanels, mountBar, mountPanels } from "./panels.js";
import { mountPresets } from "./presets.js";
import { watchWeights } from "./prompt.js";
import { createPromptStyles } from "./prompt_styles.js";
import { watchRecommended } from "./recommended.js";
import { watchRefiner } from "./refiner.js";
import { mountResult } from "./result.js";
import { mountSeed, mountShape } from "./shape.js";
import { createSizing } from "./sizing.js";
import { createSource } from "./source.js";
import { makeGrain } from "./stage.js";
import { createFocus, createStore } from "./store.js";
import { mountStrength } from "./strength.js";
import { mountChosen, mountStylesPanel } from "./styles_panel.js";
import { mountStyleChip, mountStyles } from "./styles.js";
import { watchSuggestions } from "./suggest.js";
import { createPictureVerbs, createVerbs } from "./verbs.js";
import { createVerify } from "./verify.js";
import { createToasts } from "./toast.js";
import { watchVae } from "./vae.js";

const DRAFTS = "Develops eight drafts to a third, then you pick the ones to finish (Ctrl + Shift + Enter)";

// Where a pasted picture goes; elsewhere it gives its settings to the form.
const PASTED_TO = [
  "html[data-tab=workspace][data-mode=image] [data-island=source] [data-takes-picture]",
  "html[data-tab=workspace][data-mode=inpaint] [data-island=editor] [data-takes-picture]",
  "html[data-tab=train] .teach[data-takes-picture]:not([hidden])",
  "html[data-tab=video] :is(.photo, .frames)[data-takes-picture]:not([hidden])",
].join(", ");

const store = createStore();
const modes = createModes();
const form = createForm({ modes });
const graphics = createGraphics({ modes });
const grid = createGrid({ form, modes, store });
const checkpoint = createCheckpoint(store, form);
const explaining = createExplaining({ form, modes, checkpoint });
const panels = createPanels();
const promptStyles = createPromptStyles({ form });
const cards = createCards(store);
const focus = createFocus(store);
const toasts = createToasts();
const source = createSource({ form, modes, toasts });
const inpainting = createInpainting({ form, modes, source });
const sizing = createSizing({ source, form, checkpoint, modes });
const controls = createGuides("controls", { form, store, checkpoint });
const prompts = createGuides("prompts", { form, store, checkpoint });
const records = createRecords();
const shortcuts = createShortcuts();
const { picker } = mountHeader({ store, checkpoint, shortcuts });
const { share } = startPoller(store);
const verbs = createVerbs({ store, form, checkpoint, graphics, focus, toasts, share });
const library = {
  open: (id) => (library.wanted = () => library.open(id)),
  pick: (...what) => (goTo("library"), (library.wanted = () => library.pick(...what))),
};
const enlarge = createEnlarge({ verbs, form, checkpoint, toasts, goTo });
const lent = createLentFrame({ toasts, open: async (...where) => (goTo("video"), (await later("video")).openFrame(...where)) });
const verify = createVerify({ store, verbs, toasts });
const picturing = { library, enlarge, verify, verbs, lent };
const pictureVerbs = createPictureVerbs({ form, checkpoint, graphics, records, toasts, modes, source, goTo, ...picturing });
const dock = mountDock({ store, verbs, focus, goTo });
const folds = watchFolds(form);
const models = { open: (...which) => (models.wanted = () => models.open(...which)) };
const editing = { modes, source, inpainting, sizing, graphics, controls, library, models, dock, share, lent };
const parts = { store, form, checkpoint, cards, focus, toasts, records, verbs, pictureVerbs, picker, goTo, ...editing };
let result = { seedInView: () => null, sheetInView: () => null };

const ISLANDS = {
  tokens: (host) => mountBar(host, { panels, explaining }),
  chosen: (host) => mountChosen(host, { styles: promptStyles }),
  panels: (host) => mountPanels(host, { panels, fill: PANELS }),
  presets: (host) => mountPresets(host, parts),
  shape: (host) => mountShape(host, parts),
  seed: (host) => mountSeed(host, { form, seedInView: () => result.seedInView() }),
  controls: whenGuiding("controls", controls),
  prompts: whenGuiding("prompts", prompts),
  source: whenIn("image", async (host) => (await import("./starting.js")).mountSource(host, parts)),
  strength: (host) => mountStrength(host, parts),
  editor: whenInpainting("editor"),
  masking: whenInpainting("masking"),
  retouch: whenInpainting("retouch"),
  edits: whenInpainting("edits"),
  heeded: (host) => mountHeeded(host, parts),
  hires: whenOpen("hires", form, () => form.values.hires, async (host) => (await import("./hires.js")).mountHires(host, parts)),
  styles: (host) => mountStyles(host, parts),
  style: (host) => mountStyleChip(host, parts),
  grid: whenOpen("grid", grid, () => grid.isOn, async (host) => (await import("./grid_fold.js")).mountGrid(host, { grid, form, verbs, store })),
  result: (host) => (result = mountResult(host, parts)),
  library: whenSeen(library, async (host) => (await import("./library.js")).mountLibrary(host, parts)),
  models: whenSeen(models, async (host) => (await import("./models.js")).mountModels(host, parts)),
  train: async (host) => (await later("train")).mount(host),
  video: async (host) => (await later("video")).mount(host),
  networks: whenOpen("networks", null, null, async (host) => (await import("./networks.js")).mountNetworks(host, parts)),
};

const PANELS = {
  styles: (host) => mountStylesPanel(host, { styles: promptStyles, form, toasts }),
  wildcards: async (host) => (await import("./wildcards.js")).mountWildcards(host, parts),
  explain: async (host) => (await import("./explain.js")).mountExplain(host, { explaining, form }),
};

/** Fills an island whose scripts are loaded when its fold is first opened, or before, once `part` holds something. */
function whenOpen(fold, part, holds, fill) {
  return (host) => {
    let isDone = false;
    const once = () => isDone || ((isDone = true), fill(host));
    folds.whenOpen(fold, once);
    part?.onChange(() => holds() && once());
  };
}
function whenGuiding(fold, guides) {
  const holds = () => guides.list.length > 0;
  return whenOpen(fold, guides, holds, async (host) => (await import("./guiding.js")).mountGuides(host, fold, { guides, form, toasts }));
}

/** Fills an island of one mode, whose scripts are loaded when that is first opened. */
function whenIn(wanted, fill) {
  return (host) =>
    modes.onChange((mode) => {
      if (mode !== wanted || "opened" in host.dataset) return;
      host.dataset.opened = "";
      fill(host);
    });
}
function whenInpainting(name) {
  return whenIn("inpaint", async (host) => (await later("inpaint"))[name](host));
}
/** What is loaded when it is first wanted: a mode, what takes settings from outside, works that may be under way. */
const LATER = {
  inpaint: async () => (await import("./inpaint.js")).createInpaint(parts),
  taking: async () => (await import("./taking.js")).createTaking(parts),
  train: async () => (await import("./train/train.js")).createTrain(parts),
  video: async () => (await import("./video/video.js")).createVideo(parts),
};
function later(name) {
  begun[name] ??= LATER[name]();
  return begun[name];
}

/** Fills the island of a tab, whose scripts are loaded when that is first opened, and opens what was asked for before. */
function whenSeen(part, fill) {
  return async (host) => {
    Object.assign(part, await fill(host));
    part.wanted?.();
  };
}

/** Gradio draws tabs when they are first opened, so places of islands appear late. */
function fillIslands() {
  for (const host of document.querySelectorAll("[data-island]:not([data-filled])")) {
    const fill = ISLANDS[host.dataset.island];
    host.parentElement.className = "island-place"; // Gradio's own class styles everything inside as an article
    host.dataset.filled = "";
    fill(host);
  }
  if (!isRestored && form.isDrawn()) {
    isRestored = true;
    document.getElementById("drafts").title = DRAFTS;
    form.restore();
    modes.restore();
    folds.draw();
  }
}
let isRestored = false;
const begun = {}; // of LATER

async function learn() {
  for (let isKnown = false; !isKnown;) {
    try {
      const about = await call("GET", "api/v1/status");
      store.set({ about });
      store.apply({ status: about });
      isKnown = true;
    } catch {
      await new Promise((done) => setTimeout(done, 1000));
    }
  }
}

/** Asks anew when other models lie in their folders than those that are known. */
function watchModels() {
  let asked = null;
  store.subscribe(({ status, about }) => {
    const version = status?.catalog_version;
    if (!about || !version || version === about.catalog_version || version === asked) return;
    asked = version;
    learn();
  });
}

// What Gradio's own events call; see `ui/tabs/workspace.py`.
window.darkroom = {
  generate: async (values) => (modes.current() === "inpaint" ? (await later("inpaint")).generate(values) : verbs.generate(values)),
  drafts: verbs.drafts,
  remember: form.remember,
  filled: form.filled,
};

makeGrain();
watchWeights();
watchSuggestions({ store, checkpoint });
watchHints({ store, form });
watchKeys({ shortcuts, verbs, dock, sheetInView: () => result.sheetInView() });
watchDrops({
  take: async (files) => (await later("taking")).take(files),
  pasted: () => document.querySelector(PASTED_TO),
});
watchSettingsInPrompt({ form, read: async (...told) => (await later("taking")).read(...told) });
new MutationObserver(fillIslands).observe(document.body, { childList: true, subtree: true });
learn();
watchModels();
store.subscribe(({ status }) => {
  if (status?.trainings_open) later("train");
  if (status?.videos_open) later("video");
});
watchRecommended({ form, checkpoint });
watchVae({ store, form, checkpoint });
watchRefiner({ form, checkpoint });
watchLicence({ checkpoint, openModel: (...wanted) => (goTo("models"), models.open(...wanted)) });
fillIslands();
