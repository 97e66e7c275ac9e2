import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "scripts/**/*.test.ts"],
    pool: "forks",
    // Vitest alone would leave one processor free, which is half of a small machine.
    maxWorkers: availableParallelism(),
    // Tests run beside other work: threads that spin while they wait for one that has no processor would stall them.
    env: { OMP_WAIT_POLICY: "passive" },
    execArgv: ["--import", new URL("./scripts/run-typescript.js", import.meta.url).href],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    globalSetup: "src/testing/global-setup.ts",
  },
});
