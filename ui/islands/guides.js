// Pictures that guide a picture, as the form holds them: for ControlNets and for image prompts; kept over a reload.
import { call } from "./api.js";
import { debounce, randomId } from "./dom.js";
import { keep, recall } from "./prefs.js";

export const GUIDES_MAX = 3;

const CONTROLS = {
  name: "controls",
  fold: "controls",
  models: "controlnet",
  called: "ControlNet",
  blank: { model: "", image: "", weight: 1, start: 0, end: 1, resize: "crop", preprocessor: "none" },
  folder: "models/ControlNet",
  what: "A ControlNet makes the picture follow the edges, depth or pose of another one.",
};

/**
 * What stands on the page for each kind. `name` is its place in a Request, `models` the kind of file in the catalog;
 * `free` says what is followed where no picture is chosen.
 */
export const KINDS = {
  controls: CONTROLS,
  followed: {
    ...CONTROLS,
    name: "video-controls", // it is kept beside that of pictures
    fold: "",
    blank: { ...CONTROLS.blank, preprocessor: "canny" },
    free: "Follows each frame",
    what: "A ControlNet holds what is drawn to the edges, depth or poses of the movie.",
  },
  prompts: {
    name: "image_prompts",
    fold: "prompts",
    models: "ip_adapter",
    called: "IP-Adapter",
    added: "image prompt",
    blank: { model: "", image: "", weight: 0.7, start: 0, end: 1 },
    folder: "models/IP-Adapter",
    what: "An IP-Adapter takes a picture as a prompt: what it shows, and in which style.",
    beside: { models: "image_encoder", folder: "models/clip_vision" },
  },
};

/** The guides of one kind; `onChange(run)` calls `run()` after each change of the list or of what may be chosen. */
export function createGuides(kind, { form, store, checkpoint }) {
  const { name, blank, models } = KINDS[kind];
  const listeners = new Set();
  const guides = {
    list: recall(name, []).map(completed),
    offers: null, // from the server: models by kind, resizes, preprocessors
    add,
    change,
    remove,
    offered,
    onChange: (run) => (listeners.add(run), run()),
    refuse: () => false,
  };
  const save = debounce(() => keep(name, guides.list), 150);
  let version = null; // of the catalog that is known

  function completed(guide) {
    const known = Object.entries(guide).filter(([field]) => field in blank);
    return { ...blank, ...Object.fromEntries(known), key: randomId() };
  }
  function tell() {
    save();
    for (const run of listeners) run();
  }
  function add() {
    guides.list.push(completed({ model: offered().find((row) => row.fits)?.name ?? "" }));
    tell();
    return guides.list.at(-1);
  }
  function change(guide, fields) {
    Object.assign(guide, fields);
    tell();
  }
  function remove(guide) {
    guides.list = guides.list.filter((one) => one !== guide);
    tell();
  }

  /** The usable models, those that fit the checkpoint first. */
  function offered() {
    const family = checkpoint.all.find((row) => row.name === checkpoint.name)?.family ?? "";
    return (guides.offers?.[models] ?? [])
      .filter((row) => !row.problem)
      .map((row) => ({ ...row, fits: !row.family || row.family === family }))
      .sort((a, b) => b.fits - a.fits || a.name.localeCompare(b.name));
  }

  async function learn() {
    const now = store.status?.catalog_version;
    if (!now || version === now) return;
    version = now;
    guides.offers = await call("GET", "api/v1/guides").catch(() => guides.offers);
    tell();
  }

  form.own(name, {
    get: () => guides.list.map(({ key, ...fields }) => fields),
    set: (list) => {
      guides.list = (list ?? []).map(completed);
      tell();
    },
    refuse: (error, place) => guides.refuse(error, place),
  });
  store.subscribe(learn);
  checkpoint.onChange(tell);
  return guides;
}
