// Which cards stand where.

/**
 * The ids of a list, with those of `before` that are being edited though they are gone, each where it was.
 * @param {string[]} before
 * @param {string[]} ids
 * @param {(id: string) => boolean} isEditing
 */
export function withEdited(before, ids, isEditing) {
  const present = new Set(ids);
  const order = [...ids];
  for (const [index, id] of before.entries()) {
    if (present.has(id) || !isEditing(id)) continue;
    const above = before.slice(0, index).findLast((other) => order.includes(other));
    order.splice(above === undefined ? 0 : order.indexOf(above) + 1, 0, id);
  }
  return order;
}

/**
 * Puts cards where they belong. Those that stay are not touched, so that the focus, the caret and an input method's
 * composition in them go on. The focus of a card that moves goes along, and that of one that goes falls to its
 * neighbour: below, else above.
 * @param {[HTMLElement, HTMLElement[]][]} places each with what belongs there, in order
 */
export function placeCards(places) {
  const focused = /** @type {HTMLElement | null} */ (document.activeElement);
  const holder = places.map(([place]) => place).find((place) => place.contains(focused));
  const before = places.flatMap(([place]) => /** @type {HTMLElement[]} */ ([...place.children]));
  const at = before.findIndex((card) => card.contains(focused));
  for (const [place, cards] of places) reconcile(place, cards);
  if (!holder || !focused || document.activeElement === focused) return;
  if (focused.isConnected) {
    focused.focus({ preventScroll: true });
    return;
  }
  const neighbour = [...before.slice(at + 1), ...before.slice(0, at).reverse()].find((card) => card.isConnected);
  if (neighbour) neighbour.focus();
  else /** @type {HTMLElement | null} */ (document.querySelector("main h1"))?.focus({ preventScroll: true });
}

/** Makes `children` the element's children. @param {Element} element @param {Element[]} children */
function reconcile(element, children) {
  const wanted = new Set(children);
  for (const child of [...element.children]) {
    if (!wanted.has(child)) child.remove();
  }
  for (const [index, child] of children.entries()) {
    if (element.children[index] !== child) element.insertBefore(child, element.children[index] ?? null);
  }
}
