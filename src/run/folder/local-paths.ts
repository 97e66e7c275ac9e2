/** `local.json`: where the images of a run and their tables lie on this machine, which is no part of the run's record. */
import { join } from "node:path";
import { z } from "zod";
import { readText, writeFileAtomic } from "../../disk/files.ts";
import { isSystemError, readSentence, WrongKindError } from "../../disk/system-errors.ts";
import { RunError } from "../../errors.ts";
import type { SettingThat } from "../../training/settings/schema.ts";
import { settingsThat } from "../../training/settings/settings-by-aspect.ts";
import { runFiles } from "./run-folder.ts";

const about =
  "Where the data of this run lie on this machine, for resuming it here. Leave this file out when you send the run to others; " +
  "without it, say where the data are with --data.";

const path = z.string().min(1).optional();

/** The settings that say where something lies, beside the data folder and the run's own. */
type LocalSetting = Exclude<SettingThat<"place">, "data" | "out">;

/** The settings that are places on the user's machine, beside data and run folder. */
export const localSettings = settingsThat("place").filter(
  (name): name is LocalSetting => name !== "data" && name !== "out",
);

const localSchema = z.strictObject({
  about: z.string().optional(),
  /** The data folder. */
  data: z.string().min(1),
  ...(Object.fromEntries(localSettings.map((name) => [name, path])) as Readonly<Record<LocalSetting, typeof path>>),
});

/** The places that only this machine has. */
export type LocalPaths = Omit<z.output<typeof localSchema>, "about">;

/** Writes the places of a run on this machine. Throws FileError. */
export const writeLocalPaths = (run: string, paths: LocalPaths): Promise<void> =>
  writeFileAtomic(join(run, runFiles.local), `${JSON.stringify({ about, ...paths }, undefined, 2)}\n`);

/** Undefined where the file is not there: the run came from elsewhere, or from a version that kept the places in `config.json`. */
export async function readLocalPaths(run: string): Promise<LocalPaths | undefined> {
  const file = join(run, runFiles.local);
  try {
    const { about: _, ...paths } = localSchema.parse(JSON.parse(await readText(file)));
    return paths;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    const first = error instanceof z.ZodError ? error.issues[0] : undefined;
    const give = "delete it, and say where the data are with --data";
    if (isSystemError(error) || error instanceof WrongKindError)
      throw new RunError(readSentence(file, error, give), { cause: error });
    const reason = first ? `${first.path.join(".")}: ${first.message}` : (error as Error).message;
    throw new RunError(`${file}: cannot be used (${reason}); ${give}`, { cause: error });
  }
}

/** Of a run that came without its `local.json`. */
export const unknownPlace = (run: string): RunError =>
  new RunError(
    `${run}: nothing says where its images are on this machine (there is no ${runFiles.local}); give --data`,
  );
