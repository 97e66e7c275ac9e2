/** Commands run within the test's own process, with what they print. */
import { main } from "../main.ts";
import { drawOver, type Terminal } from "../terminal/terminal.ts";

/** A terminal that shows nothing and keeps its lines; `given` takes the place of its own. */
export function recordingTerminal(given: Partial<Terminal> = {}) {
  const lines = { out: [] as string[], error: [] as string[] };
  const terminal: Terminal = {
    out: (line, drawnBefore = 0) => void lines.out.push(drawOver(drawnBefore) + line),
    error: (line) => void lines.error.push(line),
    interactive: false,
    columns: undefined,
    environment: {},
    ...given,
  };
  return { terminal, lines };
}

/** Runs a command: its exit status, and what it printed to standard output and standard error. */
export async function runRecorded(argv: readonly string[], given: Partial<Terminal> = {}) {
  const { terminal, lines } = recordingTerminal(given);
  const status = await main(argv, terminal);
  return { status, out: lines.out.join("\n"), error: lines.error.join("\n") };
}
