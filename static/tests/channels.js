// Channels between tabs that are none.

/** Channels of tabs that hear of each other's messages. */
export function channels(count) {
  const all = Array.from({ length: count }, () => new EventTarget());
  for (const channel of all) {
    channel.postMessage = (data) => {
      for (const other of all) if (other !== channel) other.dispatchEvent(Object.assign(new Event("message"), { data }));
    };
  }
  return all;
}
