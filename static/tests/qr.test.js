// The picture of a second factor's secret: numbers are read of the issuer's, and nothing else.

import assert from "node:assert/strict";
import { test } from "node:test";

import { readQr } from "../public/js/lib/qr.js";

/** As the issuer draws it. */
const picture = (path, side = 392) =>
  `<?xml version="1.0" standalone="yes"?><svg xmlns="http://www.w3.org/2000/svg" version="1.1" width="${side}" height="${side}" viewBox="0 0 ${side} ${side}" shape-rendering="crispEdges"><rect x="0" y="0" width="${side}" height="${side}" fill="#fff"/><path fill="#000" d="${path}"/></svg>`;

test("the squares are counted from the corner", () => {
  const read = readQr(picture("M32 32h8v8H32V32M40 32h8v8H40V32M352 352h8v8H352V352"));
  assert.deepEqual(read, { size: 49, dark: [[4, 4], [5, 4], [44, 44]] });
});

test("what is no such picture is none", () => {
  for (const path of [
    "",
    "M32 32h8v8H32V32M40 32", // not to its end
    "M32 32h8v8H32V32 M40 32h8v8H40V32", // with something between
    "M32 32h8v9H32V32", // no square
    "M32 32h8v8H33V32", // does not come back
    "M33 32h8v8H33V32", // not in the grid
    "M400 32h8v8H400V32", // outside
    "M0 0h0v0H0V0",
    "M-8 32h8v8H-8V32",
  ]) {
    assert.equal(readQr(picture(path)), null, path);
  }
  assert.equal(readQr(picture("M32 32h8v8H32V32", 99_999)), null, "far too large");
  assert.equal(readQr(picture("M8 8h8v8H8V8", 32)), null, "far too small");
  for (const text of ["", "<svg></svg>", "M32 32h8v8H32V32", `<svg width="392">`, "\ud800"]) assert.equal(readQr(text), null, text);
});

test("nothing but numbers comes of it", () => {
  const read = readQr(picture('M32 32h8v8H32V32" onload="alert(1)'));
  assert.deepEqual(read, { size: 49, dark: [[4, 4]] });
});

test("a picture without end is given up at once", () => {
  assert.equal(readQr(picture("M32 32h8v8H32V32".repeat(100_000))), null);
});
