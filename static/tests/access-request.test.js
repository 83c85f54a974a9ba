// What a program asks for by an address, and where the page that asks a person goes with the answer.

import assert from "node:assert/strict";
import { test } from "node:test";

import { requestIn, wayTo } from "../public/js/screens/authorize/access-request.js";

test("a request has the parameters that are known, as the program wrote them", () => {
  const query = new URLSearchParams("client_id=a&scope=memos%3Aread+memos:write&state=%26%3D%2B%20&nonce=1&prompt=none&x=1&x=2");
  assert.deepEqual(requestIn(query), { client_id: "a", scope: "memos:read memos:write", state: "&=+ " });
  assert.deepEqual(requestIn(new URLSearchParams()), {});
  assert.deepEqual(requestIn(new URLSearchParams("state=")), { state: "" });
});

test("a request that says something twice is none", () => {
  for (const query of ["client_id=a&client_id=b", "state=a&state=a", "redirect_uri=https://a.example&redirect_uri="]) {
    assert.equal(requestIn(new URLSearchParams(query)), null, query);
  }
});

test("a page goes to the web and to apps, and is told by whom it is read", () => {
  for (const [address, host, isHere] of [
    ["https://app.example/cb?code=1", "app.example", false],
    ["https://app.example:8443/cb", "app.example:8443", false],
    ["https://우유.example/", "xn--vo5b2h.example", false],
    ["http://127.0.0.1:51004/cb", "127.0.0.1:51004", true],
    ["http://[::1]:51004/cb", "[::1]:51004", true],
    ["http://localhost:3000/cb", "localhost:3000", true],
    ["com.example.app:/cb?code=1", "com.example.app", true],
    ["com.example.app:", "com.example.app", true],
  ]) {
    assert.deepEqual(wayTo(address), { host, isHere, isSafe: true }, address);
  }
});

test("it goes nowhere else", () => {
  for (const address of [
    "javascript:alert(1)",
    "JavaScript:alert(1)//.",
    "data:text/html,<script>alert(1)</script>",
    "blob:https://app.example/1",
    "file:///etc/passwd",
    "about:blank",
    "http://app.example/cb",
    "http://127.0.0.1.evil.example/cb",
    "http://127.0.0.1@evil.example/cb",
    "http://localhost.evil.example/",
    "myapp:/cb",
  ]) {
    assert.equal(wayTo(address).isSafe, false, address);
  }
  assert.throws(() => wayTo("/cb"));
});
