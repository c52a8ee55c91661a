"""O consumidor do texto sobre conceitos: lê TOPIC (meu-topico) como membro de meu-grupo.

python meu_grupo.py grupo-de-consumo-1 "Consumidor 1"     os dois consumidores de um grupo, cada um
python meu_grupo.py grupo-de-consumo-1 "Consumidor 2"     em seu terminal: dividem as partições
"""
import json
import os
import sys

from kafka import KafkaConsumer

grupo = sys.argv[1] if len(sys.argv) > 1 else "meu-grupo"
quem = f"{sys.argv[2]} - " if len(sys.argv) > 2 else ""
consumer = KafkaConsumer(
    os.environ.get("TOPIC") or "meu-topico",
    bootstrap_servers=[os.environ.get("kafka_host_url") or "localhost:9092"],
    auto_offset_reset="earliest",
    group_id=grupo,
    value_deserializer=lambda message: json.loads(message.decode("utf-8")),
)
for message in consumer:
    print(f"{quem}Mensagem recebida: {message.value}", flush=True)
