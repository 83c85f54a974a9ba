// From addresses to places, and where one may not stay.

import assert from "node:assert/strict";
import { test } from "node:test";

import { detour, placeAt } from "../public/js/router.js";
import { pathOfTag } from "../public/js/lib/tags.js";
import { ROUTES, searchAddress } from "../public/js/routes.js";

test("every route is found at its own path", () => {
  for (const route of ROUTES) {
    const place = placeAt(route.path.replace("{id}", "7").replace("{tag...}", "a/b"));
    assert.equal(place?.route, route);
  }
});

test("a place knows its parameters and its query", () => {
  const place = placeAt("/m/a%20b?from=list&x=a?b");
  assert.deepEqual(place?.params, { id: "a b" });
  assert.equal(place?.query.get("from"), "list");
  assert.equal(place?.query.get("x"), "a?b");
  assert.equal(place?.address, "/m/a%20b?from=list&x=a?b");
});

test("a parameter that is not well-formed names nothing, and breaks nothing", () => {
  assert.deepEqual(placeAt("/m/%ff")?.params, { id: "%ff" });
});

test("a tag may hold slashes and any letter, and comes back from its address as it was", () => {
  for (const tag of ["a", "a/b/c", "책/읽을 것", "50%", "?#"]) {
    assert.deepEqual(placeAt(pathOfTag(tag))?.params, { tag }, tag);
  }
  assert.equal(placeAt(searchAddress("우유 & 빵"))?.query.get("q"), "우유 & 빵");
});

test("elsewhere the app has no place", () => {
  for (const address of ["/m", "/m/", "/m/7/", "/m/7/x", "/m/7/history/1", "/tag", "/tag/", "/tag/a//b", "/tag/a/", "/problems", "/New", "//evil.example/", "//", "https://evil.example/", "", "new"]) {
    assert.equal(placeAt(address), null, address);
  }
});

const at = (address) => {
  const place = placeAt(address);
  assert(place);
  return place;
};

test("who is not signed in is led to the sign-in, which knows where they wanted to go", () => {
  assert.deepEqual(detour(at("/m/7/history?x=1"), false), { address: "/sign-in", next: "/m/7/history?x=1" });
  assert.equal(detour(at("/"), false), null, "the pad is for everybody");
  assert.equal(detour(at("/sign-up"), false), null);
});

test("who is signed in goes where they wanted to go", () => {
  assert.deepEqual(detour(at("/sign-in"), true, "/m/7?x=1"), { address: "/m/7?x=1" });
  assert.deepEqual(detour(at("/sign-in"), true), { address: "/" });
  assert.equal(detour(at("/m/7"), true), null);
});

test("the sign-in leads to places of the app only", () => {
  for (const next of ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "/problems"]) {
    assert.deepEqual(detour(at("/sign-in"), true, next), { address: "/" }, next);
  }
});

test("help is for everybody", () => {
  assert.equal(detour(at("/help"), false), null);
  assert.equal(detour(at("/help"), true), null);
});
