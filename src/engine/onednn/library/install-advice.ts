/** How oneDNN is installed: what to type on each system that is known, and on this one. */
import { readFileSync } from "node:fs";

/** What to type to have oneDNN on a system. */
export interface InstallCommand {
  /** For people. */
  readonly system: string;
  readonly command: string;
  /** What {@link systemName} says there begins with this. */
  readonly on: string;
}

/** What to type to have oneDNN, per system. */
export const installCommands: readonly InstallCommand[] = [
  { system: "Debian 12", on: "debian 12", command: "sudo apt-get install libdnnl2" },
  { system: "Debian 13", on: "debian 13", command: "sudo apt-get install libdnnl3.6" },
  { system: "Ubuntu 24.04", on: "ubuntu 24.04", command: "sudo apt-get install libdnnl3" },
  {
    system: "Ubuntu 22.04 (its own is too old, Debian 12's runs)",
    on: "ubuntu 22.04",
    command:
      "curl -O http://deb.debian.org/debian/pool/main/o/onednn/libdnnl2_2.6.3-1_amd64.deb && sudo apt-get install ./libdnnl2_2.6.3-1_amd64.deb",
  },
  { system: "Fedora (not tried)", on: "fedora", command: "sudo dnf install onednn" },
  { system: "macOS (not tried)", on: "darwin", command: "brew install onednn" },
  {
    system: "other Linux (not tried)",
    on: "other",
    command: "conda install -c conda-forge onednn && export NAEVUS_ONEDNN=$CONDA_PREFIX/lib/libdnnl.so.3",
  },
];

/** How oneDNN is installed on this system, or on each known one where this is none of them; for messages. */
export function installAdvice(name = systemName()): string {
  const here = installCommands.filter(({ on }) => name.startsWith(on));
  const lines = (here.length > 0 ? here : installCommands).map(({ system, command }) => `  ${system}: ${command}`);
  return ["oneDNN can be installed with:", ...lines].join("\n");
}

/** Such as `debian 12`, as Linux distributions name themselves in os-release(5); elsewhere the platform. */
function systemName(): string {
  if (process.platform !== "linux") return process.platform;
  try {
    return nameIn(readFileSync("/etc/os-release", "utf8"));
  } catch {
    return "";
  }
}

/** ID and version in the text of `/etc/os-release`. */
export function nameIn(text: string): string {
  const field = (key: string) => new RegExp(`^${key}=["']?([^"'\\n]*)`, "m").exec(text)?.[1] ?? "";
  return `${field("ID")} ${field("VERSION_ID")}`;
}
