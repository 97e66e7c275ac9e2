/** Durations, by a clock that nobody sets: the system's date may be set back or forward while a training runs. */

/** Milliseconds since any moment; only differences mean something. */
export type Stopwatch = () => number;

/** The time since this process began, which neither a person nor a time server changes. */
export const stopwatch: Stopwatch = () => performance.now();

/** Seconds since `begun`, never below 0, even where a given stopwatch goes back. */
export const secondsSince = (begun: number, now: Stopwatch = stopwatch): number => Math.max(0, now() - begun) / 1000;
