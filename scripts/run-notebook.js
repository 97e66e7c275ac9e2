/**
 * Executes a notebook cell by cell on its Deno kernel, without Jupyter: node scripts/run-notebook.js [NOTEBOOK] [--out FILE].
 * Prints what the cells print; --out writes the notebook with its outputs. Ends with status 1 at the first cell that fails.
 *
 * The kernel speaks Jupyter's messaging protocol 5 over ZeroMQ: https://jupyter-client.readthedocs.io/en/stable/messaging.html
 */
import { spawn, spawnSync } from "node:child_process";
import { createHmac, randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";

const root = path.resolve(import.meta.dirname, "..");
const notebooks = path.join(root, "notebooks");

const { values, positionals } = parseArgs({ allowPositionals: true, options: { out: { type: "string" } } });
const file = path.resolve(positionals[0] ?? path.join(notebooks, "study.ipynb"));

/** Makes sure of the kernel and of ZeroMQ, which stand in a package of their own: few users of naevus need them. */
function prepare() {
  const need = createRequire(path.join(notebooks, "package.json"));
  try {
    need.resolve("zeromq");
    need.resolve("deno/package.json");
  } catch {
    console.error("run-notebook: installing the kernel (npm ci in notebooks/)");
    const { status } = spawnSync("npm", ["ci", "--ignore-scripts"], { cwd: notebooks, stdio: ["ignore", 2, 2] });
    if (status !== 0) throw new Error("npm ci in notebooks/ failed; its messages stand above");
  }
  const launcher = path.join(path.dirname(need.resolve("deno/package.json")), "bin.cjs");
  // The program itself: the launcher, once killed, would leave it running.
  const { stdout } = spawnSync(process.execPath, [launcher, "eval", "console.log(Deno.execPath())"], {
    encoding: "utf8",
  });
  return { zmq: need("zeromq"), deno: stdout.trim() };
}

/** @typedef {{ type: string, of?: string, content: any }} Message what the kernel says */

/**
 * Ports that nobody listens on.
 *
 * @param {number} count
 */
async function freePorts(count) {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise((resolve, reject) => {
          const server = createServer().once("error", reject);
          server.listen(0, "127.0.0.1", () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/**
 * Starts the kernel in the notebook's folder and connects to it.
 *
 * @param {{ zmq: any, deno: string }} programs
 * @param {string} folder
 */
async function startKernel({ zmq, deno }, folder) {
  const [shell, iopub, stdin, control, heartbeat] = await freePorts(5);
  const key = randomUUID();
  const connection = path.join(folder, "connection.json");
  writeFileSync(
    connection,
    JSON.stringify({
      ip: "127.0.0.1",
      transport: "tcp",
      shell_port: shell,
      iopub_port: iopub,
      stdin_port: stdin,
      control_port: control,
      hb_port: heartbeat,
      key,
      signature_scheme: "hmac-sha256",
      kernel_name: "deno",
    }),
  );
  const kernel = spawn(deno, ["jupyter", "--kernel", "--conn", connection], {
    cwd: path.dirname(file),
    stdio: ["ignore", "inherit", "inherit"],
  });
  const ended = new Promise((_, reject) => {
    kernel.once("error", reject);
    kernel.once("exit", (status, signal) => reject(new Error(`the kernel ended (${signal ?? `status ${status}`})`)));
  });
  ended.catch(() => undefined);
  const requests = new zmq.Dealer({ linger: 0 });
  const published = new zmq.Subscriber({ linger: 0 });
  requests.connect(`tcp://127.0.0.1:${shell}`);
  published.connect(`tcp://127.0.0.1:${iopub}`);
  published.subscribe();
  const session = randomUUID();

  /**
   * @param {string} type
   * @param {object} content
   */
  const send = async (type, content) => {
    const header = {
      msg_id: randomUUID(),
      session,
      username: "naevus",
      date: new Date().toISOString(),
      msg_type: type,
      version: "5.3",
    };
    const parts = [header, {}, {}, content].map((part) => JSON.stringify(part));
    const signature = createHmac("sha256", key).update(parts.join("")).digest("hex");
    await requests.send(["<IDS|MSG>", signature, ...parts]);
    return header.msg_id;
  };
  /**
   * @param {any} socket
   * @returns {Promise<Message>}
   */
  const receive = async (socket) => {
    const frames = (await Promise.race([socket.receive(), ended])).map(String);
    const at = frames.indexOf("<IDS|MSG>");
    const [header, parent, , content] = frames.slice(at + 2).map((/** @type {string} */ part) => JSON.parse(part));
    return { type: header.msg_type, of: parent.msg_id, content };
  };
  return {
    /**
     * Runs code to its end; `onMessage` takes all that it publishes meanwhile. Returns the kernel's reply.
     *
     * @param {string} code
     * @param {(message: Message) => void} onMessage
     */
    async execute(code, onMessage) {
      const id = await send("execute_request", {
        code,
        silent: false,
        store_history: true,
        user_expressions: {},
        allow_stdin: false,
        stop_on_error: true,
      });
      for (;;) {
        const { type, of, content } = await receive(published);
        if (of !== id) continue;
        if (type === "status" && content.execution_state === "idle") break;
        onMessage({ type, content });
      }
      for (;;) {
        const { type, of, content } = await receive(requests);
        if (of === id && type === "execute_reply") return content;
      }
    },
    /** A published message before the subscription is known to the kernel is lost, so the first question is asked until one arrives. */
    async ready() {
      const heard = receive(published).then(() => true);
      do {
        await send("kernel_info_request", {});
        await receive(requests);
      } while (!(await Promise.race([heard, new Promise((resolve) => setTimeout(resolve, 200, false))])));
    },
    stop() {
      kernel.kill("SIGKILL");
      requests.close();
      published.close();
    },
  };
}

/**
 * A message as an output of the notebook format 4; undefined for those that are none.
 *
 * @param {Message} message
 * @returns {Record<string, any> | undefined}
 */
function outputOf({ type, content }) {
  if (type === "stream") return { output_type: "stream", name: content.name, text: content.text };
  if (type === "display_data") return { output_type: type, data: content.data, metadata: content.metadata ?? {} };
  if (type === "execute_result") {
    const { execution_count, data, metadata = {} } = content;
    return { output_type: type, execution_count, data, metadata };
  }
  if (type === "error") return { output_type: type, ...content };
  return undefined;
}

/**
 * An output for a terminal: pictures and tables by their kind alone.
 *
 * @param {Record<string, any>} output
 */
function print(output) {
  if (output.output_type === "stream") process.stdout.write(output.text);
  else if (output.output_type === "error") console.log(output.traceback.join("\n"));
  else
    console.log(
      Object.keys(output.data ?? {})
        .map((kind) => `[${kind}]`)
        .join(" "),
    );
}

const started = Date.now();
const folder = mkdtempSync(path.join(tmpdir(), "naevus-notebook-"));
let kernel;
try {
  /** @type {{ cells: { cell_type: string, source: string | string[], outputs: object[], execution_count: number }[] }} */
  const notebook = JSON.parse(readFileSync(file, "utf8"));
  kernel = await startKernel(prepare(), folder);
  await kernel.ready();
  const cells = notebook.cells.filter(({ cell_type }) => cell_type === "code");
  if (cells.length === 0) throw new Error(`${file}: no cell to execute`);
  for (const [index, cell] of cells.entries()) {
    const begun = Date.now();
    /** @type {Record<string, any>[]} */
    const outputs = [];
    const reply = await kernel.execute([cell.source].flat().join(""), (message) => {
      const output = outputOf(message);
      if (output === undefined) return;
      outputs.push(output);
      print(output);
    });
    cell.outputs = outputs;
    cell.execution_count = index + 1;
    console.log(
      `-- cell ${index + 1} of ${cells.length}: ${reply.status}, ${((Date.now() - begun) / 1000).toFixed(1)} s`,
    );
    if (reply.status !== "ok" || outputs.some(({ output_type }) => output_type === "error")) {
      throw new Error(`cell ${index + 1} failed`);
    }
  }
  if (values.out) writeFileSync(values.out, `${JSON.stringify(notebook, undefined, 1)}\n`);
  console.log(`${cells.length} cells executed in ${((Date.now() - started) / 1000).toFixed(0)} s`);
} catch (error) {
  console.error(`run-notebook: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
} finally {
  kernel?.stop();
  rmSync(folder, { recursive: true, force: true });
}
