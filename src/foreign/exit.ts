/** The end of the process without waiting for its threads. */
import { bindSystem } from "./library.ts";

/** Ends the process with an exit status, at once: `_exit` of the C library; where that cannot be called, as by SIGKILL. */
export function exitAtOnce(status: number): void {
  try {
    bindSystem("_exit", "v", "i")(status);
  } catch {
    process.kill(process.pid, "SIGKILL");
  }
}
