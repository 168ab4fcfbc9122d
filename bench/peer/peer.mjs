// What miniatura is measured against: Node with sharp and AWS's SDK, doing the same work.
//
//   node peer.mjs start                      imports, a client, then the first GET /next of the Runtime API
//   node peer.mjs events ROOT|s3: KEY…       source to two thumbnails, a key after the other; one JSON line each
//
// Simpler than miniatura where that helps it: no HEAD before, no conditions, no metadata, no journal.
import { readFile, writeFile, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import http from "node:http";
import sharp from "sharp";
import { S3Client, GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";

const client = new S3Client({
  region: process.env.AWS_REGION ?? "us-east-1",
  endpoint: process.env.AWS_ENDPOINT_URL_S3,
  forcePathStyle: true,
});

const inS3 = {
  get: async (key) => {
    const object = await client.send(new GetObjectCommand({ Bucket: "photos", Key: key }));
    return Buffer.from(await object.Body.transformToByteArray());
  },
  put: (key, body, type) =>
    client.send(new PutObjectCommand({ Bucket: "peer", Key: key, Body: body, ContentType: type })),
};

const inDirectory = (root) => ({
  get: (key) => readFile(join(root, "photos", key)),
  put: async (key, body) => {
    const path = join(root, "peer", key);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, body);
  },
});

// The presets of the measurement: small=256x256:jpeg, card=600x400:webp:cover, both of quality 80.
const render = (source) =>
  Promise.all([
    sharp(source).rotate().resize(256, 256, { fit: "inside", withoutEnlargement: true }).jpeg({ quality: 80 }).toBuffer(),
    sharp(source).rotate().resize(600, 400, { fit: "cover", withoutEnlargement: true }).webp({ quality: 80 }).toBuffer(),
  ]);

async function work(store, key) {
  const wall = performance.now();
  const cpu = process.cpuUsage();
  const source = await store.get(key);
  const [small, card] = await render(source);
  await Promise.all([store.put(`${key}/small.jpg`, small, "image/jpeg"), store.put(`${key}/card.webp`, card, "image/webp")]);
  const used = process.cpuUsage(cpu);
  console.log(JSON.stringify({ wall_ms: performance.now() - wall, cpu_ms: (used.user + used.system) / 1000 }));
}

const [mode, root, ...keys] = process.argv.slice(2);
if (mode === "start") {
  http.get(`http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation/next`);
} else {
  const store = root === "s3:" ? inS3 : inDirectory(root);
  for (const key of keys) await work(store, key);
}
