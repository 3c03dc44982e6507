// The source design at home: every route a function, every delivery a call of its own to the connection API.
// Functions run in workers of their own, so who is connected stands in a folder, one empty file each.
const { mkdirSync, readdirSync, rmSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const { ApiGatewayManagementApiClient, PostToConnectionCommand } = require("@aws-sdk/client-apigatewaymanagementapi");

const folder = process.env.CONNECTIONS;
const api = new ApiGatewayManagementApiClient({
  endpoint: process.env.CONNECTION_API,
  region: "us-east-1",
  credentials: { accessKeyId: "bench", secretAccessKey: "bench" },
});

const DONE = { statusCode: 200 };
const idOf = (event) => event.requestContext.connectionId;
const placeOf = (id) => join(folder, encodeURIComponent(id));
const post = (id, text) => api.send(new PostToConnectionCommand({ ConnectionId: id, Data: Buffer.from(text) }));

async function deliver(id, text) {
  try {
    await post(id, text);
  } catch (error) {
    if (error.$metadata?.httpStatusCode !== 410) throw error;
    rmSync(placeOf(id), { force: true });
  }
}

exports.connect = async (event) => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(placeOf(idOf(event)), "");
  return DONE;
};

exports.disconnect = async (event) => {
  rmSync(placeOf(idOf(event)), { force: true });
  return DONE;
};

exports.join = async (event) => {
  await post(idOf(event), "ready");
  return DONE;
};

exports.fallback = async () => DONE;

exports.sendMessage = async (event) => {
  const message = JSON.stringify({ type: "MESSAGE", content: JSON.parse(event.body).content });
  await Promise.all(readdirSync(folder).map((name) => deliver(decodeURIComponent(name), message)));
  return DONE;
};
