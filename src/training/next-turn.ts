/** A turn of the event loop, in which a process takes signals such as Ctrl-C and a page stays alive. */

/** What a turn is waited for by; the types of Node and of browsers agree on none of it. */
const { setImmediate, MessageChannel } = globalThis as unknown as {
  /** Node's own, and the quickest there. */
  readonly setImmediate?: (callback: () => void) => void;
  readonly MessageChannel: new () => {
    readonly port1: { onmessage: () => void; close(): void };
    readonly port2: { postMessage(message: null): void };
  };
};

/** In a browser a message comes at once, where a timer waits for milliseconds, or for a second in a page that is not looked at. */
function afterMessage(done: () => void): void {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    done();
  };
  port2.postMessage(null);
}

/** Lets all that waits to be done be done. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => (setImmediate ?? afterMessage)(() => resolve()));
