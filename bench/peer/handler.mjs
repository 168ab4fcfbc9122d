// What miniatura is measured against as a whole: a Lambda function in Node, with sharp and AWS's SDK.
//
//   node handler.mjs parallel|cascade      (a way of pipelines.mjs)
//
// Serves the Runtime API at AWS_LAMBDA_RUNTIME_API as Lambda's own Node runtime does, over a kept connection. Simpler than
// miniatura where that helps it: no HEAD before, no conditions, no metadata, no journal.
import http from "node:http";
import { S3Client, GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { parsePresets, suffixOf, ways } from "./pipelines.mjs";

const render = ways[process.argv[2]];
const presets = parsePresets(process.env.PEER_PRESETS);
const bucket = process.env.PEER_BUCKET;
// The SDK keeps its connections by itself.
const client = new S3Client({
  region: process.env.AWS_REGION ?? "us-east-1",
  endpoint: process.env.AWS_ENDPOINT_URL_S3,
  forcePathStyle: true,
});

async function handler(event) {
  for (const { s3 } of event.Records) {
    const key = decodeURIComponent(s3.object.key.replace(/\+/g, " "));
    const object = await client.send(new GetObjectCommand({ Bucket: s3.bucket.name, Key: key }));
    const made = await render(Buffer.from(await object.Body.transformToByteArray()), presets);
    await Promise.all(presets.map((preset, at) => client.send(new PutObjectCommand({
      Bucket: bucket,
      Key: `${key}/${preset.name}.${suffixOf(preset)}`,
      Body: made[at],
      ContentType: `image/${preset.format}`,
    }))));
  }
  return { stored: presets.length };
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const invocations = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation`;

function ask(method, url, body = "") {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method, agent, headers: { "Content-Length": Buffer.byteLength(body) } }, async (response) => {
      const parts = await response.toArray();
      resolve({ status: response.statusCode, headers: response.headers, text: Buffer.concat(parts).toString() });
    });
    request.on("error", reject).end(body);
  });
}

for (;;) {
  const next = await ask("GET", `${invocations}/next`);
  if (next.status !== 200) break;
  const invocation = `${invocations}/${next.headers["lambda-runtime-aws-request-id"]}`;
  try {
    await ask("POST", `${invocation}/response`, JSON.stringify(await handler(JSON.parse(next.text))));
  } catch (error) {
    await ask("POST", `${invocation}/error`, JSON.stringify({ errorMessage: String(error), errorType: error.name }));
  }
}
