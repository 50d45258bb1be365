// What can be done with a model: use it, put it into the prompt, take its picture's settings, unload it.
import { call } from "./api.js";
import { uses, withModel, withoutModel, withWords } from "./tags.js";

const PICKLE = /\.(ckpt|pt|pth|bin)$/i;
const CONVERSION_POLL_MS = 700;

/** The verbs; `main(model)` are buttons with words, `more(model)` quiet ones with an icon. */
export function createModelVerbs({ checkpoint, form, store, toasts, goTo, pictureVerbs, remove }) {
  const isChosen = (model) => model.kind === "checkpoint" && model.name === checkpoint.name;
  const fields = ["prompt", "negative_prompt"];
  const usedIn = (model) => fields.find((field) => uses(form.values[field] ?? "", model));
  const isInPrompt = (model) => ["lora", "embedding"].includes(model.kind) && Boolean(usedIn(model));

  function choose(model) {
    if (!checkpoint.choose(model.name)) return;
    goTo("workspace");
    toasts.say(`“${model.name}” is chosen.`, { key: "models" });
  }
  function turn(model, field = "prompt") {
    const where = usedIn(model);
    const change = where ? withoutModel : withModel;
    form.fill({ [where ?? field]: change(form.values[where ?? field] ?? "", model) });
    const said = where ? "is out of the prompt" : `is in the ${field.replace("_", " ")}`;
    toasts.say(`“${model.name}” ${said}.`, { key: "models" });
  }
  function insertWord(word) {
    form.fill({ prompt: withWords(form.values.prompt ?? "", [word]) });
    toasts.say(`“${word}” is in the prompt.`, { key: "models" });
  }
  async function takeSettings(model) {
    try {
      const { request } = await call("GET", `api/v1/models/${model.id}/settings`);
      if (!request) return toasts.say("Its picture says nothing about its making.", { key: "models" });
      const own = model.kind === "checkpoint" ? { checkpoint: model.name } : {};
      pictureVerbs.useRequest({ ...request, ...own });
    } catch (error) {
      toasts.fail(error, { key: "models" });
    }
  }
  async function unload(model) {
    try {
      await call("POST", "api/v1/models/unload", { json: { name: model.name } });
      toasts.say(`“${model.name}” leaves the memory as soon as no picture needs it.`, { key: "models" });
    } catch (error) {
      toasts.fail(error, { key: "models" });
    }
  }
  /** A pickle becomes a safetensors file, in a process of its own; the list shows it by itself. */
  async function convert(model) {
    try {
      let { name, state, why, source } = await call("POST", `api/v1/models/${model.id}/convert`);
      toasts.say(`“${name}” is being converted…`, { key: "models" });
      while (["waiting", "converting"].includes(state)) {
        await new Promise((done) => setTimeout(done, CONVERSION_POLL_MS));
        const { items } = await call("GET", "api/v1/models/conversions");
        ({ state, why } = items.find((item) => item.source === source) ?? { state: "failed", why: "The server was restarted." });
      }
      toasts.say(state === "done" ? `“${name}” is converted and listed.` : why, { key: "models" });
    } catch (error) {
      toasts.fail(error, { key: "models" });
    }
  }

  function main(model) {
    const verb = (label, run) => ({ label, run });
    if (model.problem) return PICKLE.test(model.file) ? [verb("Convert to safetensors", () => convert(model))] : [];
    if (model.kind === "checkpoint")
      return isChosen(model) ? [verb("Draw with it", () => goTo("workspace"))] : [verb("Use", () => choose(model))];
    if (isInPrompt(model)) return [verb("Take out of the prompt", () => turn(model))];
    if (model.kind === "lora") return [verb("Put into the prompt", () => turn(model))];
    if (model.kind !== "embedding") return [];
    return [
      verb("Put into the prompt", () => turn(model)),
      verb("Into the negative prompt", () => turn(model, "negative_prompt")),
    ];
  }
  function more(model) {
    const take = { icon: "sliders", label: "Use the settings of its picture", run: () => takeSettings(model) };
    const free = { icon: "unload", label: "Take it out of the device's memory", run: () => unload(model) };
    const discard = { icon: "trash", label: "Move to the trash (Del)", run: () => remove(model) };
    const isLoaded = model.kind === "checkpoint" && store.status?.loaded?.includes(model.name);
    return [model.preview && take, isLoaded && free, model.movable && discard].filter(Boolean);
  }
  return {
    main,
    more,
    insertWord,
    turn,
    use: (model) => main(model)[0]?.run(),
    isUsed: (model) => isChosen(model) || isInPrompt(model),
  };
}
