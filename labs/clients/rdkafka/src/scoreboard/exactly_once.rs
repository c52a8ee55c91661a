//! The board's record and the offset in one transaction, which the screen is not in.
use crate::settings::{brokers, reader, variable, Changed};
use crate::{crash_on_cue, show};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{Offset, TopicPartitionList};
use serde_json::{json, Value};
use std::sync::atomic::Ordering;
use std::{collections::HashMap, time::Duration};

const PATIENCE: Duration = Duration::from_secs(30);

pub struct Board {
    producer: BaseProducer,
    topic: String,
    tallies: HashMap<String, Value>,
}

impl Board {
    pub fn new() -> KafkaResult<Board> {
        let id = format!("{}-{}", variable("CONSUMER_GROUP", "group1"), variable("GROUP_INSTANCE_ID", "0"));
        let producer: BaseProducer = brokers().set("transactional.id", id).set("transaction.timeout.ms", "10000").create()?;
        producer.init_transactions(PATIENCE)?; // aborts what a crash of its last life has left open
        Ok(Board { producer, topic: variable("BOARD_TOPIC", "scoreBoard"), tallies: HashMap::new() })
    }

    /// An error ends the program: to read on would skip a goal.
    pub fn take(&mut self, consumer: &BaseConsumer<Changed>, msg: &BorrowedMessage, event: &Value) -> KafkaResult<()> {
        if consumer.context().0.swap(false, Ordering::Relaxed) {
            self.read_tallies(msg.partition())?;
        }
        let name = event["match"].as_str().unwrap_or_default();
        let tally = self.tallies.entry(name.into()).or_insert(Value::Null);
        if event["id"] == 1 || tally.is_null() {
            *tally = json!({"TeamA": 0, "TeamB": 0});
        }
        if let (Some("goal"), Some(team)) = (event["event"].as_str(), event["team"].as_str()) {
            tally[team] = (tally[team].as_u64().unwrap_or_default() + 1).into();
        }
        let source = json!({"partition": msg.partition(), "offset": msg.offset()});
        let (id, kind, score) = (&event["id"], &event["event"], &event["score"]);
        let value = json!({"id": id, "match": name, "event": kind, "score": score, "tally": tally, "source": source}).to_string();
        let key = if name.is_empty() { msg.key().unwrap_or_default() } else { name.as_bytes() };
        let mut after = TopicPartitionList::new();
        after.add_partition_offset(msg.topic(), msg.partition(), Offset::Offset(msg.offset() + 1))?;
        self.producer.begin_transaction()?;
        self.producer.send(BaseRecord::to(&self.topic).partition(msg.partition()).key(key).payload(&value)).map_err(|(e, _)| e)?;
        let member = consumer.group_metadata().expect("it is a member"); // the broker refuses who has lost the partition
        self.producer.send_offsets_to_transaction(&after, &member, PATIENCE)?;
        self.producer.flush(PATIENCE)?; // so that the crash has something to undo
        crash_on_cue(event);
        self.producer.commit_transaction(PATIENCE)?;
        show(event);
        Ok(())
    }

    fn read_tallies(&mut self, partition: i32) -> KafkaResult<()> {
        let consumer: BaseConsumer = reader().set("enable.partition.eof", "true").create()?; // it joins no group
        let mut whole = TopicPartitionList::new();
        whole.add_partition_offset(&self.topic, partition, Offset::Beginning)?;
        consumer.assign(&whole)?;
        for msg in &consumer {
            if let Err(KafkaError::PartitionEOF(_)) = msg {
                break;
            }
            let record: Value = serde_json::from_slice(msg?.payload().unwrap_or_default()).expect("a record is JSON");
            self.tallies.insert(record["match"].as_str().unwrap_or_default().into(), record["tally"].clone());
        }
        Ok(())
    }
}
