//! What has happened in a history, told where it ends badly.

pub struct Trace {
    seed: u64,
    steps: Vec<String>,
}

impl Trace {
    pub fn of(seed: u64) -> Self {
        Self {
            seed,
            steps: Vec::new(),
        }
    }

    pub fn tell(&mut self, what: String) {
        self.steps.push(what);
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Self { seed, steps } = self;
            println!("history {seed}:\n{}", steps.join("\n"));
            println!("replay it: MODEL_SEED={seed} cargo test --test blackbox browser::model");
        }
    }
}
