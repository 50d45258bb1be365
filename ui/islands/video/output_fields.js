// The table of how a video is written in the end, for every mode. `tests/ui/test_video.py` holds it against
// `pipelines/video/output.py`.

export const FORMATS = [["h264", "MP4 (H.264)"], ["vp9", "WebM (VP9)"], ["av1", "MP4 (AV1)"], ["av1-webm", "WebM (AV1)"], ["gif", "GIF"], ["webp", "Animated WebP"], ["apng", "APNG"]];
const LOOPS = ["gif", "webp", "apng"];
export const QUALITIES = [["small", "Small file"], ["good", "Good"], ["best", "Best"]];
/** Pictures that move have one quality. */
export const hasQuality = ({ format }) => !LOOPS.includes(format);
export const OUTPUT_START = { format: "h264", quality: "good" };

/** Rows as in photo_effects.js, for `createField`. */
export const OUTPUT_FIELDS = [
  { name: "format", label: "File", options: FORMATS, kind: "choice" },
  { name: "quality", label: "Quality", options: QUALITIES, kind: "choice" },
];
