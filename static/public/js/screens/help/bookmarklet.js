// A bookmark that begins a memo about the page that one is on.

/** How much of what is selected comes along: addresses have limits. */
const LETTERS_MAX = 2000;

/**
 * The address of the bookmark: a script that opens the pad with the page's title and address, and what is selected there.
 * It runs on other pages, where the browser's bar starts it; this site's own policy lets no such script run.
 * @param {string} origin this site's
 */
export function bookmarkletFor(origin) {
  const script = `(()=>{const e=encodeURIComponent,s=String(getSelection()).slice(0,${LETTERS_MAX});open(${JSON.stringify(`${origin}/new?`)}+"title="+e(document.title)+"&text="+e(s)+"&url="+e(location.href))})()`;
  return `javascript:${encodeURIComponent(script)}`;
}
