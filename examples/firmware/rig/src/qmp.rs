//! QEMU's machine protocol: a JSON object a line, each way.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

/// How long QEMU may take for a command.
const PATIENCE: Duration = Duration::from_secs(20);

const GONE: &str = "no answer: QEMU ended, and says why nearby, or it hangs";

pub struct Qmp {
    to: UnixStream,
    from: BufReader<UnixStream>,
}

impl Qmp {
    /// Takes QEMU's greeting and asks for nothing special.
    pub fn new(stream: UnixStream) -> Result<Self> {
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut qmp = Self { from: BufReader::new(stream.try_clone()?), to: stream };
        qmp.receive().context("QMP: no greeting from QEMU")?;
        qmp.execute("qmp_capabilities", json!({}))?;
        Ok(qmp)
    }

    /// Sends a command and gives what it returns.
    pub fn execute(&mut self, command: &str, arguments: Value) -> Result<Value> {
        self.exchange(command, &arguments).with_context(|| format!("QMP: QEMU did not do {command} {arguments}"))
    }

    fn exchange(&mut self, command: &str, arguments: &Value) -> Result<Value> {
        writeln!(self.to, "{}", json!({ "execute": command, "arguments": arguments }))?;
        loop {
            let answer = self.receive()?;
            if let Some(error) = answer.get("error") {
                let text = error["desc"].as_str().unwrap_or("an error without a text");
                bail!("{text} (is it another version of QEMU? 7.2 does it)");
            }
            // Events come in between.
            if let Some(returned) = answer.get("return") {
                return Ok(returned.clone());
            }
        }
    }

    fn receive(&mut self) -> Result<Value> {
        let mut line = String::new();
        if self.from.read_line(&mut line).context(GONE)? == 0 {
            bail!(GONE);
        }
        Ok(serde_json::from_str(&line)?)
    }
}
