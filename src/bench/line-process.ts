/** A child process that answers each JSON line with one JSON line: the engine under measurement, or its peer. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

/** A child process that takes a line of JSON and answers with one. */
export class LineProcess {
  readonly #command: string;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #lines: AsyncIterator<string>;
  #errors = "";

  constructor(command: string, args: readonly string[], environment: NodeJS.ProcessEnv = process.env) {
    this.#command = [command, ...args].join(" ");
    this.#child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"], env: environment });
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#errors += text;
    });
    // A child that ends early shows as a missing answer, in `receive`.
    this.#child.stdin.on("error", () => {});
    this.#child.on("error", (error) => {
      this.#errors += error.message;
    });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** The next line that the child writes. Throws what it wrote to standard error where it ended instead. */
  async receive<T>(): Promise<T> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`${this.#command} ended without an answer:\n${this.#errors.trim()}`);
    return JSON.parse(value) as T;
  }

  ask<T>(request: unknown): Promise<T> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    return this.receive<T>();
  }

  /** Closes the child's input, at which it ends, and waits for that. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => this.#child.once("close", () => resolve()));
    this.#child.stdin.end();
    await ended;
  }
}
