// An operation as a command for a shell.

import { parametersOf, resolve } from "./description.js";

/** @typedef {import("./description.js").Description} Description */
/** @typedef {import("./description.js").Part} Part */

/** A value that a schema allows, as its author shows one; null where nothing is shown.
 * @param {Description} description @param {Part} part @returns {any} */
export function exampleOf(description, part) {
  const schema = resolve(description, part);
  const [choice] = schema.oneOf ?? schema.anyOf ?? [];
  const shown = [schema.example, schema.examples?.[0], schema.const, schema.enum?.[0], schema.default];
  const value = shown.find((one) => one !== undefined);
  if (value !== undefined) return value;
  if (choice) return exampleOf(description, choice);
  if (schema.type === "object") {
    const names = schema.required ?? [];
    return Object.fromEntries(
      names.map((/** @type {string} */ name) => [name, exampleOf(description, schema.properties?.[name] ?? {})]),
    );
  }
  if (schema.type === "array") return [exampleOf(description, schema.items ?? {})];
  const [type] = [schema.type].flat();
  if (type === "integer") return schema.minimum ?? 1;
  return type === "string" ? "…" : null;
}

/** Quoted for a shell. @param {string} text */
const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

/** The command that asks for an operation.
 * @param {Description} description @param {string} method @param {string} path */
export function curlOf(description, method, path) {
  const item = description.paths[path];
  const operation = item[method];
  const parts = ["curl"];
  let address = path;
  for (const parameter of parametersOf(description, item, operation)) {
    const value = String(parameter.example ?? exampleOf(description, parameter.schema));
    if (parameter.in === "path") address = address.replace(`{${parameter.name}}`, encodeURIComponent(value));
    else if (parameter.in === "header" && parameter.required) parts.push(`-H ${quoted(`${parameter.name}: ${value}`)}`);
  }
  if (operation.security?.[0]?.accessToken) parts.push('-H "Authorization: Bearer $TOKEN"');
  if (operation.security?.[0]?.maintenanceToken) parts.push('-H "Authorization: Bearer $MAINTENANCE_TOKEN"');
  const body = bodyOf(description, operation);
  if (method !== "get" && !(method === "post" && body !== "")) parts.push(`-X ${method.toUpperCase()}`);
  parts.push(`"$B${address}"`);
  return [...parts, body].filter((part) => part !== "").join(" ");
}

/** @param {Description} description @param {Part} operation */
function bodyOf(description, operation) {
  const content = resolve(description, operation.requestBody ?? {}).content;
  if (!content) return "";
  const json = content["application/json"];
  const [mediaType, form] = json ? ["application/json", json] : Object.entries(content)[0];
  if (mediaType === "application/json") {
    return `--json ${quoted(JSON.stringify(form.example ?? exampleOf(description, form.schema)))}`;
  }
  if (mediaType === "application/x-www-form-urlencoded") {
    const fields = Object.entries(exampleOf(description, form.schema));
    return fields.map(([name, value]) => `-d ${quoted(`${name}=${value}`)}`).join(" ");
  }
  return `-H ${quoted(`Content-Type: ${mediaType}`)} --data-binary @file`;
}
