// Markdown as it is shown.

import assert from "node:assert/strict";
import { test } from "node:test";

import { renderMarkdown, toggleTask } from "../public/js/lib/markdown/render.js";
import { fakeDocument, sketch } from "./fake-dom.js";

globalThis.document = fakeDocument;

const OUTSIDE = "target=_blank rel=noopener noreferrer nofollow ugc";

/** @param {Record<string, string>} cases from Markdown to what is shown */
function shows(cases, options) {
  for (const [text, shown] of Object.entries(cases)) assert.equal(sketch(renderMarkdown(text, options)), shown, text);
}

test("a line's end stays one, and blank lines divide paragraphs", () => {
  shows({
    "": "",
    " \n\n": "",
    "one\ntwo": 'p("one\\ntwo")',
    "one \r\ntwo\r\n\r\nthree": 'p("one\\ntwo"), p("three")',
    "  indented\n    more": 'p("  indented\\n    more")',
  });
});

test("headings are below the page's own, and leave out no level", () => {
  const [one, two, three] = ["h2[className=size-1]", "h2[className=size-2]", "h2[className=size-3]"];
  shows({
    "# one": `${one}("one")`,
    "### three ###\ntext": `${three}("three"), p("text")`,
    "###### six": `${three}("six")`,
    "####### seven": 'p("####### seven")',
    "# C#": `${one}("C#")`,
    "a\n# b": `p("a"), ${one}("b")`,
    "## a\n#### b\n# c\n## d": `${two}("a"), h3[className=size-3]("b"), ${one}("c"), h3[className=size-2]("d")`,
    "---": "hr()",
    "a\n* * *\nb": 'p("a"), hr(), p("b")',
    "--": 'p("--")',
  });
});

test("lists are nested by their indentation", () => {
  const li = (...content) => `li(span("${content[0]}")${content.slice(1).map((text) => `, ${text}`).join("")})`;
  const deep = `ul(${li("a", `ul(${li("b", `ul(${li("c")})`)})`)}, ${li("d")})`;
  shows({
    "- a\n- b": `ul(${li("a")}, ${li("b")})`,
    "* a\n\n+ b": `ul(${li("a")}, ${li("b")})`,
    "- a\n  - b\n    - c\n- d": deep,
    "- a\n\t- b\n\t\t- c\n- d": deep,
    "- a\n    - b\n        - c\n- d": deep,
    "1. a\n  - b\n2. c": `ol(${li("a", `ul(${li("b")})`)}, ${li("c")})`,
    "3) a\n4) b": `ol[start=3](${li("a")}, ${li("b")})`,
    "- a\n1. b": `ul(${li("a")}), ol(${li("b")})`,
    "- a\n\n  more\n- b": `ul(${li("a", 'p("more")')}, ${li("b")})`,
    "- a\nno item": `ul(${li("a")}), p("no item")`,
    "list:\n- a": `p("list:"), ul(${li("a")})`,
    "-no item": 'p("-no item")',
    "-": "ul(li())",
  });
});

test("years and dates are no lists", () => {
  shows({
    "1985. It was a good year": 'p("1985. It was a good year")',
    "2026. 11. 22. 회의": 'p("2026. 11. 22. 회의")',
    "11. 22. 회의": 'p("11. 22. 회의")',
    "on the\n22. we met": 'p("on the\\n22. we met")',
  });
});

test("boxes have names, and can be ticked where somebody listens", () => {
  const box = (name, more = "") => `label[className=box](input[type=checkbox${more} ariaLabel=${name}]())`;
  const text = "- [ ] **a** b\n  1. [x] c\n- [X]\n- [ ]d";
  const rest = 'li(span("[ ]d"))';
  const all = (more) =>
    `ul(li[className=task](${box("a b", more)}, span(strong("a"), " b"), ol(li[className=task](${box("c", ` checked=true${more}`)}, span("c")))), ` +
    `li[className=task](${box("3", ` checked=true${more}`)}), ${rest})`;
  shows({ [text]: all(" disabled=true") });
  const heard = [];
  shows({ [text]: all("") }, { onTick: (...what) => heard.push(what) });
  const boxes = renderMarkdown(text, { onTick: (...what) => heard.push(what) }).all.filter(({ type }) => type === "checkbox");
  boxes[1].checked = false;
  boxes[1].dispatchEvent(new Event("change"));
  assert.deepEqual(heard, [[1, false]]);
});

test("a box is ticked where it stands in the text", () => {
  const text = "- [ ] a\r\n```\n- [ ] code\n```\n> 1. [ ] b\n- - [x] c\n\t* [ ]   d";
  assert.equal(toggleTask(text, 0), text.replace("[ ] a", "[x] a"));
  assert.equal(toggleTask(text, 1), text.replace("[ ] b", "[x] b"));
  assert.equal(toggleTask(text, 2), text.replace("[x] c", "[ ] c"));
  assert.equal(toggleTask(text, 3), text.replace("[ ]   d", "[x]   d"));
  for (const index of [4, -1, 0.5]) assert.equal(toggleTask(text, index), text);
});

