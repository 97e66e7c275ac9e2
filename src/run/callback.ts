/** A callback of the caller's, which sees all events of a run and may end its training. */
import { ArgumentError } from "../errors.ts";
import { valueInWords } from "../text/value-in-words.ts";
import type { OwnFunctions } from "../training/own-functions.ts";
import type { RunContext, RunEvent } from "./run-events.ts";

/**
 * Sees every event of a run. "stop" ends the training after the epoch under way, as if it had been the last one: the model is written. Before
 * the event `begin` no epoch is under way, and "stop" says nothing. Where it gives a promise, the training waits for it after every step
 * and epoch.
 *
 * The event `epoch` comes before the epoch is saved, so that a "stop" is saved with it. What the callback throws is thrown as it is, and the
 * run is left as at its last checkpoint.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: a callback that returns nothing is the usual one.
export type Callback = (event: RunEvent) => void | "stop" | Promise<void | "stop">;

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";

/** Tells a callback of events, and keeps what it answers. */
export class CallbackListener {
  readonly callback: Callback;
  #isStopped = false;
  /** Answers that have not come yet, where events came in between that nobody waits after. */
  #answers: Promise<unknown> | undefined;

  constructor(callback: Callback) {
    this.callback = callback;
  }

  /** Throws what the callback throws at once; what its promise is rejected with, {@link settled} throws. */
  tell(event: RunEvent): void {
    if (event.kind === "begin") this.#isStopped = false;
    const answer: unknown = this.callback(event);
    if (!isThenable(answer)) {
      this.#note(answer);
      return;
    }
    const noted = Promise.resolve(answer).then((value) => this.#note(value));
    this.#answers = this.#answers ? Promise.all([this.#answers, noted]) : noted;
    // It is thrown by whoever waits; until then nobody does.
    this.#answers.catch(() => undefined);
  }

  #note(answer: unknown): void {
    if (answer === "stop") this.#isStopped = true;
    else if (typeof answer === "string" || answer === true) {
      throw new ArgumentError(`callback: expected nothing or "stop", got ${valueInWords(answer)}`);
    }
  }

  /** Waits until the callback has answered all that it was told; undefined where there is nothing to wait for. */
  settled(): Promise<void> | undefined {
    const answers = this.#answers;
    this.#answers = undefined;
    return answers?.then(() => undefined);
  }

  /** Whether the callback said "stop" since the training began. */
  get isStopped(): boolean {
    return this.#isStopped;
  }
}

/** What a training is given by a program: who is told of it, what stops it, and functions of the program's own. */
export interface TrainingContext extends RunContext, OwnFunctions {
  /** The training tells it of the events of kind `epoch`, {@link RunContext.onEvent} of all others. */
  readonly callback?: CallbackListener | undefined;
}
