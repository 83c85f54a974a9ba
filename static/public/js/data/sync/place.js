// How far this device has come in the feed.

/**
 * `isAnew`: it reads everything, and what it does not meet is gone by the end. `pass` counts those readings.
 * @typedef {{cursor: string | null, pass: number, isAnew: boolean}} Place
 */

/** Before the first reading. @type {Place} */
export const START = { cursor: null, pass: 1, isAnew: true };

/** The place of who has to begin anew. What is on this device stays until it is known what is gone.
 * @param {Place} place @returns {Place} */
export const newPass = (place) => ({ cursor: null, pass: place.pass + 1, isAnew: true });

/** Whether a reading of everything has not met the memo.
 * @param {import("./record.js").MemoRecord} record @param {Place} place */
export const isLeftOver = ({ id, pass }, place) => id !== null && pass < place.pass;
