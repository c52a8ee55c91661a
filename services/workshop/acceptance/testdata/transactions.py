"""transactions.py TOPIC COUNT [KEY...]: transactions in the original's eight fields, by kafka-python.

Without keys COUNT messages are sent with a null key; with keys one message for each. Prints a line
of JSON a message: its key and the partition that the client chose.
"""
import json
import sys
import uuid

from kafka import KafkaProducer

topic, count, keys = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
producer = KafkaProducer(
    bootstrap_servers=["localhost:9091", "localhost:9092", "localhost:9093"],
    value_serializer=lambda v: json.dumps(v).encode("utf-8"),
)
for n, key in enumerate(keys or [None] * count, start=1):
    message = {
        "id_sequencia": n,
        "id_usuario": key or str(20000 + n),
        "id_transacao": str(uuid.uuid4()),
        "id_produto": "12345",
        "endereco": "Rua São João | Macapá | BR",
        "cadastro_em": "2024-07-13 09:00:00",
        "id_plataforma": "Mobile",
        "mensagem": f"transacao feita pelo usuario {n}",
    }
    sent = producer.send(topic, value=message, key=key and key.encode()).get(timeout=60)
    print(json.dumps({"key": key, "partition": sent.partition}), flush=True)
producer.close()
