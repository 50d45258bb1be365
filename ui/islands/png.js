// Pictures as bytes: writes exact PNG files without a canvas, and reads any picture that the browser can.

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const COLOUR_TYPES = { 1: 0, 3: 2 }; // channels: the PNG's number for grey, for RGB
const FILTER_UP = 2; // each row less the row above: both masks and drawings become small

/** A PNG of 8 bits a channel, as a Blob; `channels` is 1 (grey) or 3 (RGB). What is read from it is what was given. */
export async function writePng({ width, height, channels, bytes }) {
  const head = new DataView(new ArrayBuffer(13));
  head.setUint32(0, width);
  head.setUint32(4, height);
  head.setUint8(8, 8);
  head.setUint8(9, COLOUR_TYPES[channels]);
  const packed = await deflate(filtered(bytes, width * channels, height));
  const chunks = [chunk("IHDR", new Uint8Array(head.buffer)), chunk("IDAT", packed), chunk("IEND", new Uint8Array())];
  return new Blob([SIGNATURE, ...chunks.flat()], { type: "image/png" });
}

function filtered(bytes, stride, height) {
  const result = new Uint8Array((stride + 1) * height);
  for (let row = 0, from = 0, to = 0; row < height; row++) {
    result[to++] = FILTER_UP;
    if (row === 0) result.set(bytes.subarray(0, (to += stride) - 1), 1);
    else for (const end = to + stride; to < end; to++) result[to] = bytes[from + stride] - bytes[from++];
  }
  return result;
}

async function deflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function chunk(name, bytes) {
  const head = new DataView(new ArrayBuffer(8));
  head.setUint32(0, bytes.length);
  [...name].forEach((letter, place) => head.setUint8(4 + place, letter.charCodeAt(0)));
  const tail = new DataView(new ArrayBuffer(4));
  tail.setUint32(0, ~crc(bytes, crc(new Uint8Array(head.buffer, 4))) >>> 0);
  return [head, bytes, tail];
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, value) => {
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

function crc(bytes, start = 0xffffffff) {
  let value = start;
  for (let place = 0; place < bytes.length; place++) value = CRC_TABLE[(value ^ bytes[place]) & 255] ^ (value >>> 8);
  return value;
}

/** The pixels of a picture (an address or a Blob) as {width, height, bytes}, RGBA; scaled if `size` says so. */
export async function readPicture(source, size = null) {
  const blob = source instanceof Blob ? source : await fetchPicture(source);
  const exact = { premultiplyAlpha: "none", colorSpaceConversion: "none" };
  const bitmap = await createImageBitmap(blob, exact);
  const { width, height } = size ?? bitmap;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0, width, height);
  const isScaled = width !== bitmap.width || height !== bitmap.height;
  bitmap.close();
  return { width, height, isScaled, bytes: context.getImageData(0, 0, width, height).data };
}

async function fetchPicture(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`The picture cannot be read (${answer.status}).`);
  return answer.blob();
}

/** The mask in a picture: its alpha where there is any, else its brightness. */
export function maskIn({ bytes }) {
  const count = bytes.length / 4;
  const mask = new Uint8Array(count);
  let isOpaque = true;
  for (let place = 3; place < bytes.length && isOpaque; place += 4) isOpaque = bytes[place] === 255;
  for (let place = 0; place < count; place++) {
    const at = place * 4;
    mask[place] = isOpaque ? Math.round(bytes[at] * 0.299 + bytes[at + 1] * 0.587 + bytes[at + 2] * 0.114) : bytes[at + 3];
  }
  return mask;
}
