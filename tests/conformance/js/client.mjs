// One request of AWS's own client for each line on standard input; one line of what it made of the answer.
import { createInterface } from "node:readline";
import * as sdk from "@aws-sdk/client-apigatewaymanagementapi";

const COMMANDS = {
  post_to_connection: sdk.PostToConnectionCommand,
  get_connection: sdk.GetConnectionCommand,
  delete_connection: sdk.DeleteConnectionCommand,
};

function replaceBody(request, body) {
  request.body = body;
  request.headers["content-length"] = String(body.length);
}

// After the signature: what somebody on the way could do to a request.
const TAMPER = {
  body: (request) => replaceBody(request, Buffer.from("another body")),
  truncated: (request) => replaceBody(request, request.body.slice(0, -1)),
  path: (request, { other }) => { request.path = request.path.replace(/[^/]+$/, encodeURIComponent(other)); },
  query: (request) => { request.query = { x: "1" }; },
  method: (request) => { request.method = "DELETE"; },
};

function clientOf(asked) {
  const client = new sdk.ApiGatewayManagementApiClient({
    endpoint: asked.endpoint,
    region: asked.region,
    credentials: {
      accessKeyId: asked.keyId,
      secretAccessKey: asked.secret,
      ...(asked.session ? { sessionToken: asked.session } : {}),
    },
    maxAttempts: asked.attempts,
    ...(asked.unsigned ? { signer: { sign: async (request) => request } } : {}),
  });
  const tamper = TAMPER[asked.tamper];
  if (tamper) {
    const step = (next) => async (args) => { tamper(args.request, asked); return next(args); };
    client.middlewareStack.addRelativeTo(step, { relation: "after", toMiddleware: "httpSigningMiddleware", name: "tamper" });
  }
  return client;
}

async function answer(asked) {
  const input = { ConnectionId: asked.connectionId };
  if (asked.data !== null) input.Data = Buffer.from(asked.data, "base64");
  try {
    const { $metadata, ...fields } = await clientOf(asked).send(new COMMANDS[asked.call](input));
    return { status: $metadata.httpStatusCode, requestId: $metadata.requestId, attempts: $metadata.attempts, fields };
  } catch (error) {
    return {
      status: error.$metadata?.httpStatusCode ?? 0,
      error: error.name,
      typed: sdk[error.name] !== undefined && error instanceof sdk[error.name],
      requestId: error.$metadata?.requestId,
      attempts: error.$metadata?.attempts,
      message: error.message,
    };
  }
}

const now = Date.now;
for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  Date.now = () => now() + asked.skewS * 1000;
  console.log(JSON.stringify(await answer(asked)));
}
