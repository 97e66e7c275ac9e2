/** The files that people read of a study: the page, its short form in Markdown and the model card. */
import { join } from "node:path";
import { writeFileAtomic } from "../../disk/files.ts";
import type { StudyReport } from "../../study/study-report.ts";
import { markdownReport, modelCardMarkdown } from "./study-markdown.ts";
import { studyPage } from "./study-page.ts";

/** Writes a study's report as a page and as Markdown, and its model card, into the study's folder. */
export async function writeStudyReport(folder: string, report: StudyReport): Promise<void> {
  await writeFileAtomic(join(folder, "report.md"), markdownReport(report));
  await writeFileAtomic(join(folder, "model-card.md"), modelCardMarkdown(report));
  await writeFileAtomic(join(folder, "report.html"), await studyPage(report));
}
