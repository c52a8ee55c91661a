//! The scoreboard with rdkafka: DELIVERY says where an offset is committed.
mod exactly_once;
mod settings;

use exactly_once::Board;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::KafkaResult;
use rdkafka::message::{BorrowedMessage, Message};
use serde_json::Value;
use settings::{reader, variable, Changed};
use std::{process, time::Duration};

fn show(event: &Value) {
    let margin = if event["team"] == "TeamA" { 0 } else { 11 }; // the score stands under the team that scored
    match event["event"].as_str() {
        Some("finished") => println!("Partida finalizada!"),
        _ => println!("{:margin$}{} - {}", "", event["score"]["TeamA"], event["score"]["TeamB"]),
    }
}

fn crash_on_cue(event: &Value) {
    if event["id"].to_string() == variable("FAIL_AT_ID", "0") {
        process::exit(137); // as kill -9 does: nothing is closed
    }
}

/// Calls take for one event after another, to the end of a match.
fn follow(consumer: &BaseConsumer<Changed>, mut take: impl FnMut(&BorrowedMessage, &Value) -> KafkaResult<()>) -> KafkaResult<()> {
    loop {
        let Some(msg) = consumer.poll(Duration::from_secs(1)) else { continue };
        let msg = msg?;
        let event: Value = serde_json::from_slice(msg.payload().unwrap_or_default()).expect("an event is JSON");
        take(&msg, &event)?;
        if event["event"] == "finished" {
            return Ok(());
        }
    }
}

fn main() -> KafkaResult<()> {
    let delivery = variable("DELIVERY", "at-least-once");
    if !["at-most-once", "at-least-once", "exactly-once"].contains(&delivery.as_str()) {
        eprintln!("DELIVERY={delivery}: accepted: at-most-once, at-least-once, exactly-once");
        process::exit(2);
    }
    println!("Aguardando eventos...\nTeamA      TeamB");
    let mut board = if delivery == "exactly-once" { Some(Board::new()?) } else { None }; // before it joins the group
    let mut config = reader();
    let consumer: BaseConsumer<Changed> =
        config.set("group.instance.id", variable("GROUP_INSTANCE_ID", "")).create_with_context(Changed::default())?;
    consumer.subscribe(&[&variable("TOPIC", "scoreGame")])?;
    follow(&consumer, |msg, event| {
        if let Some(board) = &mut board {
            return board.take(&consumer, msg, event);
        }
        if delivery == "at-least-once" {
            show(event);
            crash_on_cue(event);
            return consumer.commit_message(msg, CommitMode::Sync);
        }
        consumer.commit_message(msg, CommitMode::Sync)?;
        crash_on_cue(event);
        show(event);
        Ok(())
    })
}
