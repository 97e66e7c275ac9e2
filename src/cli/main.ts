/** The command line: one verb per job, and an exit status. `bin/naevus.js` calls `main`. */
import { Command, CommanderError } from "commander";
import { isSystemError, systemSentence } from "../disk/system-errors.ts";
import { MemoryError } from "../errors.ts";
import { lacksMemory, lessWork, memoryError } from "../memory.ts";
import { version } from "../version.ts";
import { addAuditCommand } from "./commands/audit.ts";
import { addCompareCommand } from "./commands/compare.ts";
import { addCrossValidateCommand } from "./commands/cross-validate.ts";
import { addCurateCommand } from "./commands/curate.ts";
import { addDataCommand } from "./commands/data.ts";
import { addDoctorCommand } from "./commands/doctor.ts";
import { addEvaluateCommand } from "./commands/evaluate.ts";
import { addNetworkCommand } from "./commands/network.ts";
import { addPredictCommand } from "./commands/predict.ts";
import { addProfileCommand } from "./commands/profile.ts";
import { addShowCommand } from "./commands/show.ts";
import { addStudyCommand } from "./commands/study.ts";
import { addTrainCommand } from "./commands/train.ts";
import { addWatchCommand } from "./commands/watch.ts";
import { hasStuckThread } from "./modules/network-module.ts";
import { printMessage, printText, processTerminal, type Terminal } from "./terminal/terminal.ts";

/** The whole command line with its options and help; a command that ends gives its exit status to `finish`. */
export function commandLine(terminal: Terminal, finish: (status: number) => void): Command {
  const program = new Command("naevus")
    .description("Trains, evaluates and ships convolutional networks on photographs of skin lesions.")
    .version(version)
    .showSuggestionAfterError()
    .showHelpAfterError("(--help shows what can be given)")
    .exitOverride()
    // As the settings state theirs; commander would write (default: "30").
    .configureHelp({
      optionDescription: ({ description, defaultValue }) =>
        typeof defaultValue === "string" ? `${description} (default ${defaultValue})` : description,
    })
    .configureOutput({
      writeOut: (text) => printText(terminal.out, text.replace(/\n$/, "")),
      writeErr: (text) => printText(terminal.error, text.replace(/\n$/, "")),
    });
  for (const add of [
    addStudyCommand,
    addTrainCommand,
    addWatchCommand,
    addEvaluateCommand,
    addCompareCommand,
    addPredictCommand,
    addCrossValidateCommand,
    addAuditCommand,
    addCurateCommand,
    addShowCommand,
    addDataCommand,
    addNetworkCommand,
    addProfileCommand,
    addDoctorCommand,
  ]) {
    add(program, terminal, finish);
  }
  return program;
}

/**
 * Runs one command.
 *
 * @param argv the arguments after the program's name
 * @returns the exit status: 0 done, 1 failed (a sentence on standard error says why), 130 interrupted
 */
export async function main(argv: readonly string[], terminal: Terminal = processTerminal()): Promise<number> {
  let status = 0;
  const finish = (result: number) => {
    status = result;
  };
  const program = commandLine(terminal, finish);
  try {
    await program.parseAsync(argv, { from: "user" });
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    printMessage(terminal.error, describe(error, terminal.environment));
    return 1;
  } finally {
    // After whoever called has set the exit status.
    if (hasStuckThread()) setImmediate(() => process.exit());
  }
}

function describe(error: unknown, { NAEVUS_DEBUG }: NodeJS.ProcessEnv): string {
  if (!(error instanceof Error)) return `naevus: ${error}`;
  if (NAEVUS_DEBUG) return error.stack ?? error.message;
  const lacking = lacksMemory(error) && !(error instanceof MemoryError);
  const said = lacking ? memoryError("this command", lessWork, error).message : error.message;
  return `naevus: ${isSystemError(error) && !lacking ? systemSentence(error) : said}`;
}
