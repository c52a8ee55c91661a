"""kafka-python for scripts/compat-clients, which says what is asked of a probe."""
import sys

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from kafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor

from probe import answer, jobs, octets, text

BROKERS = sys.argv[2]
STRATEGIES = {"range": RangePartitionAssignor, "roundrobin": RoundRobinPartitionAssignor, "sticky": StickyPartitionAssignor,
              "cooperative-sticky": CooperativeStickyAssignor}


def send(job):
    settings = {"transactional_id": job["topic"]} if job["transaction"] else {}
    codec = None if job["codec"] == "none" else job["codec"]
    producer = KafkaProducer(bootstrap_servers=BROKERS, compression_type=codec, linger_ms=50, **settings)
    if job["transaction"]:
        producer.init_transactions()
        producer.begin_transaction()
    sent = [producer.send(job["topic"], key=octets(r["key"]), value=octets(r["value"]), headers=[(k, octets(v)) for k, v in r["headers"]])
            for r in job["records"]]
    producer.flush()
    partitions = [future.get(timeout=60).partition for future in sent]
    if job["transaction"] == "commit":
        producer.commit_transaction()
    elif job["transaction"] == "abort":
        producer.abort_transaction()
    producer.close()
    return {"partitions": partitions}


def read(job):
    settings = {"isolation_level": "read_committed"} if job["committed"] else {}
    consumer = KafkaConsumer(bootstrap_servers=BROKERS, consumer_timeout_ms=8000, **settings)
    consumer.assign([TopicPartition(job["topic"], 0)])
    consumer.seek_to_beginning()
    records = []
    for m in consumer:
        records.append({"key": text(m.key), "value": text(m.value), "headers": [[k, text(v)] for k, v in m.headers]})
        if m.value == b"end":
            break
    consumer.close()
    return {"records": records}


def member(topic, group, strategy):
    settings = {} if strategy == "-" else {"partition_assignment_strategy": [STRATEGIES[strategy]]}
    consumer = KafkaConsumer(topic, bootstrap_servers=BROKERS, group_id=group, client_id="kafka-python", auto_offset_reset="earliest",
                             auto_commit_interval_ms=500, **settings)
    for _ in consumer:
        pass


if sys.argv[1] == "member":
    member(*sys.argv[3:])
for job in jobs():
    answer({"send": send, "read": read}[sys.argv[1]], job)
