"""confluent-kafka for scripts/compat-clients, which says what is asked of a probe."""
import sys
import time

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, Producer, TopicPartition

from probe import answer, jobs, octets, text

BROKERS = sys.argv[2]


def send(job):
    partitions, errors = [], []

    def answered(error, msg):
        errors.extend([error] if error else [])
        partitions.append(msg.partition())

    one_by_one = len(job["records"]) > 30  # answers come by partition, and not in the order of the messages
    settings = {"bootstrap.servers": BROKERS, "compression.type": job["codec"], "linger.ms": 0 if one_by_one else 50}
    if job["transaction"]:
        settings["transactional.id"] = job["topic"]
    producer = Producer(settings)
    if job["transaction"]:
        producer.init_transactions(60)
        producer.begin_transaction()
    for r in job["records"]:
        n = len(partitions) + len(errors)
        producer.produce(job["topic"], key=octets(r["key"]), value=octets(r["value"]), headers=[(k, octets(v)) for k, v in r["headers"]],
                         on_delivery=answered)
        if one_by_one:
            while len(partitions) + len(errors) == n:
                producer.poll(0.1)
    producer.flush(60)
    if errors:
        raise KafkaException(errors[0])
    if job["transaction"] == "commit":
        producer.commit_transaction()
    elif job["transaction"] == "abort":
        producer.abort_transaction()
    return {"partitions": partitions}


def read(job):
    settings = {"isolation.level": "read_committed"} if job["committed"] else {}
    consumer = Consumer({"bootstrap.servers": BROKERS, "group.id": "none", "enable.auto.commit": False, **settings})
    consumer.assign([TopicPartition(job["topic"], 0, OFFSET_BEGINNING)])
    records, until = [], time.monotonic() + 8
    while time.monotonic() < until and (not records or records[-1]["value"] != "end"):
        m = consumer.poll(0.5)
        if m is not None:  # a message without a value counts as false
            if m.error():
                raise KafkaException(m.error())
            records.append({"key": text(m.key()), "value": text(m.value()), "headers": [[k, text(v)] for k, v in m.headers() or []]})
    consumer.close()
    return {"records": records}


def member(topic, group, strategy):
    settings = {} if strategy == "-" else {"partition.assignment.strategy": strategy}
    consumer = Consumer({"bootstrap.servers": BROKERS, "group.id": group, "client.id": "confluent-kafka", "auto.offset.reset": "earliest",
                         "auto.commit.interval.ms": 500, **settings})
    consumer.subscribe([topic])
    while True:
        m = consumer.poll(1)
        if m is not None and m.error():
            print(m.error(), file=sys.stderr)


if sys.argv[1] == "member":
    member(*sys.argv[3:])
for job in jobs():
    answer({"send": send, "read": read}[sys.argv[1]], job)
