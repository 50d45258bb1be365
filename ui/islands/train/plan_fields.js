// The table of what a plan can say beside name and kind: label, unit, range, and for which method. `tests/ui/test_train.py`
// holds it against `pipelines/finetune/plan.py`.

const YES_OR_NO = [["true", "Yes"], ["false", "No"]];
const whole = (name, label, range, more = {}) => ({ name, label, range, kind: "number", step: 1, ...more });
const number = (name, label, range, more = {}) => ({ name, label, range, kind: "number", ...more });
const choice = (name, label, options, more = {}) => ({ name, label, options, kind: "choice", ...more });
const either = (name, label, more = {}) => ({ name, label, options: YES_OR_NO, kind: "switch", ...more });

/** Groups of fields: [title, fields]. `only`: of this method alone. */
export const ADVANCED = [
  ["What comes of it", [
    choice("method", "Method", [["lora", "LoRA"], ["embedding", "Embedding (textual inversion)"]], { hint: "A LoRA learns more; an embedding is a few kilobytes and changes no other prompt." }),
    { name: "trigger", label: "Trigger word", kind: "text", hint: "The word in prompts that calls it. An embedding is called by its name." },
  ]],
  ["Training", [
    whole("steps", "Steps", [1, 20000]),
    whole("batch_size", "Pictures a step", [1, 16]),
    whole("resolution", "Resolution", [64, 2048], { unit: "px", step: 64 }),
    number("learning_rate", "Learning rate", [1e-7, 1]),
    choice("rate_schedule", "Rate over time", [["constant", "Constant"], ["cosine", "Cosine"]]),
    whole("warmup_steps", "Warm-up", [0, 20000], { unit: "steps" }),
    choice("optimizer", "Optimizer", [["AdamW", "AdamW"], ["AdamW 8-bit", "AdamW 8-bit"]]),
    number("min_snr_gamma", "Min-SNR γ", [0, 20], { hint: "0: all noise levels count alike." }),
    whole("seed", "Seed", [0, 4294967295]),
  ]],
  ["LoRA", [
    whole("rank", "Rank", [1, 256], { only: "lora" }),
    number("alpha", "Alpha", [0.01, 1024], { only: "lora", hint: "Empty: as the rank." }),
    either("trains_text", "Train the text encoder, too", { only: "lora" }),
    number("text_learning_rate", "Its learning rate", [1e-7, 1], { only: "lora" }),
    either("trains_convolutions", "Train the convolutions, too", { only: "lora", hint: "Fine shapes are learned better; the file grows." }),
  ]],
  ["Embedding", [
    whole("vectors", "Vectors", [1, 16], { only: "embedding", unit: "tokens" }),
    { name: "initial_word", label: "Begins as", kind: "text", only: "embedding", hint: "The word whose meaning it starts from. Empty: what kind of thing it is." },
  ]],
  ["What stays as it was", [
    whole("prior_pictures", "Pictures of the class", [0, 1000], { unit: "pictures", hint: "Drawn before it begins, so that other things of its kind stay as they are." }),
    either("output_preservation", "Preserve other outputs", { only: "lora", hint: "Of your pictures, with other words or none: nothing need be drawn first; each step takes about two thirds longer." }),
    number("prior_weight", "Weight", [0, 10]),
    { name: "prior_prompts", label: "Prompts, one a line", kind: "texts" },
  ]],
  ["Pictures that are taught", [
    whole("held_out", "Only measured", [0, 500], { unit: "pictures" }),
    either("mirrors", "Mirror half of them"),
    number("caption_dropout", "Without caption", [0, 1], { unit: "share" }),
    whole("recolourings", "Recoloured copies", [0, 50], { hint: "Of each, for drawings and logos: the colours that its caption names become others, in picture and caption." }),
  ]],
  ["Samples", [
    whole("sample_every", "Every", [1, 20000], { unit: "steps" }),
    { name: "sample_prompts", label: "Prompts, one a line", kind: "texts", hint: "Up to eight, with the word that calls it." },
  ]],
  ["Memory", [
    choice("precision", "Precision", [["auto", "As the device does best"], ["float32", "float32"], ["bfloat16", "bfloat16"], ["float16", "float16"]]),
    either("saves_memory", "Save memory", { hint: "Computes activations twice: a third slower, in much less memory." }),
  ]],
];
