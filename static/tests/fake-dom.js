// As much of the DOM as is needed to see what a module has made.

class Parent extends EventTarget {
  childNodes = [];
  append(...nodes) {
    for (const node of nodes) this.childNodes.push(...(node instanceof Fragment ? node.childNodes.splice(0) : [node]));
  }
  get textContent() {
    return this.childNodes.map((node) => (typeof node === "string" ? node : node.textContent)).join("");
  }
  set textContent(text) {
    this.childNodes = text === "" ? [] : [text];
  }
  /** All elements below, in their order. */
  get all() {
    return this.childNodes.flatMap((node) => (typeof node === "string" ? [] : [node, ...node.all]));
  }
}

class Fragment extends Parent {}

class Element extends Parent {
  constructor(name) {
    super();
    this.localName = name;
  }
  setAttribute(name, value) {
    this[name] = value;
  }
}

export const fakeDocument = {
  createDocumentFragment: () => new Fragment(),
  createElement: (name) => new Element(name),
};

const SHOWN = ["className", "href", "target", "rel", "start", "type", "checked", "disabled", "ariaLabel"];

/** What was made, as a text that a test can compare: `p("one ", strong("two"))`, with properties in brackets. */
export function sketch(node) {
  if (typeof node === "string") return JSON.stringify(node);
  const children = node.childNodes.map(sketch).join(", ");
  if (!node.localName) return children;
  const properties = SHOWN.filter((name) => ![undefined, false, ""].includes(node[name])).map((name) => `${name}=${node[name]}`);
  return `${node.localName}${properties.length > 0 ? `[${properties.join(" ")}]` : ""}(${children})`;
}

/** Properties, and the attributes that they are in HTML. */
const ATTRIBUTES = {
  start: "start", className: "class", role: "role", dir: "dir", href: "href", target: "target", rel: "rel", type: "type",
  checked: "checked", disabled: "disabled", ariaLabel: "aria-label",
};

const escapeHtml = (text) => text.replace(/[&<>"']/g, (char) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" })[char]);

/** What was made, as the HTML that would make the same. */
export function htmlOf(node) {
  if (typeof node === "string") return escapeHtml(node);
  const children = node.childNodes.map(htmlOf).join("");
  if (!node.localName) return children;
  const attributes = Object.entries(ATTRIBUTES)
    .filter(([property]) => ![undefined, false, ""].includes(node[property]))
    .map(([property, name]) => (node[property] === true ? ` ${name}` : ` ${name}="${escapeHtml(String(node[property]))}"`));
  const tag = `<${node.localName}${attributes.join("")}>`;
  return ["hr", "input"].includes(node.localName) ? tag : `${tag}${children}</${node.localName}>`;
}
