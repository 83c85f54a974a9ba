// Forms whose fields say what is wrong with them, in words below the field, where the focus then is.

import { Problem, SignedOut } from "../../lib/api.js";
import { find, findButton, findElement, fromTemplate } from "../../lib/dom.js";
import { isExpected, textOf } from "../../lib/error-text.js";
import { setText } from "../../lib/i18n.js";
import { refusalOf } from "../../lib/passkeys.js";

/** @typedef {import("../../lib/i18n.js").TextKey} TextKey */
/** @typedef {import("../../lib/error-text.js").Text} Text */
/**
 * What a form asks for.
 * @typedef {object} Plan
 * @property {string} name what the service calls it; also the id of the field
 * @property {TextKey} label
 * @property {"username" | "current-password" | "new-password" | "one-time-code" | "off"} autocomplete
 * @property {TextKey} [hint]
 * @property {TextKey} missing said where it is left empty
 * @property {TextKey} [refused] said where the service takes it for wrong
 * @property {string[]} [problems] the slugs of the problems that are about it, and have words of their own
 * @property {(problem: Problem) => boolean} [when] which of those are
 * @property {(value: string) => TextKey | null} [check] what is wrong with it, before it is sent
 */

export class Form {
  element;
  #plans;
  #act;
  #isBusy = false;

  /**
   * @param {HTMLFormElement} element has a place for the fields, and one for what is wrong with none of them
   * @param {Plan[]} plans
   * @param {() => Promise<unknown>} act sends what was entered
   */
  constructor(element, plans, act) {
    this.element = element;
    this.#plans = plans;
    this.#act = act;
    element.noValidate = true; // The browser's own words would be in another language.
    findElement(element, ".fields").append(...plans.map(createField));
    element.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    element.addEventListener("input", ({ target }) => {
      const plan = plans.find(({ name }) => target instanceof HTMLInputElement && target.name === name);
      if (plan) this.setError(plan.name, null);
    });
  }

  /** @param {string} name */
  field(name) {
    return find(this.element, `#${name}`, HTMLInputElement);
  }

