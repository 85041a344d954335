// Made-up devices.

/** Resources of so many devices, as `tctl create -f` reads them. */
export function devices(count) {
  const names = ["linux", "macos", "windows"];
  return Array.from({ length: count }, (_, at) => {
    const tag = `SEED-${String(at).padStart(5, "0")}`;
    return `kind: device\nversion: v1\nspec:\n  asset_tag: ${tag}\n  os_type: ${names[at % names.length]}\n`;
  }).join("---\n");
}
