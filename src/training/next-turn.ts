/** A turn of the event loop, in which a process takes signals such as Ctrl-C and a page stays alive. */

/** Node's is the quickest; browsers have none. */
const { setImmediate } = globalThis as { readonly setImmediate?: (callback: () => void) => unknown };

/** Lets all that waits to be done be done. */
export const nextTurn = (): Promise<void> =>
  new Promise((resolve) => {
    if (setImmediate) setImmediate(resolve);
    else setTimeout(resolve);
  });