test("quotes and code", () => {
  shows({
    "> a\n> > b\nc": 'blockquote(p("a"), blockquote(p("b"))), p("c")',
    "> - a\n>   - b": 'blockquote(ul(li(span("a"), ul(li(span("b"))))))',
    "```js\n# no *heading*\n\n  x\n```\ny": 'pre(code("# no *heading*\\n\\n  x")), p("y")',
    "~~~\n```\n~~~~": 'pre(code("```"))',
    "````\n```\nnot closed": 'pre(code("```\\nnot closed"))',
    "- a\n  ```\n  x\n  ```": 'ul(li(span("a"), pre(code("x"))))',
    "`` a`b `` and `*x*`": 'p(code("a`b"), " and ", code("*x*"))',
    "`not\nclosed`": 'p("`not\\nclosed`")',
    "```one``` line": 'p(code("one"), " line")',
  });
});

test("emphasis, also before a particle", () => {
  shows({
    "**a** *b* __c__ _d_ ~~e~~": 'p(strong("a"), " ", em("b"), " ", strong("c"), " ", em("d"), " ", s("e"))',
    "***a***": 'p(em(strong("a")))',
    "**값(value)**은 *하나*예요": 'p(strong("값(value)"), "은 ", em("하나"), "예요")',
    "*a **b** c*": 'p(em("a ", strong("b"), " c"))',
    "*over\nlines*": 'p(em("over\\nlines"))',
    "2 * 3 * 4, a_b_c, 파일_이름_끝, 10~12시, 네~~ 네~~": 'p("2 * 3 * 4, a_b_c, 파일_이름_끝, 10~12시, 네~~ 네~~")',
    "\\*a\\* \\`b\\` \\c": 'p("*a* `b` \\\\c")',
    "*a** **b": 'p(em("a"), "* **b")',
  });
});

test("links lead out, to addresses that are safe", () => {
  const link = (href, text) => `a[href=${href} ${OUTSIDE}](${text})`;
  shows({
    "[a **b**](https://x.test/(y) \"title\")!": `p(${link("https://x.test/(y)", '"a ", strong("b")')}, "!")`,
    "see https://x.test/a_b_(c)?d=*e*.": `p("see ", ${link("https://x.test/a_b_(c)?d=*e", '"https://x.test/a_b_(c)?d=*e"')}, "*.")`,
    "(https://x.test), <HTTP://X.test/>": `p("(", ${link("https://x.test/", '"https://x.test"')}, "), <", ${link("http://x.test/", '"HTTP://X.test/"')}, ">")`,
    "“https://x.test/가”를": `p("“", ${link("https://x.test/%EA%B0%80", '"https://x.test/가"')}, "”를")`,
    "[me](mailto:a@b.test)": `p(${link("mailto:a@b.test", '"me"')})`,
    "[https://a.test #b](https://c.test)": `p(${link("https://c.test/", '"https://a.test #b"')})`,
    "[a [b](https://c.test) d](https://e.test)": `p("[a ", ${link("https://c.test/", '"b"')}, " d](", ${link("https://e.test/", '"https://e.test"')}, ")")`,
  });
});

test("parentheses in an address are nested up to a bound", () => {
  const nested = (depth) => renderMarkdown(`[x](https://y.test/${"(".repeat(depth)}${")".repeat(depth)})`).all;
  assert(nested(8).some((element) => element.textContent === "x"));
  assert(!nested(9).some((element) => element.textContent === "x"));
});

test("other addresses, images and HTML stay the text that they are", () => {
  for (const text of [
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert)",
    "[x](data:text/html,hi)",
    "[x](//evil.test)",
    "[x](/m/7)",
    "[x]()",
    "[x](vbscript:a)",
    "[x](<https:>)",
    "![x](y.png)",
    "<img src=x onerror=alert(1)><script>x</script>",
    "&amp; &lt;",
    "https:// mailto: xhttps://y.test",
    "[a] (b) ] [",
  ]) {
    assert.equal(sketch(renderMarkdown(text)), `p(${JSON.stringify(text)})`);
  }
  assert.equal(renderMarkdown("![x](https://y.test/z.png)").textContent, "![x](https://y.test/z.png)");
});

test("tags lead to the memos that have them", () => {
  shows({
    "#가나/다 #A-b.": 'p(a[className=tag href=/tag/%EA%B0%80%EB%82%98/%EB%8B%A4]("#가나/다"), " ", a[className=tag href=/tag/a-b]("#A-b"), ".")',
    "#1 a#b `#c`": 'p("#1 a#b ", code("#c"))',
  });
});

