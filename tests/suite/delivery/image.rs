//! The image that the Dockerfile describes: it holds what is needed and nothing else, and runs as a user without rights.
//!
//! It is made by buildah of what was built on this machine, because its first stage, which builds all of it anew, takes a
//! registry and a quarter of an hour. So what is shown here is that the final stage is whole: nothing but its files is there
//! when it runs. That the first stage builds is shown where there is a registry (`.github/workflows/release.yml`).

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{Process, TestApp, Wish, free_port, host_binary, left_out, remote, workspace};

/// How long the program in the image may take until it answers: it compiles the components, on a busy machine.
const START: Duration = Duration::from_secs(120);

/// A store of images of the test's own.
struct Buildah {
    folder: TempDir,
}

impl Buildah {
    /// `None`, said loudly, where there is none, where it can't work, or where another server is tested.
    fn new() -> Option<Self> {
        if remote().is_some() {
            left_out("makes an image of what was built here, and MEMO_BASE_URL names a running server");
            return None;
        }
        let folder = tempfile::Builder::new()
            .prefix("image-")
            .tempdir_in(env!("CARGO_TARGET_TMPDIR"))
            .expect("target/tmp takes a folder");
        let buildah = Self { folder };
        let why = match buildah.command(&["from", "scratch"]).output() {
            Ok(output) if output.status.success() && is_root() => return Some(buildah),
            Ok(output) if output.status.success() => "only root may run a program in another root folder".to_owned(),
            // In a container that has few rights itself, for example.
            Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            Err(why) => {
                assert!(
                    Wish::of_environment() < Wish::All,
                    "buildah: {why}; Debian and Ubuntu: make buildah"
                );
                format!("{why} (make buildah)")
            }
        };
        left_out(&format!("buildah makes no image here: {why}"));
        None
    }

    /// In the simplest kind of storage, which asks nothing of the kernel.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("buildah");
        let folder = |name: &str| self.folder.path().join(name);
        command
            .args(["--storage-driver", "vfs", "--root"])
            .arg(folder("images"))
            .arg("--runroot")
            .arg(folder("running"))
            .args(arguments)
            .current_dir(workspace());
        command
    }

    /// What it prints, without the line's end.
    fn run(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().expect("buildah starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "buildah {arguments:?}: {said}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Makes the image and returns its digest.
    fn build(&self, name: &str) -> String {
        let built = self.folder.path().join(name);
        let collected = Command::new("deploy/image/collect")
            .arg(host_binary())
            .arg(built.join("image"))
            .current_dir(workspace())
            .status();
        assert!(collected.expect("bash runs").success());
        let context = format!("built={}", built.display());
        let how = ["--isolation", "chroot", "--timestamp", "0", "--build-context", &context];
        let what = ["--quiet", "--tag", name, "."];
        self.run(&[&["build"], how.as_slice(), &what].concat())
    }

    /// The image's files, unpacked.
    fn unpack(&self, image: &str) -> PathBuf {
        let container = self.run(&["from", image]);
        PathBuf::from(self.run(&["mount", &container]))
    }
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|id| id.stdout.trim_ascii() == b"0")
}

/// Starts what the image says, as the user that it says, in a file system that holds the image and nothing else.
fn start(root: &Path, config: &Value, port: u16, folder: &Path) -> Process {
    let texts = |name: &str| -> Vec<String> {
        let list = config[name]
            .as_array()
            .unwrap_or_else(|| panic!("{config} has no {name}"));
        list.iter()
            .map(|text| text.as_str().expect("a text").to_owned())
            .collect()
    };
    let mut command = Command::new("/usr/sbin/chroot");
    command
        .arg(format!("--userspec={}", config["User"].as_str().expect("a user")))
        .arg(root)
        .args(texts("Entrypoint"))
        .args(["--listen", &format!("127.0.0.1:{port}")])
        .env_clear();
    for variable in texts("Env") {
        let (name, value) = variable.split_once('=').expect("a variable has a value");
        command.env(name, value);
    }
    Process::start(&mut command, folder).expect("chroot starts")
}

#[tokio::test]
async fn the_image_runs_as_nobody_with_nothing_else_and_serves_the_app() {
    let Some(buildah) = Buildah::new() else { return };
    let image = buildah.build("memo");
    assert_eq!(image, buildah.build("once-more"), "two builds of the same differ");

    let about: Value = serde_json::from_str(&buildah.run(&["inspect", "--type", "image", "memo"])).expect("JSON");
    let config = &about["OCIv1"]["config"];
    assert_eq!(config["User"], "65532:65532");
    let root = buildah.unpack("memo");
    assert!(
        !root.join("bin").exists() && !root.join("usr").exists(),
        "there is more than the app in {root:?}"
    );

    let port = free_port();
    let process = start(&root, config, port, buildah.folder.path());
    let app = TestApp::at(&format!("http://127.0.0.1:{port}"));
    let begun = Instant::now();
    while app.is_silent().await {
        assert!(begun.elapsed() < START, "what the image runs does not answer");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let user = app.user("imaged").await;
    let memo = user.write("from an image").await;
    assert_eq!(user.all_memos().await, [memo]);
    app.anonymous().get("/").await.expect(200);
    drop(process);

    let written: Vec<_> = std::fs::read_dir(root.join("data")).expect("data").collect();
    assert!(!written.is_empty(), "nothing was kept in /data");
}
