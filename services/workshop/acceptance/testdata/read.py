"""read.py TOPIC COUNT: prints COUNT messages as lines of JSON: partition, offset, key, value."""
import json
import sys

from kafka import KafkaConsumer

consumer = KafkaConsumer(
    sys.argv[1],
    bootstrap_servers=["localhost:9091", "localhost:9092", "localhost:9093"],
    group_id=f"python-{sys.argv[1]}",
    auto_offset_reset="earliest",
    value_deserializer=lambda m: json.loads(m.decode("utf-8")),
    consumer_timeout_ms=20000,
)
for n, m in enumerate(consumer, start=1):
    print(json.dumps({"partition": m.partition, "offset": m.offset, "key": m.key and m.key.decode(), "value": m.value}), flush=True)
    if n == int(sys.argv[2]):
        break
consumer.close()
