// How far the renaming of a tag has come, and the way to stop it.

import { renaming } from "../../data/bulk-stores.js";
import { tags } from "../../data/stores.js";
import { findButton, findElement, fromTemplate } from "../../lib/dom.js";
import { setText } from "../../lib/i18n.js";
import { notify } from "../toast/toast.js";

/** @typedef {import("../../data/tag-rename.js").Job} Job */

/** The bar, which shows itself while there is a job. `onEnd` is told of one that is done.
 * @param {(job: Job) => void} onEnd */
export function createRenameBar(onEnd) {
  const bar = fromTemplate("rename-bar", HTMLElement);
  const text = findElement(bar, ".job-text");
  const goOn = findButton(bar, ".go-on");
  const update = () => {
    const { job, failure } = renaming;
    bar.hidden = job === null;
    goOn.hidden = failure === null;
    if (job) setText(text, failure ? "renamePaused" : "renameProgress", { from: job.from, to: job.to, count: job.done });
  };
  goOn.addEventListener("click", () => renaming.resume());
  findButton(bar, ".stop").addEventListener("click", () => renaming.stop());
  renaming.addEventListener("change", update);
  renaming.addEventListener("end", (event) => {
    const { detail: job } = /** @type {CustomEvent<Job>} */ (event);
    const key = job.failed > 0 ? "renamedPartly" : "renamed";
    notify({ key, params: { count: job.done, failed: job.failed, tag: job.to } });
    tags.refresh();
    onEnd(job);
  });
  update();
  return bar;
}
