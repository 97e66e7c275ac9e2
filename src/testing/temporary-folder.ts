/** The one way in which tests get a folder of their own. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, onTestFinished, TestRunner } from "vitest";

/**
 * A new, empty folder. Called in a test or in `beforeEach`, it lasts until that test is over; called in a file or in `describe`, until all
 * tests in it are.
 */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "naevus-test-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  if (TestRunner.getCurrentTest()) onTestFinished(remove);
  else afterAll(remove);
  return folder;
}
