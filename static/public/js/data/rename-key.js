// Where the renaming of a tag is kept while it is under way.

/** @param {string | undefined} owner the id of whose memos they are */
export const renameKey = (owner) => `rename/${owner}`;
