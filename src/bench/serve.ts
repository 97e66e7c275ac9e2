/** The other side of `line-process.ts`: what a child process says and is asked, one JSON line each. */
import { createInterface } from "node:readline";

/** Writes an answer as one line of JSON. */
export const answer = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

/** Says `ready`, then answers every request until standard input ends. */
export async function serve<Request, Answer>(
  ready: unknown,
  reply: (request: Request) => Answer | Promise<Answer>,
): Promise<void> {
  answer(ready);
  for await (const line of createInterface({ input: process.stdin })) answer(await reply(JSON.parse(line) as Request));
}
