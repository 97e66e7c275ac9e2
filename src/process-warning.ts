/** Warnings of the whole process, for what a caller has no other way to hear; Node prints them on standard error unless it is told otherwise. */

/** Warns by the name `NaevusWarning`, which `process.on("warning", …)` hears. */
export const warnProcess = (message: string): void => process.emitWarning(message, "NaevusWarning");
