// Numbers as people read them: durations, sizes, dates, counts.

/** 0.4 → "under 1 s", 75 → "1 min 15 s". */
export function duration(seconds) {
  if (seconds < 1) return "under 1 s";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}

/** Bytes as gibibytes with one place, the way graphics cards are sold: "5.3". */
export function gigabytes(bytes) {
  return (bytes / 2 ** 30).toFixed(1);
}

/** "412 KB", "1.4 MB", "6.9 GB". */
export function fileSize(bytes) {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`;
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} KB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

const FAMILIES = {
  sd15: "SD 1.5",
  sd2: "SD 2",
  sdxl: "SDXL",
  sdxl_refiner: "SDXL refiner",
  sd3: "SD 3",
  flux: "FLUX",
  aura_flow: "AuraFlow",
  hunyuan_dit: "Hunyuan-DiT",
  hunyuan_video: "HunyuanVideo",
  pixart: "PixArt",
  ltx: "LTX-Video",
  svd: "Stable Video",
};

/** "sdxl" → "SDXL"; what has no name here is shown as it is called. */
export const familyName = (family) => FAMILIES[family] ?? family.replace(/^./, (first) => first.toUpperCase());

const KINDS = {
  lora: "LoRA",
  vae: "VAE",
  controlnet: "ControlNet",
  ip_adapter: "IP-Adapter",
  image_encoder: "Image encoder",
  other: "Other file",
};

/** "lora" → "LoRA", "checkpoint" → "Checkpoint". */
export const kindName = (kind) => KINDS[kind] ?? kind.replace(/^./, (first) => first.toUpperCase());

/** Seconds since the epoch as date and time in the reader's own way. */
export function when(epochSeconds) {
  return new Date(epochSeconds * 1000).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

/** plural(2, "picture") → "2 pictures". */
export function plural(count, word) {
  return `${count.toLocaleString()} ${word}${count === 1 ? "" : "s"}`;
}

/** Steps a second; slow machines count seconds a step. */
export function speed(stepsPerSecond) {
  return stepsPerSecond >= 1
    ? `${stepsPerSecond.toFixed(1)} it/s`
    : `${(1 / stepsPerSecond).toFixed(1)} s/it`;
}
