// The page of the API: what it makes of an OpenAPI document.

import assert from "node:assert/strict";
import { test } from "node:test";

import { formsOf, kindOf, membersOf, parametersOf, resolve } from "../public/js/screens/reference/description.js";
import { curlOf, exampleOf } from "../public/js/screens/reference/example.js";

const description = {
  info: {},
  tags: [],
  paths: {
    "/memos/{id}": {
      parameters: [{ $ref: "#/components/parameters/Id" }],
      put: {
        security: [{ accessToken: [] }],
        parameters: [
          { name: "If-Match", in: "header", required: true, schema: { type: "string" }, example: '"3"' },
          { name: "X-Other", in: "header", schema: { type: "string" } },
        ],
        requestBody: { content: { "application/json": { schema: { $ref: "#/components/schemas/Memo" } } } },
      },
      get: {},
    },
    "/memos": { post: { requestBody: { content: { "application/json": { schema: {}, example: { text: "it's" } } } } } },
    "/token": {
      post: {
        requestBody: {
          content: {
            "application/x-www-form-urlencoded": {
              schema: {
                oneOf: [
                  { title: "One", type: "object", required: ["kind"], properties: { kind: { const: "one" } } },
                  { title: "Two", type: "object" },
                ],
              },
            },
          },
        },
      },
    },
    "/import": { post: { requestBody: { content: { "application/zip": {} } } } },
  },
  components: {
    parameters: { Id: { name: "id", in: "path", required: true, schema: { type: "string", examples: ["17"] } } },
    schemas: {
      Memo: {
        type: "object",
        required: ["text"],
        properties: {
          pinned: { type: ["boolean", "null"] },
          text: { $ref: "#/components/schemas/Text", description: "Here." },
        },
      },
      Text: { type: "string", minLength: 1, maxLength: 9, description: "There.", examples: ["milk"] },
    },
  },
};

test("a reference is followed, and what stands beside it goes first", () => {
  const text = resolve(description, { $ref: "#/components/schemas/Text", description: "Here." });
  assert.deepEqual([text.type, text.description], ["string", "Here."]);
});

test("members tell what they may be, those that are required first", () => {
  const [text, pinned] = membersOf(description, { type: "array", items: { $ref: "#/components/schemas/Memo" } });
  assert.deepEqual(text, { name: "text", kind: "string 1…9", isRequired: true, about: "Here.", members: [] });
  assert.deepEqual([pinned.kind, pinned.isRequired], ["boolean | null", false]);
});

test("what a value may be is said in a few words", () => {
  for (const [schema, kind] of [
    [{ type: "string", format: "date-time" }, "string (date-time)"],
    [{ enum: ["a", "b"] }, '"a" | "b"'],
    [{ const: true }, "true"],
    [{ anyOf: [{ type: "integer", minimum: 0 }, { type: "null" }] }, "integer 0… | null"],
    [{ type: "array", maxItems: 3, items: { type: "string" } }, "[string] …3"],
    [{}, "any"],
  ]) {
    assert.equal(kindOf(description, schema), kind);
  }
});

test("an operation has its path's parameters, too", () => {
  const item = description.paths["/memos/{id}"];
  const parameters = parametersOf(description, item, item.put);
  assert.deepEqual(parameters.map(({ name, kind }) => `${name} ${kind}`), [
    "id path: string",
    "If-Match header: string",
    "X-Other header: string",
  ]);
});

test("a form with choices is several", () => {
  const { requestBody } = description.paths["/token"].post;
  const names = formsOf(description, requestBody).map(({ name }) => name);
  assert.deepEqual(names, ["application/x-www-form-urlencoded: One", "application/x-www-form-urlencoded: Two"]);
});

test("an example is what the author shows, or what is required", () => {
  assert.deepEqual(exampleOf(description, { $ref: "#/components/schemas/Memo" }), { text: "milk" });
  assert.deepEqual(exampleOf(description, { type: "array", items: { type: "integer", minimum: 5 } }), [5]);
});

test("commands can be pasted into a shell", () => {
  for (const [method, path, command] of [
    [
      "put",
      "/memos/{id}",
      `curl -H 'If-Match: "3"' -H "Authorization: Bearer $TOKEN" -X PUT "$B/memos/17" --json '{"text":"milk"}'`,
    ],
    ["get", "/memos/{id}", 'curl "$B/memos/17"'],
    ["post", "/memos", `curl "$B/memos" --json '{"text":"it'\\''s"}'`],
    ["post", "/token", `curl "$B/token" -d 'kind=one'`],
    ["post", "/import", `curl "$B/import" -H 'Content-Type: application/zip' --data-binary @file`],
  ]) {
    assert.equal(curlOf(description, method, path), command);
  }
});
