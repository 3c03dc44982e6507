// Types and tables of the client, made from what the server's code declares; never edited by hand.
//
//   npm run generate              writes client/generated/
//   npm run generate -- --check   exits 1 if what is written there is not current
import { readFileSync, writeFileSync } from "node:fs";
import { compile } from "json-schema-to-typescript";

const contract = (name) => read(`../../contracts/generated/${name}`);
const BANNER = "// Made by scripts/generate.mjs from the server's own schemas: npm run generate.";
const LIMITS = [
  "CONTENT_CHARACTERS",
  "ROOM_NAME_CHARACTERS",
  "DISPLAY_NAME_CHARACTERS",
  "PAGE_MESSAGES",
  "READ_AND_TYPING_PARTICIPANTS",
  "TYPING_INTERVAL_S",
  "READ_MARK_INTERVAL_S",
];

function read(path) {
  return JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8"));
}

async function types(schema, name) {
  const text = await compile({ ...schema, title: name }, name, { additionalProperties: false, bannerComment: "" });
  return text.trimEnd();
}

/** Field names to kinds ("number|null"), a trailing "?" for those that may be absent. */
function shape(definition) {
  const required = new Set(definition.required);
  const fields = Object.entries(definition.properties).filter(([name]) => name !== "type");
  return Object.fromEntries(fields.map(([name, field]) => [name, kind(field) + (required.has(name) ? "" : "?")]));
}

function kind(field) {
  if (field.anyOf) return field.anyOf.map(kind).join("|");
  return field.enum ? "string" : ({ integer: "number" }[field.type] ?? field.type);
}

function shapes(schema) {
  const frames = Object.values(schema.$defs).filter((definition) => definition.properties?.type?.enum);
  return Object.fromEntries(frames.map((frame) => [frame.properties.type.enum[0], shape(frame)]));
}

/** FastAPI titles every property, which would make a type of each. */
function untitled(node, isProperties = false) {
  if (Array.isArray(node)) return node.map((item) => untitled(item));
  if (node === null || typeof node !== "object") return node;
  const kept = Object.entries(node).filter(
    ([key, value]) => isProperties || key !== "title" || typeof value !== "string",
  );
  return Object.fromEntries(kept.map(([key, value]) => [key, untitled(value, key === "properties")]));
}

function answers(openapi) {
  const text = JSON.stringify(untitled(openapi.components.schemas)).replaceAll("#/components/schemas/", "#/$defs/");
  const definitions = JSON.parse(text);
  for (const [name, definition] of Object.entries(definitions)) definition.title = name;
  return { $defs: definitions, oneOf: Object.keys(definitions).map((name) => ({ $ref: `#/$defs/${name}` })) };
}

const json = (value) => JSON.stringify(value, null, 2);

async function files() {
  const server = contract("server-frames.schema.json");
  const closeCodes = contract("close-codes.json").map(({ name, code, client_returns }) => ({
    name,
    code,
    returns: client_returns,
  }));
  const limits = contract("limits.json");
  return {
    "server-frames.ts": `${BANNER}\n${await types(server, "ServerFrame")}\n\n/** The fields of each frame: what a text from the wire is checked against. */\nexport const SHAPES = ${json(shapes(server))} as const;\n`,
    "client-frames.ts": `${BANNER}\n${await types(contract("client-frames.schema.json"), "ClientFrame")}\n`,
    "http.ts": `${BANNER}\n${await types(answers(read("../../services/persistence/api/openapi.json")), "HttpBody")}\n`,
    "close-codes.ts": `${BANNER}\n/** Every way in which the server ends a connection, and whether the client comes back by itself. */\nexport const CLOSE_CODES = ${json(closeCodes)} as const;\n`,
    "limits.ts": `${BANNER}\n${LIMITS.map((name) => `export const ${name} = ${limits[name]};`).join("\n")}\n`,
  };
}

let stale = 0;
for (const [name, text] of Object.entries(await files())) {
  const path = new URL(`../client/generated/${name}`, import.meta.url);
  if (!process.argv.includes("--check")) {
    writeFileSync(path, text);
    continue;
  }
  let written = "";
  try {
    written = readFileSync(path, "utf8");
  } catch {
    // Missing is stale.
  }
  if (written !== text) {
    stale = 1;
    console.error(`client/generated/${name} is not current: npm run generate`);
  }
}
process.exit(stale);
