/** The page on the command line, written from the commands themselves and from the schema of the settings. */
import { commandLine } from "../dist/cli/main.js";
import { settingsTable } from "../dist/training/settings/settings-table.js";

/** Text in which Markdown and Vue see no markup, on one line. */
const plain = (text) =>
  text
    .replace(/\s*\n\s*/g, " ")
    .replace(/[&<>{}|*_`[\]]/g, (character) => `&#${character.charCodeAt(0)};`)
    .trim();

const code = (text) => (text === "" ? "" : `<code v-pre>${plain(text)}</code>`);

function table(head, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** What stands below a command's options in its help, without the options. */
function textBelow(command) {
  const written = [];
  command.configureOutput({ writeOut: (text) => written.push(text) });
  command.outputHelp();
  return written.join("").slice(command.helpInformation().length).trim();
}

function section(command, names, level) {
  const help = command.createHelp();
  const called = [...names, command.name()];
  const commands = help.visibleCommands(command).filter(({ _name }) => _name !== "help");
  const options = help.visibleOptions(command).filter(({ long }) => long !== "--help");
  const arguments_ = help.visibleArguments(command);
  const below = textBelow(command);
  return [
    `${"#".repeat(level)} ${called.join(" ")}`,
    `${plain(help.commandDescription(command))}.`.replace(/([.!?])\.$/, "$1"),
    ...(commands.length > 0 ? [] : [`\`\`\`text\n${[...names, help.commandUsage(command)].slice(-1)}\n\`\`\``]),
    ...(arguments_.length > 0
      ? [
          table(
            ["argument", "meaning"],
            arguments_.map((each) => [code(help.argumentTerm(each)), plain(help.argumentDescription(each))]),
          ),
        ]
      : []),
    ...(options.length > 0
      ? [
          table(
            ["option", "meaning"],
            options.map((each) => [code(help.optionTerm(each)), plain(help.optionDescription(each))]),
          ),
        ]
      : []),
    ...(below === "" ? [] : [`\`\`\`text\n${below}\n\`\`\``]),
    ...commands.flatMap((each) => section(each, called, level + 1)),
  ];
}

/** The page as Markdown. */
export function commandLinePage() {
  const ignore = () => undefined;
  const program = commandLine(
    { out: ignore, error: ignore, interactive: false, columns: undefined, environment: {} },
    ignore,
  );
  const commands = program.commands.flatMap((command) => section(command, [program.name()], 2));
  return [
    "# The command line",
    "This page is made from the commands' own help, which `npx naevus COMMAND --help` prints, and from the schema of the settings.",
    ...commands,
    "## Settings",
    "A JSON file for `--config` holds settings by these names, and the library takes them as an object.",
    settingsTable(),
  ]
    .join("\n\n")
    .concat("\n");
}
