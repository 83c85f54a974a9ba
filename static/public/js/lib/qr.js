// The picture that the issuer makes of a second factor's secret. It comes as the text of an SVG, and no text becomes markup
// here: what is read of it are numbers, and the picture is drawn anew from those.

/** Far more than any of these codes has. */
const MODULES_MAX = 177;
const QUIET = 4;

/**
 * Where the dark squares are, or null where the text is no such picture.
 * @param {string} svg a path of squares, `M{x} {y}h{size}v{size}H{x}V{y}`, within a square
 * @returns {{size: number, dark: [number, number][]} | null} counted in squares, with the quiet zone around them
 */
export function readQr(svg) {
  const side = Number(/\swidth="(\d{1,5})"/.exec(svg)?.[1]);
  const path = /\sd="([MhvHV\d ]{1,500000})"/.exec(svg)?.[1] ?? "";
  const squares = [...path.matchAll(/M(\d{1,5}) (\d{1,5})h(\d{1,3})v(\d{1,3})H(\d{1,5})V(\d{1,5})/g)];
  if (squares.length === 0 || squares.map(([text]) => text).join("") !== path) return null;
  const step = Number(squares[0][3]);
  const size = side / step;
  /** @type {[number, number][]} */
  const dark = [];
  for (const [x, y, width, height, left, top] of squares.map((square) => square.slice(1).map(Number))) {
    if (width !== step || height !== step || left !== x || top !== y) return null;
    dark.push([x / step, y / step]);
  }
  const isGrid = [size, ...dark.flat()].every((place) => Number.isInteger(place) && place <= size);
  return isGrid && size > 2 * QUIET && size <= MODULES_MAX + 2 * QUIET ? { size, dark } : null;
}

const SVG = "http://www.w3.org/2000/svg";

/**
 * The picture: dark on light in dark mode, too, because many apps can't read it otherwise.
 * @param {{size: number, dark: [number, number][]}} code
 */
export function drawQr({ size, dark }) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", `0 0 ${size} ${size}`);
  svg.setAttribute("shape-rendering", "crispEdges");
  path.setAttribute("d", dark.map(([x, y]) => `M${x} ${y}h1v1h-1z`).join(""));
  svg.append(path);
  return svg;
}
