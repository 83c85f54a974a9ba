// Elements: from templates, and by selector with their types.

import { translate } from "./i18n.js";

/**
 * The one element in `root` that matches, which must be there and of that type.
 * @template {Element} T
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => T} type
 */
export function find(root, selector, type) {
  const element = root.querySelector(selector);
  if (!(element instanceof type)) throw new TypeError(`no ${type.name} at ${selector}`);
  return element;
}

/** @param {ParentNode} root @param {string} selector */
export const findButton = (root, selector) => find(root, selector, HTMLButtonElement);

/** @param {ParentNode} root @param {string} selector */
export const findElement = (root, selector) => find(root, selector, HTMLElement);

/**
 * A new element from the template of that name, in the page's language. `build/pages.rs` makes a template of each
 * HTML file under `screens/`, named as the file.
 * @template {Element} T
 * @param {string} name
 * @param {new () => T} type
 */
export function fromTemplate(name, type) {
  const template = find(document, `template#${name}`, HTMLTemplateElement);
  const content = document.importNode(template.content, true);
  translate(content);
  const element = content.firstElementChild;
  if (!(element instanceof type)) throw new TypeError(`the template ${name} holds no ${type.name}`);
  return element;
}

/** Moves the focus to the heading of what is shown now, where a screen reader begins to read.
 * @param {ParentNode} root */
export const focusHeading = (root) => findElement(root, "h1").focus({ preventScroll: true });
