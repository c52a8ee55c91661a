"""librdkafka, through confluent-kafka: reads and prints, or sends."""
import os
import sys

import confluent_kafka

servers, topic = os.environ["BOOTSTRAP_SERVERS"], os.environ["TOPIC"]


def consume(group):
    c = confluent_kafka.Consumer({"bootstrap.servers": servers, "group.id": group, "auto.offset.reset": "earliest",
                                  "isolation.level": "read_committed", "enable.auto.offset.store": False})
    c.subscribe([topic])
    out = sys.stdout.buffer
    try:
        while True:
            messages = c.consume(10000, 0.1)
            out.writelines(m.value() + b"\n" for m in messages if not m.error())
            out.flush()
            for last in {m.partition(): m for m in messages if not m.error()}.values():
                c.store_offsets(last)
    except KeyboardInterrupt:
        c.close()


def produce(path, count, codec):
    with open(path, "rb") as f:
        values = f.read().splitlines()
    failed = 0

    def answered(err, _):
        nonlocal failed
        failed += err is not None

    p = confluent_kafka.Producer({"bootstrap.servers": servers, "enable.idempotence": True, "compression.type": codec,
                                  "queue.buffering.max.messages": 1000000, "linger.ms": 5, "partitioner": "murmur2_random"})
    for n in range(int(count)):
        while True:
            try:
                p.produce(topic, values[n % len(values)], key=str(n % 2000), on_delivery=answered)
                break
            except BufferError:
                p.poll(0.1)
        if n % 1000 == 0:
            p.poll(0)
    p.flush()
    sys.exit(1 if failed else 0)


{"consume": consume, "produce": produce}[sys.argv[1]](*sys.argv[2:])
