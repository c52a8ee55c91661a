//! How the scoreboard connects and reads.
use rdkafka::client::ClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, ConsumerContext, Rebalance};
use std::env;
use std::sync::atomic::{AtomicBool, Ordering};

/// Remembers that the group has changed: another member may have counted.
#[derive(Default)]
pub struct Changed(pub AtomicBool);

impl ClientContext for Changed {}
impl ConsumerContext for Changed {
    fn post_rebalance(&self, _: &BaseConsumer<Self>, _: &Rebalance) {
        self.0.store(true, Ordering::Relaxed);
    }
}

pub fn variable(name: &str, otherwise: &str) -> String {
    env::var(name).ok().filter(|value| !value.is_empty()).unwrap_or(otherwise.into())
}

pub fn brokers() -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", variable("BOOTSTRAP_SERVERS", "localhost:9091,localhost:9092,localhost:9093"));
    config
}

pub fn reader() -> ClientConfig {
    let mut config = brokers();
    config.set("group.id", variable("CONSUMER_GROUP", "group1")).set("session.timeout.ms", "6000");
    config.set("enable.auto.commit", "false").set("auto.offset.reset", "earliest").set("isolation.level", "read_committed");
    config
}
