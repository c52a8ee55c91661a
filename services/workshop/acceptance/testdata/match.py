"""match.py TOPIC: a match in the form of document 000, by kafka-python: null key, no match id."""
import json
import random
import sys
import time

from kafka import KafkaProducer

producer = KafkaProducer(
    bootstrap_servers="localhost:9092",
    value_serializer=lambda v: json.dumps(v).encode("utf-8"),
    acks=1,
)
random.seed(7)
score, event_id = {"TeamA": 0, "TeamB": 0}, 0
while True:
    team = random.choice(list(score))
    score[team] += 1
    event_id += 1
    event = {"id": event_id, "event": "goal", "team": team, "period": 1, "score": dict(score), "timestamp": time.time()}
    producer.send(sys.argv[1], event)
    if score[team] >= 25 and abs(score["TeamA"] - score["TeamB"]) >= 2:
        producer.send(sys.argv[1], {**event, "id": event_id + 1, "event": "finished"})
        break
producer.close()
print(json.dumps({"ids": event_id + 1, **score}))