  /** @param {string} name */
  #around(name) {
    return /** @type {HTMLElement} */ (this.field(name).closest(".field"));
  }

  /** What was entered; spaces around it belong to passwords alone.
   * @param {string} name */
  value(name) {
    const { value } = this.field(name);
    return this.#plans.some((plan) => plan.name === name && isPassword(plan)) ? value : value.trim();
  }

  /** Asks for something, or not. What is not asked for is empty.
   * @param {string} name
   * @param {boolean} isAsked */
  ask(name, isAsked) {
    this.#around(name).hidden = !isAsked;
    if (!isAsked) this.field(name).value = "";
    this.setError(name, null);
  }

  /** Says what is wrong with a field; null: nothing.
   * @param {string} name
   * @param {Text | null} text */
  setError(name, text) {
    setText(findElement(this.element, `#${name}-error`), text?.key ?? null, text?.params);
    this.field(name).ariaInvalid = String(text !== null);
    setText(findElement(this.element, ".form-trouble"), null);
  }

  /** Empties the form, and hides what was shown of passwords. */
  reset() {
    this.element.reset();
    for (const { name } of this.#plans) this.setError(name, null);
    for (const button of this.element.querySelectorAll(".reveal[aria-pressed=true]")) /** @type {HTMLButtonElement} */ (button).click();
  }

  /** Sends what was entered, if it is all there.
   * @param {string} [without] a field that may be empty
   * @param {() => Promise<unknown>} [first] what is done before */
  async submit(without, first = async () => {}) {
    if (this.#isBusy || !this.#isComplete(without)) return;
    await this.run(async () => {
      await first();
      await this.#act();
    });
  }

  /** Does something else than to send what was entered, and says what goes wrong.
   * @param {() => Promise<unknown>} act */
  async run(act) {
    if (this.#isBusy) return;
    this.#setBusy(true);
    try {
      await act();
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#setBusy(false);
    }
  }

  /** Whether all can be sent; if not, says why and goes to the first that can't. @param {string} [without] */
  #isComplete(without) {
    const wrong = this.#plans.flatMap(({ name, missing, check }) => {
      const isAsked = name !== without && !this.#around(name).hidden;
      const value = this.value(name);
      const key = !isAsked ? null : value === "" ? missing : (check?.(value) ?? null);
      this.setError(name, key && { key });
      return key ? [name] : [];
    });
    if (wrong.length > 0) this.field(wrong[0]).focus();
    return wrong.length === 0;
  }

  /** @param {unknown} error */
  #fail(error) {
    if (error instanceof SignedOut) return; // The page that comes now says so.
    const [trouble, refusal] = [findElement(this.element, ".form-trouble"), refusalOf(error)];
    if (refusal) return setText(trouble, refusal);
    if (!isExpected(error)) console.error(error);
    const wrong = this.#plans.filter((plan) => error instanceof Problem && isAbout(plan, error));
    const isPasskey = error instanceof Problem && error.fields.includes("passkey");
    /** @type {Text} */
    const text = isPasskey ? { key: "passkeyRefused" } : textOf(error);
    for (const plan of wrong) this.#point(plan, text);
    if (wrong.length > 0) this.field(wrong[0].name).focus();
    else setText(trouble, text.key, text.params);
  }

  /** @param {Plan} plan @param {Text} text what is said where the plan has no words of its own */
  #point({ name, autocomplete, missing, refused, problems }, text) {
    const field = this.field(name);
    const isNew = this.#around(name).hidden; // It was not known that this has to be asked for.
    if (isNew) this.ask(name, true);
    if (autocomplete === "one-time-code") field.value = ""; // It is good no more.
    else field.select();
    const isTold = problems?.some((slug) => text.key === `problem.${slug}`);
    this.setError(name, isTold ? text : { key: isNew ? missing : (refused ?? missing) });
  }

  /** @param {boolean} isBusy */
  #setBusy(isBusy) {
    this.#isBusy = isBusy;
    this.element.ariaBusy = String(isBusy);
  }
}

/** @param {Plan} plan @param {Problem} problem */
const isAbout = ({ name, problems, when = () => true }, problem) =>
  problem.fields.includes(name) || (problems?.includes(problem.slug) && when(problem));

/** @param {Plan} plan */
const isPassword = ({ autocomplete }) => autocomplete.endsWith("-password");

/** @param {Plan} plan */
function createField(plan) {
  const { name, label, autocomplete, hint } = plan;
  const field = fromTemplate("field", HTMLElement);
  const input = find(field, "input", HTMLInputElement);
  input.id = input.name = name;
  input.autocomplete = autocomplete;
  input.dataset.testid = name;
  if (autocomplete === "one-time-code") [input.inputMode, input.maxLength] = ["numeric", 12];
  const text = find(field, "label", HTMLLabelElement);
  text.htmlFor = name;
  setText(text, label);
  const [under, error] = [findElement(field, ".hint"), findElement(field, ".error")];
  [under.id, error.id] = [`${name}-hint`, `${name}-error`];
  setText(under, hint ?? null);
  under.hidden = !hint;
  input.setAttribute("aria-describedby", `${under.id} ${error.id}`);
  if (isPassword(plan)) startReveal(findButton(field, ".reveal"), input);
  return field;
}

/** @param {HTMLButtonElement} button @param {HTMLInputElement} input */
function startReveal(button, input) {
  const show = (/** @type {boolean} */ isVisible) => {
    input.type = isVisible ? "text" : "password";
    button.ariaPressed = String(isVisible);
    setText(button, isVisible ? "hide" : "show");
  };
  button.hidden = false;
  button.setAttribute("aria-controls", input.id);
  button.addEventListener("click", () => show(input.type === "password"));
  show(false);
}
