// Models in a prompt: is this LoRA or embedding in it, and the text with it or without it. Pure.

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const tagOf = (name) => new RegExp(`<lora:${escaped(name)}(:[^<>]*)?>`, "i");
const parts = (text) => text.split(",").map((part) => part.trim());
const same = (one, other) => one.toLowerCase() === other.toLowerCase();

/** By which an embedding is called: the name of its file. Two of one name have longer ones on their cards. */
const wordOf = (row) => row.file.split("/").pop().replace(/\.[^.]*$/, "");

/** Does the prompt use this LoRA or embedding? */
export function uses(text, row) {
  if (row.kind === "lora") return tagOf(row.name).test(text);
  return new RegExp(`(^|[^\\w-])${escaped(wordOf(row))}($|[^\\w-])`, "i").test(text);
}

/** The prompt with these words at its end, those that do not stand there yet. */
export function withWords(text, words) {
  const there = parts(text);
  const fresh = words.filter((word) => !there.some((one) => same(one, word)));
  return [text.trimEnd().replace(/,$/, ""), ...fresh].filter(Boolean).join(", ");
}

/** The prompt that uses this model too: a LoRA with its tag, its weight and the words that it listens to. */
export function withModel(text, row) {
  if (uses(text, row)) return text;
  if (row.kind !== "lora") return withWords(text, [wordOf(row)]);
  const tag = `<lora:${row.name}:${row.preferred_weight ?? 1}>`;
  return withWords(withWords(text, [tag]), row.trigger_words);
}

/** How much a LoRA counts in the prompt, as text: "0.8"; "1" when its tag does not say. */
export function weightOf(text, row) {
  return tagOf(row.name).exec(text)?.[1]?.slice(1) || "1";
}

/** The prompt with another weight in its tag. */
export function withWeight(text, row, weight) {
  return text.replace(tagOf(row.name), () => `<lora:${row.name}:${weight}>`);
}

/** The prompt without it, and without its words where they stand alone between commas. */
export function withoutModel(text, row) {
  const words = row.kind === "lora" ? row.trigger_words : [wordOf(row)];
  const isIts = (part) => words.some((word) => same(part, word));
  const bare = row.kind === "lora" ? text.replace(tagOf(row.name), "") : text;
  return parts(bare)
    .filter((part) => part && !isIts(part))
    .join(", ");
}
