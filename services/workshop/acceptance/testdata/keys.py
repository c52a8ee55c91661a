"""keys.py BOOTSTRAP TOPIC: sends a message for each line of standard input, which is its key, by kafka-python."""
import sys

from kafka import KafkaProducer

producer = KafkaProducer(bootstrap_servers=sys.argv[1].split(","))
sent = [producer.send(sys.argv[2], key=line.rstrip("\n").encode(), value=b"python") for line in sys.stdin]
for future in sent:
    future.get(timeout=60)
producer.close()
