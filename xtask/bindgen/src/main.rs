//! Turns the built front end and the stylesheets into the files that a browser loads:
//! `<site>/pkg/gatehouse.<hash>.{js,wasm,css}`, each with a brotli copy, and two tables of the names.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a build tool that reports what it wrote")]

mod site;
mod style;

use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::{Context as _, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

use site::{Site, digest};

/// Part of the stamp: raise it when the same inputs shall give other files.
const GENERATION: &str = "1";

fn main() -> Result<()> {
    let arguments: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    let [module, styles, site] = arguments.as_slice() else {
        bail!("usage: xtask-bindgen <module.wasm> <folder of stylesheets> <site folder>");
    };
    let wasm = fs::read(module).with_context(|| format!("reading {}", module.display()))?;
    let css = style::concatenated(styles)?;
    let stamp = digest(&[GENERATION.as_bytes(), &wasm, css.as_bytes()]);
    if site::is_current(site, &stamp) {
        println!("The site is current: {}", site.display());
        return Ok(());
    }

    let mut next = Site::begin(site)?;
    generate(&wasm, &mut next)?;
    next.add("css", css.as_bytes())?;
    for line in next.finish(&stamp)? {
        println!("{line}");
    }
    Ok(())
}

fn generate(wasm: &[u8], site: &mut Site) -> Result<()> {
    let mut output = Bindgen::new()
        .input_bytes("gatehouse", wasm.to_vec())
        .web(true)?
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        // The page names the module; a default would be a name without a hash.
        .omit_default_module_path(true)
        .generate_output()
        .context("generating the JavaScript")?;
    let raw = site.folder().join("raw");
    output.emit(&raw).context("writing the JavaScript")?;
    site.add("js", &read(&raw, "gatehouse.js")?)?;
    site.add("wasm", &read(&raw, "gatehouse_bg.wasm")?)?;
    // JavaScript that libraries bring along, imported by relative paths.
    let snippets = raw.join("snippets");
    if snippets.is_dir() {
        fs::rename(&snippets, site.package().join("snippets")).context("moving the snippets")?;
    }
    fs::remove_dir_all(&raw).context("removing what was generated")
}

fn read(folder: &Path, name: &str) -> Result<Vec<u8>> {
    let path = folder.join(name);
    fs::read(&path).with_context(|| format!("reading {}", path.display()))
}
