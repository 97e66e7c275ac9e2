/** What went wrong in a user's module, in words: where, what and what to do. */
import { Script } from "node:vm";
import type { ModuleFailure } from "./module-worker.ts";

/** What is wrong with a module, on which line where that is known, and what to do. */
export interface ModuleProblem {
  readonly line?: number | undefined;
  readonly reason: string;
  readonly cure: string;
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");

/** The line of the innermost call that stands in the file. */
const lineIn = (stack: string, names: readonly string[]): number | undefined => {
  const line = new RegExp(`(?:${names.map(escaped).join("|")}):(\\d+)`).exec(stack)?.[1];
  return line === undefined ? undefined : Number(line);
};

/** Where the text of a module is no JavaScript: Node says it of scripts alone, so its imports and exports are taken out first. */
function lineOfSyntaxError(source: string, message: string): number | undefined {
  const script = source
    .replace(/^[ \t]*import\b[^;"']*["'][^"'\n]*["'];?/gm, (whole) => whole.replace(/[^\n]/g, " "))
    .replace(/^[ \t]*export default\b/gm, "_ =")
    .replace(/^[ \t]*export\b/gm, "");
  try {
    new Script(`(async () => { "use strict"; ${script}\n})`, { filename: "module" });
  } catch (error) {
    if (error instanceof SyntaxError && error.message === message) return lineIn(error.stack ?? "", ["module"]);
  }
  return undefined;
}

const correct = "correct the module";

/** An error's own words, on one line. */
const sayingOf = ({ name, message }: ModuleFailure): string => {
  const [first = ""] = message.trim().split("\n");
  const short = first.length > 300 ? `${first.slice(0, 300)}…` : first;
  return [name === "Error" ? "" : name, short].filter((part) => part !== "").join(": ") || "an error without a message";
};

/**
 * A failure in words.
 *
 * @param names of the module's file, as they may stand in a stack
 */
export function moduleProblem(failure: ModuleFailure, source: string, names: readonly string[]): ModuleProblem {
  const { code, name, message, stack } = failure;
  const line = lineIn(stack, names);
  const saying = sayingOf(failure);
  const problem = (reason: string, cure: string): ModuleProblem => ({ line, reason, cure });
  switch (code) {
    case "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX":
      return problem(
        saying.replace(/^SyntaxError: /, ""),
        "Node takes types out and compiles nothing, so write it as JavaScript does, such as an object in place of an enum",
      );
    case "ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING":
      return problem("Node takes types out of no file below node_modules", "move the module out of it");
    case "ERR_UNKNOWN_FILE_EXTENSION":
      return /"\.[cm]?ts"/.test(message)
        ? problem(saying, typescriptCure)
        : problem(
            saying.replace(/^TypeError: /, ""),
            "give the file a name that ends in .mjs, .cjs, .js or .ts, in small letters",
          );
    case "ERR_MODULE_NOT_FOUND":
    case "MODULE_NOT_FOUND":
      return /['"]naevus(?:\/|['"])/.test(message)
        ? problem("naevus is not found from its folder", "type npm install naevus there")
        : problem(saying, "correct the import, or install the package beside the module");
  }
  if (name !== "SyntaxError") return problem(`it fails with "${saying}"`, correct);
  if (/^(?:Cannot use import statement outside a module|Unexpected token 'export')/.test(message)) {
    return problem(
      "it has an import or export, and the package.json of its folder says that it is CommonJS",
      "give it a name that ends in .mjs or .mts",
    );
  }
  return { line: line ?? lineOfSyntaxError(source, message), reason: saying, cure: correct };
}

/** What helps where Node does not run TypeScript. */
export const typescriptCure = "use Node 22.18 or later, or write it as .mjs or as JSON";
