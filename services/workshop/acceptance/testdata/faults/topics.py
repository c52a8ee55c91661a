"""Readers of a topic: each yields its committed records as (partition, offset, key, value), in the order of a partition."""
import json
import time


def from_brokers(addresses):
    from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

    def read(topic):
        consumer = Consumer(
            {
                "bootstrap.servers": ",".join(addresses),
                "group.id": "independent-judge",
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "enable.partition.eof": True,
            }
        )
        try:
            known = consumer.list_topics(topic, timeout=30).topics[topic]
            if known.error is not None:
                raise KafkaException(known.error)
            left = set(known.partitions)
            consumer.assign([TopicPartition(topic, p, OFFSET_BEGINNING) for p in left])
            heard = time.monotonic()
            while left:
                batch = consumer.consume(10000, timeout=0.2)  # it waits for all of them, or so long
                if batch:
                    heard = time.monotonic()
                elif time.monotonic() - heard > 60:
                    raise TimeoutError(f"{topic}: no record for a minute, and no end of {left}")
                for record in batch:
                    error = record.error()
                    if error is None:
                        yield record.partition(), record.offset(), (record.key() or b"").decode(), record.value()
                    elif error.code() == KafkaError._PARTITION_EOF:
                        left.discard(record.partition())
                    else:
                        raise KafkaException(error)
        finally:
            consumer.close()

    return read


def from_file(path):
    def read(topic):
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                r = json.loads(line)
                if r["topic"] == topic:
                    yield r["partition"], r["offset"], r["key"], r["value"].encode()

    return read


def lines(path):
    """The lines of a file of a program; what it had not ended when it was killed is none."""
    with open(path, encoding="utf-8") as f:
        for line in f:
            if line.endswith("\n"):
                yield line[:-1]


def history(path):
    for line in lines(path):
        try:
            yield json.loads(line)
        except ValueError:
            continue  # torn, and ended by the next life
