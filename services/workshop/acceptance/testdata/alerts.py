"""alerts.py SERVERS TOPIC COUNT GOLDEN...: reads COUNT alerts of the monitor, and wants each to have the fields of one of the golden
files, in their order and of their types. It prints them as lines of JSON."""
import json
import sys

from kafka import KafkaConsumer


def shape(value):
    """The fields of an object in their order, each with its type."""
    if isinstance(value, dict):
        return [(name, shape(v)) for name, v in value.items()]
    return type(value).__name__


servers, topic, count = sys.argv[1:4]
known = []
for path in sys.argv[4:]:
    with open(path, encoding="utf-8") as file:
        alert = json.load(file)
    known.append(shape(alert))
consumer = KafkaConsumer(
    topic,
    bootstrap_servers=servers.split(","),
    auto_offset_reset="earliest",
    isolation_level="read_committed",
    consumer_timeout_ms=60000,
)
for n, message in enumerate(consumer, start=1):
    alert = json.loads(message.value)
    if shape(alert) not in known:
        sys.exit(f"an alert of another form: {alert}, want one of {known}")
    if message.key.decode() != alert.get("id_usuario", alert.get("id_plataforma")):
        sys.exit(f"key {message.key} of {alert}")
    print(json.dumps(alert, separators=(",", ":"), ensure_ascii=False), flush=True)
    if n == int(count):
        break
consumer.close()
