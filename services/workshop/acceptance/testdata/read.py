"""read.py TOPIC COUNT: prints COUNT messages as lines of JSON: partition, offset, key, value, and the value as it came, text."""
import json
import sys

from kafka import KafkaConsumer

consumer = KafkaConsumer(
    sys.argv[1],
    bootstrap_servers=["localhost:9091", "localhost:9092", "localhost:9093"],
    group_id=f"python-{sys.argv[1]}",
    auto_offset_reset="earliest",
    consumer_timeout_ms=60000,
)
for n, m in enumerate(consumer, start=1):
    text = m.value.decode()
    line = {"partition": m.partition, "offset": m.offset, "key": m.key and m.key.decode(), "value": json.loads(text), "text": text}
    print(json.dumps(line), flush=True)
    if n == int(sys.argv[2]):
        break
consumer.close()
