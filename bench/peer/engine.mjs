// What bench_engine (bench/engine.cc) is measured against: sharp from a Buffer in memory, with the same requests and
// answers; its comment says them. In place of "render" a request says how:
//
//   separate    a pipeline a preset, one after the other, as most handlers do it
//   clone       one pipeline, clone()d for each preset
//   cascade     one decode: the largest preset, and each smaller one from the pixels of the one before
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { once } from "node:events";
import sharp from "sharp";

sharp.concurrency(1);
sharp.cache(false);

// name=WxH[:format][:fit][:qNN]
function parsePresets(text) {
  return text.split(",").map((one) => {
    const [, name, width, height, rest] = /^([\w-]+)=(\d*)x(\d*)(.*)$/.exec(one);
    const preset = { name, width: Number(width) || null, height: Number(height) || null, format: "jpeg", fit: "inside", quality: 80 };
    for (const word of rest.split(":").slice(1)) {
      if (/^q\d+$/.test(word)) preset.quality = Number(word.slice(1));
      else if (["jpeg", "png", "webp", "avif"].includes(word)) preset.format = word;
      else preset.fit = word;
    }
    return preset;
  });
}

const resized = (pipeline, { width, height, fit }) =>
  pipeline.resize(width, height, { fit, withoutEnlargement: true });

const encoded = (pipeline, { format, quality }) =>
  (format === "png" ? pipeline.png() : pipeline.toFormat(format, { quality })).toBuffer();

async function separate(source, presets) {
  const made = [];
  for (const preset of presets) made.push(await encoded(resized(sharp(source).rotate(), preset), preset));
  return made;
}

function clone(source, presets) {
  const whole = sharp(source).rotate();
  return Promise.all(presets.map((preset) => encoded(resized(whole.clone(), preset), preset)));
}

// The strongest that sharp's interface allows: the file is decoded once, at the scale of the largest preset.
async function cascade(source, presets) {
  const area = (preset) => (preset.width ?? preset.height) * (preset.height ?? preset.width);
  const largestFirst = [...presets].sort((one, other) => area(other) - area(one));
  const made = new Map();
  let pixels = sharp(source).rotate();
  for (const preset of largestFirst) {
    const { data, info } = await resized(pixels, preset).raw().toBuffer({ resolveWithObject: true });
    const raw = { width: info.width, height: info.height, channels: info.channels };
    made.set(preset.name, await encoded(sharp(data, { raw }), preset));
    pixels = sharp(data, { raw });
  }
  return presets.map(({ name }) => made.get(name));
}

const ways = { separate, clone, cascade };

// VmHWM, as of the other side.
const peakKb = () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]);

async function answer([way, rounds, presetsText, file, folder]) {
  const presets = parsePresets(presetsText);
  const source = readFileSync(file);
  const cpu_ms = [];
  let made = [];
  for (let round = 0; round < Number(rounds); ++round) {
    const before = process.cpuUsage();
    made = await ways[way](source, presets);
    const used = process.cpuUsage(before);
    cpu_ms.push((used.user + used.system) / 1000);
  }
  const bytes = Object.fromEntries(presets.map(({ name }, at) => [name, made[at].length]));
  if (folder) {
    presets.forEach(({ name, format }, at) => writeFileSync(join(folder, `${name}.${format === "jpeg" ? "jpg" : format}`), made[at]));
  }
  return { cpu_ms, bytes, peak_kb: peakKb() };
}

const lines = createInterface({ input: process.stdin });
for await (const line of lines) {
  const reply = await answer(line.split("\t")).catch((error) => ({ error: String(error.message ?? error) }));
  if (!process.stdout.write(JSON.stringify(reply) + "\n")) await once(process.stdout, "drain");
}
