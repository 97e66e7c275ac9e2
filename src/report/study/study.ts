/** The study with its report: what `npx naevus study` and the library's `study` do. */
import { join } from "node:path";
import { writeFileAtomic } from "../../disk/files.ts";
import type { StudyOptions } from "../../study/open-study.ts";
import { runStudy } from "../../study/study.ts";
import type { StudyReport } from "../../study/study-report.ts";
import { markdownReport, modelCardMarkdown } from "./study-markdown.ts";
import { studyPage } from "./study-page.ts";

/**
 * Does the study and returns all its figures, which the folder then holds as `report.html`, `report.md` and
 * `report.json`, with `model.onnx` and `model-card.md`.
 *
 * Recipes are chosen by grouped cross-validation inside the training images; the test images are judged once, at the end. Stopped at
 * any moment, the same call goes on. Throws the signal's reason where it aborts, DatasetError, EngineError, FileError, TrainingError.
 */
export const study = (options: StudyOptions): Promise<StudyReport> => runStudy(options, writeStudyReport);

/** Writes a study's report as a page and as Markdown, and its model card, into the study's folder. */
export async function writeStudyReport(folder: string, report: StudyReport): Promise<void> {
  await writeFileAtomic(join(folder, "report.md"), markdownReport(report));
  await writeFileAtomic(join(folder, "model-card.md"), modelCardMarkdown(report));
  await writeFileAtomic(join(folder, "report.html"), await studyPage(report));
}
