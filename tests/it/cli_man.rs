//! `strait man`.

use assert_cmd::Command;

fn strait() -> Command {
    Command::cargo_bin("strait").unwrap()
}

#[test]
fn the_page_goes_to_stdout() {
    let output = strait().arg("man").output().unwrap();
    assert!(output.status.success());
    assert!(String::from_utf8(output.stdout).unwrap().contains(".TH strait 1"));
}

#[test]
fn all_pages_go_to_a_folder_that_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("share/man1");
    let output = strait().args(["man", "--dir"]).arg(&dir).output().unwrap();
    assert!(output.status.success() && output.stdout.is_empty(), "{output:?}");
    for page in ["strait.1", "strait-replicate.1", "strait-completions.1", "strait-man.1"] {
        assert!(dir.join(page).is_file(), "{page}");
    }
}

#[test]
fn g11_a_folder_that_cannot_be_made_exits_1_and_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let output = strait().args(["man", "--dir"]).arg(file.join("below")).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    for part in ["error: cannot write the manual pages", "where:", "below", "cause:", "try:"] {
        assert!(stderr.contains(part), "{part} is missing in\n{stderr}");
    }
}
