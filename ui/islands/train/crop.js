// Crops of pictures: moved and resized within their picture at the shape in which it is trained. Pure; [x, y, width, height].

const SMALLEST_PX = 64;

const clamp = (value, least, most) => Math.min(Math.max(value, least), most);

/** The largest crop of this shape (width / height) in the middle of a picture. */
export function largest({ width, height }, shape) {
  const wide = Math.min(width, height * shape);
  const size = [Math.round(wide), Math.round(wide / shape)];
  return [Math.round((width - size[0]) / 2), Math.round((height - size[1]) / 2), ...size];
}

/** The crop, so many px further right and down, and still inside. */
export function moved([x, y, width, height], [dx, dy], picture) {
  return [clamp(Math.round(x + dx), 0, picture.width - width), clamp(Math.round(y + dy), 0, picture.height - height), width, height];
}

/**
 * The crop when a corner is pulled by (dx, dy): the corner across stays where it is, and so does the shape. `corner` is
 * [1 or -1, 1 or -1]: right or left, bottom or top.
 */
export function pulled([x, y, width, height], [right, below], [dx, dy], picture) {
  const shape = width / height;
  const wanted = Math.abs(dx) > Math.abs(dy) * shape ? width + dx * right : width + dy * below * shape;
  const [fixedX, fixedY] = [right > 0 ? x : x + width, below > 0 ? y : y + height];
  const roomX = right > 0 ? picture.width - fixedX : fixedX;
  const roomY = below > 0 ? picture.height - fixedY : fixedY;
  const most = Math.min(roomX, roomY * shape);
  const wide = clamp(wanted, Math.min(least(shape), most), most);
  const size = [Math.round(wide), Math.round(wide / shape)];
  return [right > 0 ? fixedX : fixedX - size[0], below > 0 ? fixedY : fixedY - size[1], ...size];
}

/** The crop that much larger (or smaller) around its middle, still inside. */
export function scaled([x, y, width, height], factor, picture) {
  const shape = width / height;
  const most = Math.min(picture.width, picture.height * shape);
  const wide = clamp(width * factor, Math.min(least(shape), most), most);
  const size = [Math.round(wide), Math.round(wide / shape)];
  return moved([x, y, ...size], [(width - size[0]) / 2, (height - size[1]) / 2], picture);
}

/** The narrowest crop of this shape whose shorter side is still worth learning from. */
const least = (shape) => SMALLEST_PX * Math.max(1, shape);
