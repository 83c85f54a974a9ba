// What the issuer has to tell of the account, once, after a sign-in.

import { currentLanguage } from "../../lib/i18n.js";
import { ask } from "../question/question.js";

/** @typedef {import("../../data/session.js").Notice} Notice */

/**
 * Tells it in front of the page, so that nobody overlooks it, and leads to where something can be done about it.
 * @param {Notice[]} notices the oldest first
 * @param {(address: string) => void} go
 */
export async function tellNotices(notices, go) {
  const last = notices[notices.length - 1];
  const format = new Intl.DateTimeFormat(currentLanguage(), { dateStyle: "long", timeStyle: "short" });
  const isKnown = last.type === "refresh-token-reused";
  const wantsToLook = await ask({
    title: { key: "noticeTitle" },
    text: { key: isKnown ? "noticeReused" : "noticeOther", params: { time: format.format(new Date(last.at)) } },
    yes: "toSessions",
    no: "close",
    isHarmless: true,
  });
  if (wantsToLook) go("/account/sessions");
}
