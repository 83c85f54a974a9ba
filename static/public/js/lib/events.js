// Reads server-sent events (WHATWG HTML, "server-sent events"): of what an event says, its data.

/**
 * Tells the data of each event, and null for what is none but says that the other side is there. Ends with the stream.
 * @param {ReadableStream<Uint8Array>} stream
 * @returns {AsyncGenerator<string | null>}
 */
export async function* eventsOf(stream) {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let begun = "";
  /** @type {string[]} */
  let data = [];
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      const lines = (begun + decoder.decode(read.value, { stream: true })).split("\n");
      begun = lines.pop() ?? "";
      for (const line of lines.map((one) => one.replace(/\r$/, ""))) {
        if (line.startsWith("data:")) data.push(line.slice("data:".length).replace(/^ /, ""));
        if (line !== "") continue;
        yield data.length > 0 ? data.join("\n") : null;
        data = [];
      }
    }
  } finally {
    reader.cancel().catch(() => {}); // Nobody reads on.
  }
}
