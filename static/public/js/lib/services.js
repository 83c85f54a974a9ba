// Where the services are.

/** Their origin; empty where it is the site's own. The build writes this line, also in reference.js (build/api_origin.rs). */
const ORIGIN = "";

/** The address of a path of theirs.
 * @param {string} path */
export const addressOf = (path) => ORIGIN + path;
