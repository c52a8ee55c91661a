"""The scoreboard with confluent-kafka: DELIVERY says where an offset is committed."""
import json
import os
import sys

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, Producer, TopicPartition

DELIVERY = os.environ.get("DELIVERY") or "at-least-once"
TOPIC, BOARD_TOPIC = os.environ.get("TOPIC") or "scoreGame", os.environ.get("BOARD_TOPIC") or "scoreBoard"
GROUP, INSTANCE = os.environ.get("CONSUMER_GROUP") or "group1", os.environ.get("GROUP_INSTANCE_ID") or ""
BROKERS = {"bootstrap.servers": os.environ.get("BOOTSTRAP_SERVERS") or "localhost:9091,localhost:9092,localhost:9093"}
READER = {**BROKERS, "group.id": GROUP, "enable.auto.commit": False, "auto.offset.reset": "earliest", "isolation.level": "read_committed"}


def show(event):
    margin = "" if event["team"] == "TeamA" else " " * 11  # the score stands under the team that scored
    score = f"{event['score']['TeamA']} - {event['score']['TeamB']}"
    print("Partida finalizada!" if event["event"] == "finished" else margin + score, flush=True)


def crash_on_cue(event):
    if str(event["id"]) == os.environ.get("FAIL_AT_ID"):
        os._exit(137)  # as kill -9 does: nothing is closed


def take(msg, event):
    if DELIVERY == "at-most-once":
        consumer.commit(msg, asynchronous=False)  # True, the default, does not wait for the answer
        crash_on_cue(event)
        show(event)
    elif DELIVERY == "at-least-once":
        show(event)
        crash_on_cue(event)
        consumer.commit(msg, asynchronous=False)
    else:  # record and offset in one transaction; by the group's metadata the broker refuses it to who has lost the partition
        record = count(event, {"partition": msg.partition(), "offset": msg.offset()})
        producer.begin_transaction()
        producer.produce(BOARD_TOPIC, json.dumps(record), record["match"] or msg.key(), partition=msg.partition())
        producer.send_offsets_to_transaction([TopicPartition(TOPIC, msg.partition(), msg.offset() + 1)], consumer.consumer_group_metadata())
        producer.flush()  # so that the crash has something to undo
        crash_on_cue(event)
        producer.commit_transaction()  # an error ends the program: to read on would skip a goal
        show(event)


def count(event, source):
    match = event.get("match", "")
    if not tallies:  # at the start, and where the group has changed: another member may have counted
        reader = Consumer({**READER, "enable.partition.eof": True})  # it joins no group
        ends = reader.list_topics(BOARD_TOPIC, timeout=10).topics[BOARD_TOPIC].partitions
        reader.assign([TopicPartition(BOARD_TOPIC, p, OFFSET_BEGINNING) for p in ends])
        while ends:
            msg = reader.poll()
            if msg.error():
                del ends[msg.partition()]  # read to its end
            else:
                tallies.update([(json.loads(msg.value())[field] for field in ("match", "tally"))])
        reader.close()
    if event["id"] == 1 or match not in tallies:
        tallies[match] = {"TeamA": 0, "TeamB": 0}
    tallies[match][event["team"]] += 1 if event["event"] == "goal" else 0
    return {"id": event["id"], "match": match, "event": event["event"], "score": event["score"], "tally": tallies[match], "source": source}


if DELIVERY not in ("at-most-once", "at-least-once", "exactly-once"):
    print(f"DELIVERY={DELIVERY}: accepted: at-most-once, at-least-once, exactly-once", file=sys.stderr)
    sys.exit(2)
if DELIVERY == "exactly-once":
    producer = Producer({**BROKERS, "transactional.id": f"{GROUP}-{INSTANCE or 0}", "transaction.timeout.ms": 10000})
    producer.init_transactions()  # aborts what a crash of its last life has left open
tallies, event = {}, {"event": ""}
consumer = Consumer({**READER, "group.instance.id": INSTANCE, "session.timeout.ms": 6000})
consumer.subscribe([TOPIC], on_assign=lambda *_: tallies.clear())
print("Aguardando eventos...\nTeamA      TeamB", flush=True)
while event["event"] != "finished":
    for msg in consumer.consume(timeout=1):  # one, or none
        if msg.error():
            raise KafkaException(msg.error())
        take(msg, event := json.loads(msg.value()))
consumer.close()
