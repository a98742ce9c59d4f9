//! What is said when the weights are not there, or are others.

use std::fs;
use std::path::PathBuf;

use encoder::{Encoder, LoadError, ModelFiles, Precision};

fn folder(name: &str) -> PathBuf {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&dir).unwrap();
    dir
}

#[test]
fn missing_weights_name_the_command_that_fetches_them() {
    let files = ModelFiles::in_dir(folder("empty"));
    assert!(!files.are_present());
    let error = Encoder::load(&files, Precision::Int8).err().unwrap();
    assert!(matches!(error, LoadError::Missing { .. }));
    let text = error.to_string();
    assert!(text.contains("make model") && text.contains("MODEL_DIR"), "{text}");
}

#[test]
fn other_files_than_the_pinned_ones_are_refused() {
    let dir = folder("forged");
    fs::write(dir.join("model.safetensors"), b"not the weights").unwrap();
    fs::write(dir.join("tokenizer.json"), b"{}").unwrap();
    let files = ModelFiles::in_dir(&dir);
    assert!(files.are_present());
    let error = Encoder::load(&files, Precision::F32).err().unwrap();
    assert!(matches!(&error, LoadError::WrongHash { path, .. } if path.starts_with(&dir)), "{error}");
}
