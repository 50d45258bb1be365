// What a sampler and a schedule are like, said in the lists to choose from; and fields that the chosen ones do not heed.
import { h, setAttribute, setText, show } from "./dom.js";

const AUTOMATIC = "Automatic";
const TABLES = {
  "sampling.sampler": "samplers",
  "sampling.schedule": "schedules",
  "hires.sampler": "samplers",
  "hires.schedule": "schedules",
};

/**
 * Which of the fields that some row heeds nobody heeds now: names without "sampling.". `about` has the tables `samplers`
 * and `schedules`; `chosen` lists {sampler, schedule} of each pass.
 */
export function unheeded(about, chosen) {
  const heeds = (row) => row?.heeds ?? [];
  const find = (rows, name) => rows.find((row) => row.name === name);
  const all = [...about.samplers, ...about.schedules].flatMap(heeds);
  const used = chosen.flatMap(({ sampler, schedule }) => {
    const row = find(about.samplers, sampler);
    const own = schedule === AUTOMATIC ? row?.schedule : schedule;
    return [...heeds(row), ...heeds(find(about.schedules, own))];
  });
  return new Set(all.filter((name) => !used.includes(name)));
}

/** The line above the fields that says why some are grey. */
export function mountHeeded(host, { store, form }) {
  const line = h("p", { class: "hint", id: "heeded-line", hidden: true });
  host.append(line);

  const passes = () => {
    const first = { sampler: form.values["sampling.sampler"], schedule: form.values["sampling.schedule"] };
    if (!form.values.hires) return [first];
    const second = { sampler: form.values["hires.sampler"], schedule: form.values["hires.schedule"] };
    return [first, { sampler: second.sampler || first.sampler, schedule: second.schedule || first.schedule }];
  };
  function draw() {
    if (!store.about) return;
    const off = unheeded(store.about, passes());
    const [{ sampler, schedule }] = passes();
    setText(line, `What is grey does nothing with ${sampler} and the schedule ${schedule}.`);
    show(line, off.size > 0);
    for (const field of form.fields.filter((row) => row.name.startsWith("sampling."))) {
      const block = document.getElementById(field.id);
      const isOff = off.has(field.name.split(".")[1]);
      block?.classList.toggle("unheeded", isOff);
      for (const input of block?.querySelectorAll("input") ?? [])
        if (!input.hasAttribute("aria-invalid")) setAttribute(input, "aria-describedby", isOff ? line.id : null);
    }
  }
  store.subscribe(draw);
  form.onChange(draw);
}

/** Puts what each row is like behind its name, whenever Gradio draws such a list. */
export function watchHints({ store, form }) {
  document.addEventListener("focusin", ({ target }) => {
    const block = target.closest?.(".field");
    const field = form.fields.find((row) => row.id === block?.id);
    const rows = store.about?.[TABLES[field?.name]] ?? [];
    const hints = { ...field?.hints, ...Object.fromEntries(rows.map((row) => [row.name, row.hint])) };
    if (Object.keys(hints).length === 0 || "hints" in block.dataset) return;
    block.dataset.hints = "";
    const say = () => {
      for (const option of block.querySelectorAll("[role=option]")) {
        const hint = hints[option.getAttribute("aria-label")] ?? "";
        if (option.dataset.hint !== hint) option.dataset.hint = hint;
      }
    };
    new MutationObserver(say).observe(block, { childList: true, subtree: true, attributeFilter: ["aria-label"] });
    say();
  });
}
