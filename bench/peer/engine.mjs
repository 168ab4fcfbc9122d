// What bench_engine (bench/engine.cc) is measured against: sharp from a Buffer in memory, in one thread, with the same
// requests and answers; its comment says them. In place of "render" a request names a way of pipelines.mjs, or "stream":
// separate ones from the file.
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { join } from "node:path";
import sharp from "sharp";
import { parsePresets, suffixOf, ways } from "./pipelines.mjs";

sharp.concurrency(1);
sharp.cache(false);

// VmHWM, as of the other side.
const peakKb = () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]);

async function answer([way, rounds, presetsText, file, folder]) {
  const presets = parsePresets(presetsText);
  const source = way === "stream" ? file : readFileSync(file);
  const work = ways[way === "stream" ? "separate" : way];
  const cpu_ms = [];
  let made = [];
  for (let round = 0; round < Number(rounds); ++round) {
    const before = process.cpuUsage();
    made = await work(source, presets);
    const used = process.cpuUsage(before);
    cpu_ms.push((used.user + used.system) / 1000);
  }
  const bytes = Object.fromEntries(presets.map(({ name }, at) => [name, made[at].length]));
  if (folder) {
    presets.forEach((preset, at) => writeFileSync(join(folder, `${preset.name}.${suffixOf(preset)}`), made[at]));
  }
  return { cpu_ms, bytes, peak_kb: peakKb() };
}

for await (const line of createInterface({ input: process.stdin })) {
  const reply = await answer(line.split("\t")).catch((error) => ({ error: String(error.message ?? error) }));
  process.stdout.write(JSON.stringify(reply) + "\n");
}
