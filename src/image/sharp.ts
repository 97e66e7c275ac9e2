/** sharp, which reads and writes image files: imported when the first one is, since an installation may lack its native part. */
import type sharp from "sharp";
import { InstallationError } from "../errors.ts";
import { installAgain, mend } from "../installation.ts";

/** No literal, so that a bundler leaves it to Node: its native part cannot go into a bundle. */
const name: string = "sharp";

let imported: Promise<typeof sharp> | undefined;

/** sharp itself. Rejects with {@link InstallationError} where it is not installed or does not load. */
export function importSharp(): Promise<typeof sharp> {
  imported ??= import(/* webpackIgnore: true */ /* @vite-ignore */ name).then(
    (module: { readonly default: typeof sharp }) => module.default,
    (error: unknown) => {
      throw new InstallationError(`image files cannot be read or written: ${sharpTrouble(error)}`, { cause: error });
    },
  );
  return imported;
}

/** sharp's message is a page: that it cannot be loaded, the loader's own words if there are any, and possible solutions. */
export function sharpTrouble(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const [first, detail] = message.split("\nPossible solutions")[0]!.split("\n");
  // Where there is no native part for a system at all.
  const other = /npm install sharp @img\/\S+/.exec(message);
  return `the package sharp does not load (${detail ?? first}); ${mend(message, other ? `type ${other[0]}` : installAgain)}`;
}
