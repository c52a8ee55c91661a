"""O producer do texto sobre conceitos: dez mensagens numeradas em TOPIC (meu-topico), uma por segundo."""
import json
import os
import time

from kafka import KafkaProducer

producer = KafkaProducer(
    bootstrap_servers=[os.environ.get("kafka_host_url") or "localhost:9092"],
    value_serializer=lambda message: json.dumps(message).encode("utf-8"),
)
for i in range(10):
    message = {"numero": i, "mensagem": f"Mensagem {i}"}
    producer.send(os.environ.get("TOPIC") or "meu-topico", value=message)
    print(f"Mensagem enviada: {message}", flush=True)
    time.sleep(1)
producer.close()  # espera pelas respostas
