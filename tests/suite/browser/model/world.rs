//! What all histories happen in: a host that can be killed, and two devices.

use crate::harness::{Host, Stopped, TestApp};

use super::device::Device;

pub struct World {
    host: Option<Server>,
    pub app: TestApp,
    pub devices: [Device; 2],
}

enum Server {
    Up(Host),
    Down(Stopped),
}

impl World {
    pub fn new(host: Host, app: TestApp, devices: [Device; 2]) -> Self {
        Self {
            host: Some(Server::Up(host)),
            app,
            devices,
        }
    }

    pub fn is_up(&self) -> bool {
        matches!(self.host, Some(Server::Up(_)))
    }

    /// Kills the host with no time for a goodbye, unless that has been done.
    pub fn kill(&mut self) {
        self.host = self.host.take().map(|server| match server {
            Server::Up(host) => Server::Down(host.kill()),
            down @ Server::Down(_) => down,
        });
    }

    /// Starts the host again on the same data and at the same address, unless it is running.
    pub fn start(&mut self) {
        self.host = self.host.take().map(|server| match server {
            Server::Down(stopped) => Server::Up(stopped.start()),
            up @ Server::Up(_) => up,
        });
    }

    /// From now on nothing goes wrong.
    pub async fn heal(&mut self) {
        self.start();
        for device in &mut self.devices {
            device.line.heal();
            if !device.is_connected {
                device.connect(true).await;
            }
        }
    }

    pub async fn close(self) {
        for device in self.devices {
            device.browser.close().await;
        }
    }
}
