// What sharp does for a set of presets, in the ways that there are to write it down.
import sharp from "sharp";

// name=WxH[:format][:fit][:qNN]
export function parsePresets(text) {
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

export const suffixOf = ({ format }) => (format === "jpeg" ? "jpg" : format);

const resized = (pipeline, { width, height, fit }) =>
  pipeline.resize(width, height, { fit, withoutEnlargement: true });

const encoded = (pipeline, { format, quality }) =>
  (format === "png" ? pipeline.png() : pipeline.toFormat(format, { quality })).toBuffer();

const pipelineFor = (source, preset) => encoded(resized(sharp(source).rotate(), preset), preset);

// A pipeline a preset, one after the other.
async function separate(source, presets) {
  const made = [];
  for (const preset of presets) made.push(await pipelineFor(source, preset));
  return made;
}

// The same at once, as a handler is mostly written.
const parallel = (source, presets) => Promise.all(presets.map((preset) => pipelineFor(source, preset)));

// One pipeline, clone()d for each preset.
function clone(source, presets) {
  const whole = sharp(source).rotate();
  return Promise.all(presets.map((preset) => encoded(resized(whole.clone(), preset), preset)));
}

// The strongest that sharp's interface allows: one decode, at the scale of the largest preset, and each smaller one from
// the pixels of the one before.
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

export const ways = { separate, parallel, clone, cascade };
