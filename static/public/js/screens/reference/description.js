// What an OpenAPI document says, made ready to be shown.

/**
 * A part of a document. What it holds depends on what it is.
 * @typedef {{[name: string]: any}} Part
 */
/** @typedef {{info: Part, tags: {name: string, description?: string}[], paths: Record<string, Part>, components: Part}} Description */
/**
 * A member of an object, or a parameter.
 * @typedef {object} Member
 * @property {string} name
 * @property {string} kind what it may be, in the words of JSON Schema
 * @property {boolean} isRequired
 * @property {string} about
 * @property {Member[]} members its own, where it is an object or a list of some
 */

/**
 * A part, wherever a reference leads. What stands beside the reference goes first.
 * @param {Description} description
 * @param {Part} part
 * @returns {Part}
 */
export function resolve(description, part) {
  const { $ref, ...own } = part;
  if (typeof $ref !== "string") return part;
  /** @type {any} */
  let target = description;
  for (const name of $ref.split("/").slice(1)) target = target?.[name.replaceAll("~1", "/").replaceAll("~0", "~")];
  return { ...resolve(description, target ?? {}), ...own };
}

/** What a value may be, in a few words.
 * @param {Description} description @param {Part} part @returns {string} */
export function kindOf(description, part) {
  const schema = resolve(description, part);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return choices.map((/** @type {Part} */ choice) => kindOf(description, choice)).join(" | ");
  if ("const" in schema) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((/** @type {unknown} */ value) => JSON.stringify(value)).join(" | ");
  if (schema.type === "array") return `[${kindOf(description, schema.items ?? {})}]${range(schema.minItems, schema.maxItems)}`;
  const types = [schema.type ?? "any"].flat().join(" | ");
  const format = schema.format ? ` (${schema.format})` : "";
  return types + format + range(schema.minLength ?? schema.minimum, schema.maxLength ?? schema.maximum);
}

/** @param {number} [least] @param {number} [most] */
function range(least, most) {
  if (least === undefined && most === undefined) return "";
  return ` ${least ?? ""}…${most ?? ""}`;
}

/** The members of an object or of the objects in a list, those that are required first.
 * @param {Description} description @param {Part} part @returns {Member[]} */
export function membersOf(description, part) {
  const schema = resolve(description, part);
  if (schema.type === "array") return membersOf(description, schema.items ?? {});
  /** @type {string[]} */
  const required = schema.required ?? [];
  const names = new Set([...required, ...Object.keys(schema.properties ?? {})]);
  return [...names].map((name) => {
    const property = schema.properties?.[name] ?? {};
    return {
      name,
      kind: kindOf(description, property),
      isRequired: required.includes(name),
      about: resolve(description, property).description ?? "",
      members: membersOf(description, property),
    };
  });
}

/** The parameters of an operation and of its path.
 * @param {Description} description @param {Part} item @param {Part} operation @returns {(Part & Member)[]} */
export function parametersOf(description, item, operation) {
  const parameters = [...(item.parameters ?? []), ...(operation.parameters ?? [])];
  return parameters.map((part) => {
    const parameter = resolve(description, part);
    return {
      ...parameter,
      name: parameter.name,
      kind: `${parameter.in}: ${kindOf(description, parameter.schema ?? {})}`,
      isRequired: parameter.required === true,
      about: parameter.description ?? "",
      members: [],
    };
  });
}

/** The forms that a body may have, each with its name and its schema. A form with choices is several.
 * @param {Description} description @param {Part} part of a request or an answer @returns {{name: string, schema: Part}[]} */
export function formsOf(description, part) {
  const content = Object.entries(resolve(description, part).content ?? {});
  return content.flatMap(([mediaType, { schema = {} }]) => {
    const choices = resolve(description, schema).oneOf;
    if (!choices) return [{ name: mediaType, schema }];
    return choices.map((/** @type {Part} */ choice) => ({
      name: [mediaType, choice.title].filter(Boolean).join(": "),
      schema: choice,
    }));
  });
}