test("tables", () => {
  shows({
    "a | b\n-|:-:\n1 | *2* | 3\n4\\|5\n\nx":
      'div[className=table](table(thead(tr(th("a"), th[className=center]("b"))), tbody(tr(td("1"), td[className=center](em("2"))), tr(td("4|5"))))), p("x")',
    "|a|\n|--:|": 'div[className=table](table(thead(tr(th[className=end]("a"))), tbody()))',
    "a | b\n---": 'p("a | b"), hr()',
    "a | b\n- | - | -": 'p("a | b"), ul(li(span("| - | -")))',
  });
});

test("words that were searched for are marked, however they are spelled and whatever is between", () => {
  const marks = ["회의", "ab"];
  shows(
    {
      "내일 회의를": 'p("내일 ", mark("회의"), "를")',
      "회**의** a*b*": 'p(mark("회"), strong(mark("의")), " ", mark("a"), em(mark("b")))',
      "AB ab\n# abab": 'p(mark("AB"), " ", mark("ab")), h2[className=size-1](mark("abab"))',
      "`ab` [ab](https://ab.test) #ab": `p(code(mark("ab")), " ", a[href=https://ab.test/ ${OUTSIDE}](mark("ab")), " ", a[className=tag href=/tag/ab]("#", mark("ab")))`,
      "a\n\nb": 'p("a"), p("b")',
    },
    { marks },
  );
  const decomposed = "내일 회의를".normalize("NFD");
  const [mark] = renderMarkdown(decomposed, { marks }).all.filter(({ localName }) => localName === "mark");
  assert.equal(mark.textContent, "회의".normalize("NFD"));
  assert.equal(renderMarkdown("İ ab", { marks }).all.at(-1).textContent, "ab");
  shows({ "가각": 'p("가각")' }, { marks: ["ㄱ", ""] });
});

const depth = (node) => 1 + Math.max(0, ...node.childNodes.map((child) => (typeof child === "string" ? 0 : depth(child))));

test("what is nested too deep is flat, and all of its text is there", () => {
  for (const text of [
    "> ".repeat(30_000) + "end",
    "- ".repeat(30_000) + "end",
    "*".repeat(30_000) + "end" + "*".repeat(30_000),
    "*a **b ".repeat(2000) + "end" + "** _x_*".repeat(2000),
    Array.from({ length: 300 }, (_, level) => `${" ".repeat(level * 2)}- a`).join("\n") + "end",
  ]) {
    const shown = renderMarkdown(text);
    assert(shown.textContent.includes("end"), text.slice(0, 20));
    assert(depth(shown) < 60, text.slice(0, 20));
  }
});

/** What may be repeated to tire a parser. */
const HOSTILE = [
  "*", "**a", "*a ", "_a_ ", "*_", "**_~~a", "~~a", "`", "`a``", "``` `", "[", "]", "![", "[a](", "[a](b", "[[a](https://b)", "(", ")",
  "\\", "<", "https://", "https://a.b ", "http://)", "mailto:", "#a", "#", "# ", "> ", ">", "- ", "-", "- a\n", "  - a\n", "- [ ] ", "1. ",
  "1. 2. ", "|", "|-", "|-\n", "|a|\n|-|\n", "\n", "a\n", "\t", " ", "```\n", "~~~\n", "---\n", "\u1100\u1161", "#\u1100/", "\u0301\u0323", "a.", "x-",
];

/** How long it takes to show all of `texts`, in milliseconds of this process; the best of some tries. */
function costOf(texts) {
  const tries = Array.from({ length: 3 }, () => {
    const before = process.cpuUsage();
    for (const text of texts) renderMarkdown(text, { marks: ["a", "\uac00"] });
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  return Math.min(...tries);
}

test("a long text costs no more than its parts: nothing is looked at again and again", () => {
  const size = 65_536;
  const parts = 64;
  const texts = HOSTILE.map((unit) => unit.repeat(size / unit.length));
  texts.push("`".repeat(size - 2) + "a`", `a|\n${"-".repeat(size)}x`, `${"- ".repeat(size / 2)}x`, `${" ".repeat(size)}x`);
  for (const text of texts) {
    const pieces = Array.from({ length: parts }, (_, index) => text.slice((index * size) / parts, ((index + 1) * size) / parts));
    const [whole, inParts] = [costOf([text]), costOf(pieces)];
    // Work that grows with the square would cost 64 times as much; the constant is for a busy machine.
    assert(whole < 12 * inParts + 50, `${JSON.stringify(text.slice(0, 20))}: ${whole} of ${inParts}`);
  }
});
